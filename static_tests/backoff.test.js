import assert from "node:assert/strict";
import { test } from "node:test";

import { delay } from "../static/js/backoff.js";

const longest = (failure, code) => delay(failure, code, () => 1);
const shortest = (failure, code) => delay(failure, code, () => 0);

test("waits double from half a second on, and end soon after a restart does", () => {
  const waits = [1, 2, 3, 4, 5, 6, 12].map((failure) => longest(failure));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test("an outage that lasts is asked about twice a minute", () => {
  assert.deepEqual([13, 100].map((failure) => longest(failure)), [30_000, 30_000]);
});

test("the jitter is full: any wait from nothing on", () => {
  assert.equal(shortest(5), 0);
  assert.equal(delay(3, 1006, () => 0.25), 500);
});

test("a server that restarts is given two to eight seconds more", () => {
  for (const code of [1012, 1013]) {
    assert.equal(shortest(1, code), 2000);
    assert.equal(longest(1, code), 8500);
  }
});

test("a server that threw us out is left alone for a while", () => {
  assert.equal(shortest(1, 1008), 5000);
});
