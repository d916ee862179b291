import assert from "node:assert/strict";
import { test } from "node:test";

import { Latency } from "../static/js/frames.js";

test("a round trip ends with the first answer that covers its frame", () => {
  const latency = new Latency();
  latency.sent(1, 0);
  latency.sent(2, 10);
  latency.sent(3, 20);
  latency.covered(2, 30);
  assert.deepEqual(latency.trips, [30, 20]);
  latency.covered(3, 50);
  assert.deepEqual(latency.trips, [30, 20, 30]);
});

test("the median is that of the last twenty", () => {
  const latency = new Latency();
  for (let n = 1; n <= 40; n += 1) {
    latency.sent(n, 0);
    latency.covered(n, n);
  }
  assert.equal(latency.trips.length, 20);
  assert.equal(latency.quantile(0.5), 30);
  assert.equal(latency.quantile(0.95), 39);
  assert.equal(latency.quantile(1), 40);
});

test("before the first answer there is none", () => {
  assert.equal(new Latency().quantile(0.5), null);
});

test("frames that were refused or lost are not waited for", () => {
  const latency = new Latency();
  latency.sent(1, 0);
  latency.sent(2, 0);
  latency.refused(1);
  latency.covered(1, 5);
  assert.deepEqual(latency.trips, []);
  latency.restart();
  latency.covered(2, 5);
  assert.deepEqual(latency.trips, []);
});
