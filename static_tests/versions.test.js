import assert from "node:assert/strict";
import { test } from "node:test";

import { figures } from "../static/js/versions.js";

test("a card's known figures become percentages", () => {
  const metrics = { validation: { strokes: { top1: 0.93117, samples: 2252 }, other: { top1: 1 } } };
  assert.deepEqual(figures(metrics), [["Strokes of all kinds, set to all", "93.1 %"]]);
});

test("a card without figures is no error", () => {
  assert.deepEqual(figures({}), []);
});
