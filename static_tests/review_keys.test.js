import assert from "node:assert/strict";
import { test } from "node:test";

import { Keys } from "../feedback/static/feedback/review/keys.js";

const LABELS = [..."0123456789abcdefghijklmnopqrstuvwxyz"];
const press = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, repeat: false, ...more });
const read = (key, more) => new Keys().read(press(key, more))?.name ?? null;

test("each command has its key", () => {
  const keys = { j: "next", k: "previous", a: "approve", r: "reject", l: "relabel", s: "skip", u: "undo" };
  for (const [key, name] of Object.entries(keys)) assert.equal(read(key), name);
  assert.equal(read("ArrowRight"), "next");
  assert.equal(read("ArrowLeft"), "previous");
  assert.equal(read("x"), "select");
  assert.equal(read("/"), "filter");
  assert.equal(read("?", { shiftKey: true }), "help");
});

test("Shift makes it a decision on the selection", () => {
  assert.equal(read("A", { shiftKey: true }), "approveSelected");
  assert.equal(read("R", { shiftKey: true }), "rejectSelected");
  assert.equal(read("U", { shiftKey: true }), null);
});

test("caps lock changes nothing", () => {
  assert.equal(read("A"), "approve");
  assert.equal(read("r", { shiftKey: true }), "rejectSelected");
});

test("no symbol is a label before L", () => {
  const keys = new Keys();
  for (const label of LABELS) assert.notEqual(keys.read(press(label))?.name, "label");
});

test("after L every symbol is a label and no symbol is a command", () => {
  const keys = new Keys();
  keys.naming = true;
  for (const label of LABELS) assert.deepEqual(keys.read(press(label)), { name: "label", label });
  assert.deepEqual(keys.read(press("Q", { shiftKey: true })), { name: "label", label: "q" });
});

test("Escape ends the naming, anything else waits", () => {
  const keys = new Keys();
  keys.naming = true;
  assert.deepEqual(keys.read(press("Escape")), { name: "cancel" });
  for (const key of ["Tab", "Enter", "/", "?", "ä", "ArrowRight"]) assert.equal(keys.read(press(key)), null);
});

test("what belongs to the browser is left to it", () => {
  for (const held of ["ctrlKey", "metaKey", "altKey"]) assert.equal(read("a", { [held]: true }), null);
  assert.equal(read("a", { isComposing: true }), null);
  assert.equal(read("Escape"), null);
});

test("a key held down decides once and moves on and on", () => {
  assert.equal(read("a", { repeat: true }), null);
  assert.equal(read("j", { repeat: true }), "next");
  const keys = new Keys();
  keys.naming = true;
  assert.equal(keys.read(press("l", { repeat: true })), null, "the L that asked for a label");
});

test("a layout with other letters has its keys where they are on a Latin one", () => {
  assert.equal(read("ф", { code: "KeyA" }), "approve");
  const keys = new Keys();
  keys.naming = true;
  assert.deepEqual(keys.read(press("ф", { code: "KeyA" })), { name: "label", label: "a" });
});
