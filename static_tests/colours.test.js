// The contrast of the colours in tokens.css, computed as WCAG 2.2 defines it, in both themes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const CSS = readFileSync(new URL("../static/css/tokens.css", import.meta.url), "utf8");
const PAIRS = /--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g;
const COLOURS = Object.fromEntries([...CSS.matchAll(PAIRS)].map(([, name, ...pair]) => [name, pair]));

const LEAST = [
  ["ink", ["ground", "paper"], 12],
  ["ink", ["tint", "track"], 7],
  ["muted", ["ground", "paper"], 5.5],
  ["muted", ["tint"], 4.5],
  ["accent", ["ground", "paper"], 5],
  ["accent", ["tint"], 4.5],
  ["on-accent", ["accent"], 5],
  ["edge", ["ground", "paper"], 3],
  ["accent", ["track"], 3],
  ["up", ["ground"], 3],
  ["coming", ["ground"], 3],
  ["down", ["ground"], 3],
];

function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test("the contrast of black and white is 21", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
});

for (const [theme, index] of [["light", 0], ["dark", 1]]) {
  for (const [front, backs, least] of LEAST) {
    for (const back of backs) {
      test(`${theme}: ${front} on ${back} is at least ${least}`, () => {
        const ratio = contrast(COLOURS[front][index], COLOURS[back][index]);
        assert.ok(ratio >= least, ratio.toFixed(2));
      });
    }
  }
}
