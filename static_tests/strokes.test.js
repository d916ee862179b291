import assert from "node:assert/strict";
import { test } from "node:test";

import { Drawing, Stroke } from "../static/js/strokes.js";

/** Draw one stroke through `points`. */
function draw(drawing, points) {
  drawing.begin(...points[0]);
  drawing.extend(points.slice(1));
  drawing.end();
}

function line(length, step = 10, y = 100) {
  return Array.from({ length }, (_, index) => [100 + index * step, y]);
}

test("points are sent as integers, in order, first and last included", () => {
  const drawing = new Drawing();
  draw(drawing, [[100.4, 100.6], [150.2, 100], [200.7, 130.1]]);
  assert.deepEqual(drawing.points(), [[[100, 101], [150, 100], [201, 130]]]);
});

test("samples closer than a four-hundredth of the side are painted but not sent", () => {
  const drawing = new Drawing();
  draw(drawing, line(100, 1));
  const [stroke] = drawing.strokes;
  assert.equal(stroke.samples.length, 100);
  assert.equal(stroke.points.length, 34);
  assert.deepEqual(stroke.points.at(-1), [199, 100]);
});

test("the last point is sent however near it is", () => {
  const drawing = new Drawing();
  draw(drawing, [[100, 100], [150, 100], [151, 100]]);
  assert.deepEqual(drawing.points()[0].at(-1), [151, 100]);
});

test("a tap is one point", () => {
  const drawing = new Drawing();
  drawing.begin(500, 500);
  drawing.end();
  assert.deepEqual(drawing.points(), [[[500, 500]]]);
});

test("a trembling tap is one point on the canvas and on the wire", () => {
  const drawing = new Drawing();
  draw(drawing, [[500, 500], [504, 503], [497, 505], [501, 499]]);
  assert.deepEqual(drawing.points(), [[[500, 500]]]);
  assert.equal(drawing.strokes[0].samples.length, 1);
});

test("a slow start loses nothing once the stroke leaves the tap's reach", () => {
  const drawing = new Drawing();
  draw(drawing, line(20, 3));
  assert.deepEqual(drawing.points()[0].slice(0, 3), [[100, 100], [103, 100], [106, 100]]);
});

test("points never change once they are there, so that a delta can follow them", () => {
  const drawing = new Drawing();
  drawing.begin(100, 100);
  let before = "";
  for (let index = 0; index < 200; index += 1) {
    drawing.extend([[100 + index * 1.3, 100 + (index % 7)]]);
    const now = JSON.stringify(drawing.points()[0]).slice(0, -1);
    assert.ok(now.startsWith(before));
    before = now;
  }
});

test("a pen that leaves the square is followed a little way and comes back in the same stroke", () => {
  const drawing = new Drawing();
  draw(drawing, [[900, 500], [1050, 500], [4000, 500], [900, 600]]);
  assert.deepEqual(drawing.points(), [[[900, 500], [1050, 500], [1100, 500], [900, 600]]]);
});

test("undo and redo go to the ends and no further", () => {
  const drawing = new Drawing();
  draw(drawing, line(5));
  draw(drawing, line(5, 10, 300));
  const both = drawing.points();
  for (let index = 0; index < 4; index += 1) drawing.undo();
  assert.ok(drawing.empty && !drawing.canUndo && drawing.canRedo);
  for (let index = 0; index < 4; index += 1) drawing.redo();
  assert.deepEqual(drawing.points(), both);
  assert.ok(!drawing.canRedo);
});

test("a new stroke ends what could be redone, a cancelled one does not", () => {
  const drawing = new Drawing();
  draw(drawing, line(5));
  drawing.undo();
  drawing.begin(300, 300);
  drawing.cancel();
  assert.ok(drawing.canRedo);
  draw(drawing, line(5));
  assert.ok(!drawing.canRedo);
});

test("undo under the pen takes away the stroke under the pen", () => {
  const drawing = new Drawing();
  draw(drawing, line(5));
  drawing.begin(300, 300);
  drawing.undo();
  assert.equal(drawing.strokes.length, 1);
  drawing.extend([[400, 400]]);
  assert.equal(drawing.strokes.length, 1);
});

test("clear twice is as good as once", () => {
  const drawing = new Drawing();
  draw(drawing, line(5));
  const drawn = drawing.points();
  drawing.clear();
  drawing.clear();
  assert.ok(drawing.empty && !drawing.canRedo);
  drawing.undo();
  assert.deepEqual(drawing.points(), drawn);
});

test("undone down to nothing, a drawing gives way to the one that was cleared for it", () => {
  const drawing = new Drawing();
  draw(drawing, line(5));
  draw(drawing, line(7));
  const before = drawing.points();
  drawing.clear();
  assert.ok(drawing.canUndo);
  draw(drawing, line(3));
  const { drawn } = drawing;
  drawing.undo();
  assert.ok(drawing.empty && drawing.canRedo);
  drawing.undo();
  assert.deepEqual(drawing.points(), before);
  assert.ok(drawing.drawn > drawn, "the server takes it for another drawing");
  assert.ok(!drawing.canRedo);
  for (const _ of before) drawing.undo();
  assert.ok(drawing.empty && !drawing.canUndo);
});

test("the stroke under the pen is not brought back, nor what another drawing replaced", () => {
  const drawing = new Drawing();
  draw(drawing, line(5));
  const before = drawing.points();
  drawing.begin(1, 1);
  drawing.clear();
  drawing.undo();
  assert.deepEqual(drawing.points(), before);
  drawing.clear();
  drawing.load([[[1, 2]]]);
  drawing.undo();
  assert.ok(drawing.empty && !drawing.canUndo);
});

test("a loaded drawing has exactly the points that were kept", () => {
  const drawing = new Drawing();
  draw(drawing, [[100, 100], [150, 100], [151, 100]]);
  draw(drawing, [[500, 500]]);
  const kept = JSON.parse(JSON.stringify(drawing.points()));
  drawing.load(kept);
  assert.deepEqual(drawing.points(), kept);
  drawing.undo();
  assert.deepEqual(drawing.points(), kept.slice(0, 1));
});

test("a drawing never outgrows the limits, and says when it is full", () => {
  const drawing = new Drawing();
  drawing.limits = { strokes: 3, points: 60 };
  draw(drawing, line(500, 3));
  const count = drawing.points().flat().length;
  assert.ok(drawing.full && count <= 60 && count >= 50, String(count));
  assert.equal(drawing.begin(1, 1), false);
});

test("no more strokes than the limit", () => {
  const drawing = new Drawing();
  drawing.limits = { strokes: 3, points: 5000 };
  for (let index = 0; index < 5; index += 1) draw(drawing, line(4, 20, 100 * index));
  assert.equal(drawing.strokes.length, 3);
});

test("edits count up, growing ink does not", () => {
  const drawing = new Drawing();
  draw(drawing, line(5));
  assert.equal(drawing.edition, 0);
  drawing.undo();
  drawing.redo();
  drawing.clear();
  assert.equal(drawing.edition, 3);
});

test("a stroke of points shares nothing with where they came from", () => {
  const points = [[1, 2], [3, 4]];
  const stroke = new Stroke(points);
  points[0][0] = 99;
  assert.deepEqual(stroke.points, [[1, 2], [3, 4]]);
});
