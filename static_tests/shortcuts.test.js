import assert from "node:assert/strict";
import { test } from "node:test";

import { command, symbol } from "../static/js/tools.js";

const press = (key, held = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

test("undo and redo work everywhere, with Ctrl and with ⌘", () => {
  for (const modifier of ["ctrlKey", "metaKey"]) {
    assert.equal(command(press("z", { [modifier]: true }), false), "undo");
    assert.equal(command(press("Z", { [modifier]: true, shiftKey: true }), false), "redo");
  }
  assert.equal(command(press("y", { ctrlKey: true }), false), "redo");
});

test("single letters act only where they are allowed", () => {
  assert.equal(command(press("c"), true), "clear");
  assert.equal(command(press("?", { shiftKey: true }), true), "help");
  for (const key of ["c", "u", "s", "v", "?"]) assert.equal(command(press(key), false), null);
});

test("the browser's own shortcuts are left alone", () => {
  assert.equal(command(press("c", { ctrlKey: true }), true), null);
  assert.equal(command(press("u", { ctrlKey: true }), true), null);
  assert.equal(command(press("s", { altKey: true }), true), null);
});

test("a layout with other letters has its keys where they are on a Latin one", () => {
  assert.equal(command(press("т", { code: "KeyN" }), true), "incorrect");
  assert.equal(command(press("Я", { code: "KeyZ", ctrlKey: true, shiftKey: true }), false), "redo");
  assert.equal(symbol(press("й", { code: "KeyQ" }), true), "q");
  assert.equal(symbol(press("z", { code: "KeyY" }), true), "z", "a Latin layout says itself what its letters are");
});

test("Escape closes", () => {
  assert.equal(command(press("Escape"), false), "close");
});
