import assert from "node:assert/strict";
import { test } from "node:test";

import { delay } from "../static/js/socket.js";

const longest = (away, code) => delay(away, code, () => 1);
const shortest = (away, code) => delay(away, code, () => 0);

test("waits half a second at first, then one, four after a minute, and at last half a minute", () => {
  const waits = [0, 1, 15_000, 30_000, 60_000, 450_000, 3_600_000].map((away) => longest(away));
  assert.deepEqual(waits, [500, 1000, 1000, 2000, 4000, 30_000, 30_000]);
});

test("the jitter is half of it", () => {
  assert.equal(shortest(60_000), 2000);
  assert.equal(delay(1, 1006, () => 0.5), 750);
});

/** A page that lost its server, which is back after `down` ms: when it tries, until it meets it. */
function attempts(down, random) {
  const times = [delay(0, 1006, random)];
  while (times.at(-1) < down) times.push(times.at(-1) + delay(times.at(-1), 1006, random));
  return times;
}

/** Numbers from 0 to 1, the same in every run. */
function numbers(seed) {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

test("of five hundred pages that lost a killed server 95 % are back within five seconds, not in step", () => {
  const random = numbers(7);
  const pages = Array.from({ length: 500 }, () => attempts(2000 + 2000 * random(), random));
  const back = pages.map((times) => times.at(-1)).sort((a, b) => a - b);
  assert.ok(back[475] <= 5000, String(back[475]));
  const together = pages.map(() => attempts(4000, random).at(-1));
  for (let start = 4000; start < 5000; start += 100) {
    assert.ok(together.filter((time) => time >= start && time < start + 100).length <= 150);
  }
});

test("a server that restarts is given two to eight seconds more", () => {
  for (const code of [1012, 1013]) {
    assert.equal(shortest(0, code), 2250);
    assert.equal(longest(0, code), 8500);
  }
});

test("a server that threw us out is left alone for a while", () => {
  assert.equal(shortest(0, 1008), 5250);
});
