import assert from "node:assert/strict";
import { test } from "node:test";

import { Coverage } from "../static/js/frames.js";
import { Drawing } from "../static/js/strokes.js";

function stroke(drawing) {
  drawing.begin(100, 100);
  drawing.extend([[200, 200]]);
  drawing.end();
}

/** A drawing of one stroke that the server has by frame 2, and has answered. */
function setUp() {
  const drawing = new Drawing();
  const coverage = new Coverage(drawing);
  stroke(drawing);
  coverage.sent([1, 2]);
  assert.ok(coverage.answered(2));
  assert.ok(coverage.caughtUp);
  return { drawing, coverage };
}

test("at first the server has nothing, not even an empty drawing", () => {
  const coverage = new Coverage(new Drawing());
  assert.deepEqual([coverage.edited, coverage.upToDate, coverage.caughtUp], [true, false, false]);
  assert.equal(coverage.answered(0), false);
});

test("what is drawn is covered once it was sent and answered", () => {
  const { drawing, coverage } = setUp();
  stroke(drawing);
  assert.deepEqual([coverage.upToDate, coverage.caughtUp], [false, false]);
  coverage.sent([3]);
  assert.deepEqual([coverage.upToDate, coverage.caughtUp], [true, false]);
  assert.equal(coverage.answered(3), true);
  assert.ok(coverage.caughtUp);
});

test("each move of the pen is something that the server lacks", () => {
  const { drawing, coverage } = setUp();
  const moves = [
    () => drawing.begin(1, 1),
    () => drawing.extend([[50, 50]]),
    () => drawing.end(),
    () => drawing.undo(),
  ];
  for (const [index, move] of moves.entries()) {
    move();
    assert.ok(!coverage.upToDate, String(move));
    coverage.sent([index + 3]);
    assert.ok(coverage.upToDate, String(move));
  }
});

test("an answer about a part is worth showing, and is not the last word", () => {
  const { drawing, coverage } = setUp();
  drawing.begin(1, 1);
  coverage.sent([3]);
  drawing.extend([[50, 50]]);
  drawing.end();
  coverage.sent([4]);
  assert.equal(coverage.answered(3), true);
  assert.ok(!coverage.caughtUp);
  assert.equal(coverage.answered(4), true);
  assert.ok(coverage.caughtUp);
});

test("after an edit answers are stale until one covers the frames that told of it", () => {
  const { drawing, coverage } = setUp();
  drawing.undo();
  assert.ok(coverage.edited);
  assert.equal(coverage.answered(2), false, "nothing was told yet");
  assert.equal(coverage.answered(9), false, "whatever it covers");
  coverage.sent([3, 4, 5]);
  assert.ok(!coverage.edited);
  assert.deepEqual([2, 3, 4, 5].map((n) => coverage.answered(n)), [false, false, false, true]);
  assert.ok(coverage.caughtUp);
});

test("what is drawn after an edit makes no answer stale that was about the edit", () => {
  const { drawing, coverage } = setUp();
  drawing.undo();
  coverage.sent([3]);
  stroke(drawing);
  assert.equal(coverage.answered(3), true, "before it is sent");
  coverage.sent([4, 5]);
  assert.equal(coverage.answered(3), true, "and after");
});

test("of two edits the later one counts", () => {
  const { drawing, coverage } = setUp();
  drawing.undo();
  coverage.sent([3]);
  drawing.redo();
  coverage.sent([4]);
  assert.deepEqual([3, 4].map((n) => coverage.answered(n)), [false, true]);
});

test("an older answer after a newer one is not the last word, though it is on show", () => {
  const { drawing, coverage } = setUp();
  stroke(drawing);
  coverage.sent([3]);
  assert.equal(coverage.answered(3), true);
  assert.equal(coverage.answered(2), true);
  assert.ok(!coverage.caughtUp);
});

test("a stale answer is not the last word either", () => {
  const { drawing, coverage } = setUp();
  drawing.undo();
  coverage.sent([3]);
  coverage.answered(2);
  assert.ok(!coverage.caughtUp);
});

test("an answer may cover more than was about the drawing", () => {
  const { coverage } = setUp();
  assert.equal(coverage.answered(7), true);
  assert.ok(coverage.caughtUp);
});

test("nothing to send leaves everything as it was", () => {
  const { drawing, coverage } = setUp();
  coverage.sent([]);
  assert.ok(coverage.caughtUp);
  stroke(drawing);
  coverage.sent([3]);
  coverage.sent([]);
  assert.equal(coverage.answered(2), true);
  assert.ok(!coverage.caughtUp, "frame 3 is still the newest");
});

test("a new connection counts from one again and has to be told everything", () => {
  const { drawing, coverage } = setUp();
  stroke(drawing);
  coverage.sent([3, 4, 5]);
  coverage.answered(5);
  coverage.restart();
  assert.deepEqual([coverage.edited, coverage.upToDate, coverage.caughtUp], [true, false, false]);
  assert.equal(coverage.answered(5), false);
  coverage.sent([1]);
  assert.equal(coverage.answered(0), false);
  assert.ok(!coverage.caughtUp);
  assert.equal(coverage.answered(1), true);
  assert.ok(coverage.caughtUp);
});

test("a new connection has covered nothing, whatever the old one had", () => {
  const { coverage } = setUp();
  coverage.restart();
  coverage.sent([1]);
  assert.ok(coverage.upToDate);
  assert.ok(!coverage.caughtUp);
});

test("answers to another question are stale until it was asked anew", () => {
  const { coverage } = setUp();
  coverage.distrust();
  assert.deepEqual([coverage.edited, coverage.upToDate, coverage.caughtUp], [true, false, false]);
  assert.equal(coverage.answered(2), false);
  coverage.sent([3]);
  assert.deepEqual([2, 3].map((n) => coverage.answered(n)), [false, true]);
});

test("what the server dropped is missing until it is sent again, and answers go on", () => {
  const { coverage } = setUp();
  coverage.lost();
  assert.deepEqual([coverage.edited, coverage.upToDate, coverage.caughtUp], [false, false, false]);
  assert.equal(coverage.answered(2), true);
  assert.ok(!coverage.caughtUp);
  coverage.sent([3]);
  coverage.answered(3);
  assert.ok(coverage.caughtUp);
});
