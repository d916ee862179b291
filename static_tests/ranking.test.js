import assert from "node:assert/strict";
import { test } from "node:test";

import { LABELS, percent, ranked, sides } from "../static/js/ranking.js";

test("a percentage is never a false nought or hundred", () => {
  const expected = { 0: "<1 %", 0.004: "<1 %", 0.005: "1 %", 0.5: "50 %", 0.994: "99 %", 0.9951: ">99 %", 1: "100 %" };
  for (const [share, text] of Object.entries(expected)) assert.equal(percent(Number(share)), text);
});

test("the most probable come first, equals in the order of the alphabet", () => {
  const probabilities = LABELS.map((label) => ({ q: 0.6, g: 0.4 })[label] ?? 0);
  assert.deepEqual(ranked(probabilities).slice(0, 4).map(({ label }) => label), ["q", "g", "0", "1"]);
});

test("digits keep their places", () => {
  const probabilities = LABELS.map((_, index) => index / 630);
  assert.equal(sides("digits", probabilities).join(""), "0123456789");
  assert.equal(sides("all", probabilities).join(""), "0123456789");
});

test("letters at the sides are the ten most probable, and never digits", () => {
  const probabilities = LABELS.map((label) => ({ q: 0.6, g: 0.4 })[label] ?? 0);
  assert.equal(sides("letters", probabilities).join(""), "qgabcdefhi");
  assert.equal(sides("letters", null).join(""), "abcdefghij");
});
