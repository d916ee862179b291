import assert from "node:assert/strict";
import { test } from "node:test";

import { because, LOOK } from "../static/js/sees.js";

const decisive = (label, where = "left") => ({ left: 2, top: 8, side: 6, where, loss: 9, label });

test("it says what would be read without the ink that counts most", () => {
  assert.equal(
    because({ label: "8", decisive: decisive("3") }, false),
    "Bright ink speaks for 8, striped against it. Without the framed ink (left) it would be 3.",
  );
});

test("it says so when it would not be sure", () => {
  assert.match(because({ label: "8", decisive: decisive(null) }, false), /it would be unsure\.$/);
});

test("who is unsure anyway does not become so", () => {
  const unsure = { label: "8", abstain: true };
  assert.match(because({ ...unsure, decisive: decisive(null) }, false), /The framed ink \(left\) counts most\.$/);
  assert.match(because({ ...unsure, decisive: decisive("3") }, false), /it would be 3\.$/);
});

test("it claims no turn where there is none", () => {
  assert.match(because({ label: "8", decisive: decisive("8", "top left") }, false), /The framed ink \(top left\) counts most\.$/);
  assert.match(because({ label: "8", decisive: null }, false), /No single part decides\.$/);
});

test("what a personal memory decided is not put down to ink", () => {
  assert.match(because({ label: "1", decisive: null }, true), /^The network alone sees 1 in the bright ink\./);
});

test("of nothing there is nothing to say", () => {
  assert.equal(because({ label: null, decisive: null }, false), LOOK);
});

test("no text is longer than its place", () => {
  const longest = because({ label: "w", decisive: decisive(null, "bottom right") }, false);
  for (const text of [longest, LOOK]) assert.ok(text.length <= 105, text);
});
