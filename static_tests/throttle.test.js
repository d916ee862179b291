import assert from "node:assert/strict";
import { test } from "node:test";

import { Throttle } from "../static/js/throttle.js";
import { Clock } from "./clock.js";

/** A throttle on a clock that `pass` moves; `calls` has the time of each action. */
function throttle(interval) {
  const clock = new Clock();
  const calls = [];
  const limited = new Throttle(() => calls.push(clock.time), interval, clock.now);
  return { limited, calls, pass: (ms) => clock.pass(ms) };
}

test("the first call acts at once", () => {
  const { limited, calls } = throttle(40);
  limited.call();
  assert.deepEqual(calls, [0]);
});

test("calls within the interval become one at its end", () => {
  const { limited, calls, pass } = throttle(40);
  for (let index = 0; index < 10; index += 1) {
    limited.call();
    pass(3);
  }
  pass(100);
  assert.deepEqual(calls, [0, 40]);
});

test("the last call is always acted upon, whatever the timing", () => {
  for (let seed = 1; seed < 500; seed += 1) {
    const { limited, calls, pass } = throttle(40);
    let called = 0;
    for (let index = 0; index < 6; index += 1) {
      pass((seed * (index + 3) * 7919) % 61);
      limited.call();
      called = index;
    }
    const before = calls.length;
    const acted = calls.at(-1);
    pass(40);
    assert.equal(called, 5);
    assert.ok(calls.length === before + 1 || calls.at(-1) === acted);
    calls.forEach((time, index) => assert.ok(index === 0 || time - calls[index - 1] >= 40));
  }
});

test("a flush acts at once and takes the place of the trailing call", () => {
  const { limited, calls, pass } = throttle(40);
  limited.call();
  pass(10);
  limited.call();
  limited.flush();
  pass(100);
  assert.deepEqual(calls, [0, 10]);
});

test("a cancelled throttle stays silent", () => {
  const { limited, calls, pass } = throttle(40);
  limited.call();
  limited.call();
  limited.cancel();
  pass(100);
  assert.deepEqual(calls, [0]);
});
