import assert from "node:assert/strict";
import { test } from "node:test";

import { drawn, stepwise } from "../feedback/static/feedback/review/replay.js";

const POINTS = ["1,1", "2,2", "3,3"];

test("points appear at their times", () => {
  assert.equal(drawn(POINTS, [0, 100, 200], -1), "");
  assert.equal(drawn(POINTS, [0, 100, 200], 150), "1,1 2,2");
  assert.equal(drawn(POINTS, [0, 100, 200], 200), "1,1 2,2 3,3");
});

test("the first point alone is a dot", () => {
  assert.equal(drawn(POINTS, [0, 100, 200], 50), "1,1 1,1");
});

test("who wants no motion sees whole strokes, one after the other", () => {
  const [first, second] = stepwise([{ points: POINTS }, { points: POINTS }]);
  assert.equal(drawn(POINTS, first, 0), "1,1 2,2 3,3");
  assert.equal(drawn(POINTS, second, second[0] - 1), "");
  assert.equal(drawn(POINTS, second, second[0]), "1,1 2,2 3,3");
});
