import assert from "node:assert/strict";
import { test } from "node:test";

import { choices, LABELS, lookalikes, percent, ranked, sides } from "../static/js/ranking.js";

test("a percentage is never nought or a hundred", () => {
  const expected = { 0: "<1 %", 0.004: "<1 %", 0.005: "1 %", 0.5: "50 %", 0.994: "99 %", 0.9951: ">99 %", 1: ">99 %" };
  for (const [share, text] of Object.entries(expected)) assert.equal(percent(Number(share)), text);
});

test("no share that can be sent is told as nought or a hundred", () => {
  for (let millionths = 0; millionths <= 1e6; millionths += millionths < 6000 || millionths > 994_000 ? 1 : 997) {
    const text = percent(millionths / 1e6);
    assert.ok(!["0 %", "100 %"].includes(text), `${millionths}: ${text}`);
  }
});

test("lookalikes are the label and what nobody can tell from it", () => {
  assert.equal(lookalikes("o"), "0o");
  assert.equal(lookalikes("q"), "9gq");
  assert.equal(lookalikes("4"), "4");
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

test("the likeliest choices are of the character set, and what it excludes can be named too", () => {
  const probabilities = LABELS.map((label) => ({ 7: 0.9, 1: 0.1 })[label] ?? 0);
  const { likely, others } = choices("digits", probabilities, "7");
  assert.equal(likely.join(""), "10234");
  assert.equal(others.join(""), "5689abcdefghijklmnopqrstuvwxyz");
  const letters = choices("letters", LABELS.map(() => 0), "a");
  assert.equal(letters.likely.join(""), "bcdef");
  assert.ok(letters.others.includes("0"));
});
