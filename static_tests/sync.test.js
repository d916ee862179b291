import assert from "node:assert/strict";
import { test } from "node:test";

import { Drawing } from "../static/js/strokes.js";
import { Sync } from "../static/js/sync.js";
import { Server } from "./server.js";

const LINE = Array.from({ length: 10 }, (_, index) => [100 + index * 20, 100]);

function setUp() {
  const drawing = new Drawing();
  return { drawing, sync: new Sync(drawing), server: new Server() };
}

function draw(drawing, points = LINE) {
  drawing.begin(...points[0]);
  drawing.extend(points.slice(1));
  drawing.end();
}

test("only new points are sent", () => {
  const { drawing, sync } = setUp();
  drawing.begin(100, 100);
  drawing.extend([[150, 100]]);
  assert.deepEqual(sync.frames(), [{ type: "points", stroke: 0, start: 0, points: [[100, 100], [150, 100]] }]);
  drawing.extend([[200, 100]]);
  assert.deepEqual(sync.frames(), [{ type: "points", stroke: 0, start: 2, points: [[200, 100]] }]);
  assert.deepEqual(sync.frames(), []);
});

test("an undo is one frame, a redo is the stroke again", () => {
  const { drawing, sync } = setUp();
  draw(drawing);
  draw(drawing);
  sync.frames();
  drawing.undo();
  assert.deepEqual(sync.frames(), [{ type: "undo" }]);
  drawing.redo();
  assert.deepEqual(sync.frames(), [{ type: "points", stroke: 1, start: 0, points: LINE }]);
});

test("an undo that was undone in time costs nothing", () => {
  const { drawing, sync } = setUp();
  draw(drawing);
  sync.frames();
  drawing.undo();
  drawing.redo();
  assert.deepEqual(sync.frames(), []);
});

test("a stroke that was cancelled half sent is taken back", () => {
  const { drawing, sync } = setUp();
  drawing.begin(100, 100);
  drawing.extend([[200, 200]]);
  sync.frames();
  drawing.cancel();
  assert.deepEqual(sync.frames(), [{ type: "undo" }]);
});

test("clear is told as such, and so is what comes after it", () => {
  const { drawing, sync } = setUp();
  draw(drawing);
  sync.frames();
  drawing.clear();
  draw(drawing, [[1, 1]]);
  assert.deepEqual(sync.frames().map(({ type }) => type), ["clear", "points"]);
});

test("a restart sends the whole drawing, the stroke under the pen included, then goes on with deltas", () => {
  const { drawing, sync } = setUp();
  draw(drawing);
  drawing.begin(300, 300);
  drawing.extend([[400, 400]]);
  sync.frames();
  sync.restart();
  assert.deepEqual(sync.frames(), [{ type: "drawing", strokes: [LINE, [[300, 300], [400, 400]]] }]);
  drawing.extend([[500, 500]]);
  assert.deepEqual(sync.frames(), [{ type: "points", stroke: 1, start: 2, points: [[500, 500]] }]);
});

test("a restart with nothing drawn sends nothing", () => {
  const { drawing, sync } = setUp();
  draw(drawing);
  drawing.clear();
  sync.restart();
  assert.deepEqual(sync.frames(), []);
});

test("many changes at once become one whole drawing", () => {
  const { drawing, sync } = setUp();
  for (let index = 0; index < 8; index += 1) draw(drawing);
  assert.deepEqual(sync.frames().map(({ type }) => type), ["drawing"]);
});

test("whatever is done in whatever order, the server has the same drawing", () => {
  let state = 20261120;
  const random = (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const { drawing, sync, server } = setUp();
  const actions = [
    () => drawing.begin(random(1000), random(1000)),
    () => drawing.extend([[random(1000), random(1000)], [random(1000), random(1000)]]),
    () => drawing.extend([[random(1000), random(1000)]]),
    () => drawing.end(),
    () => drawing.cancel(),
    () => drawing.undo(),
    () => drawing.redo(),
    () => drawing.drawing || drawing.load([[[1, 2]], [[3, 4], [50, 60]]]),
    () => random(4) || drawing.clear(),
    () => random(4) || sync.distrust(),
    () => {
      if (random(4)) return;
      server.strokes = [];
      sync.restart();
    },
  ];
  for (let round = 0; round < 20_000; round += 1) {
    if (drawing.drawing && random(3)) drawing.extend([[random(1000), random(1000)]]);
    else actions[random(actions.length)]();
    if (random(3) === 0) {
      for (const frame of sync.frames()) server.apply(frame);
      assert.deepEqual(server.strokes, drawing.points());
    }
  }
});
