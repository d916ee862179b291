import assert from "node:assert/strict";
import { test } from "node:test";

import { Overdue } from "../static/js/display.js";
import { Drawing } from "../static/js/strokes.js";
import { Clock } from "./clock.js";

/** A drawing of which `page.covered` says whether all of it is answered. */
function setUp() {
  const clock = new Clock();
  const drawing = new Drawing();
  const page = { clock, covered: true, told: 0 };
  page.overdue = new Overdue(drawing, () => page.covered, () => (page.told += 1));
  page.draw = () => {
    page.covered = false;
    drawing.dispatchEvent(new Event("ink"));
  };
  page.answer = (covered = true) => {
    page.covered = covered;
    page.overdue.answered();
  };
  return page;
}

test("ink that nobody answers is overdue after a second and a half, and told once", () => {
  const page = setUp();
  page.draw();
  page.clock.pass(1_499);
  assert.equal(page.told, 0);
  page.clock.pass(1);
  assert.equal(page.told, 1);
  page.clock.pass(10_000);
  assert.equal(page.told, 1);
});

test("ink that goes on does not put it off", () => {
  const page = setUp();
  for (let time = 0; time < 1_500; time += 100) {
    page.draw();
    page.clock.pass(100);
  }
  assert.equal(page.told, 1);
});

test("an answer to everything ends the wait, one to a part of it begins another", () => {
  const page = setUp();
  page.draw();
  page.clock.pass(1_000);
  page.answer(false);
  page.clock.pass(1_499);
  assert.equal(page.told, 0);
  page.answer();
  page.clock.pass(10_000);
  assert.equal(page.told, 0);
});

test("what was answered without a word to us is not overdue", () => {
  const page = setUp();
  page.draw();
  page.covered = true;
  page.clock.pass(1_500);
  assert.equal(page.told, 0);
});
