import assert from "node:assert/strict";
import { test } from "node:test";

import { facts, figures, learned, line } from "../static/js/model.js";

test("a card's known figures become percentages", () => {
  const metrics = { validation: { strokes: { top1: 0.93117, samples: 2252 }, other: { top1: 1 } } };
  assert.deepEqual(figures(metrics), [
    ["Right for writers it has never seen", [["Strokes of all kinds, set to all", "93.1 %"]]],
  ]);
});

test("a learned card says how much it kept and learned, and promises nothing about other writers", () => {
  const metrics = { base: 0.98312, base_before: 0.983, taught: 0.9, taught_before: 0, taught_unaided: 0.6, corrections: 20 };
  assert.deepEqual(figures(metrics), [
    ["Right in its gate’s drawings", [["This version", "98.3 %"], ["The one before", "98.3 %"]]],
    [
      "Right on the corrections it learned, told digit or letter",
      [["This version", "90.0 %"], ["The one before", "0.0 %"]],
    ],
    ["Right on them, set to all", [["This version", "60.0 %"]]],
  ]);
  const card = { number: 2, name: "learned", created: "2026-11-21", architecture: { name: "cnn" }, metrics };
  assert.deepEqual(facts(card), [
    ["Version", "2 (learned)"],
    ["Trained", "21 November 2026"],
    ["Network", "CNN"],
    ["Corrections learned", 20],
  ]);
});

test("a card without figures is no error", () => {
  assert.deepEqual(figures({}), []);
});

test("the history is of versions that learned, the oldest first", () => {
  const versions = [
    { number: 3, metrics: { base: 0.98, corrections: 40 } },
    { number: 2, metrics: { base: 0.97, corrections: 20 } },
    { number: 1, metrics: { validation: {} } },
  ];
  assert.deepEqual(learned(versions), [[2, 0.97, 20], [3, 0.98, 40]]);
});

test("the line goes from side to side, and from the worst to the best", () => {
  assert.equal(line([0.97, 0.98, 0.99]), "0,100 50,50 100,0");
  assert.equal(line([0.97, 0.97]), "0,0 100,0");
});
