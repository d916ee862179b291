import assert from "node:assert/strict";
import { test } from "node:test";

import { Player, sample, sampleLabels } from "../static/js/samples.js";
import { Drawing } from "../static/js/strokes.js";

test("there are samples of every character set", () => {
  assert.ok(sampleLabels("digits").every((label) => /^\d$/.test(label)));
  assert.ok(sampleLabels("letters").every((label) => /^[a-z]$/.test(label)));
  assert.equal(sampleLabels("all").length, sampleLabels("digits").length + sampleLabels("letters").length);
});

test("a sample is a smooth curve within the canvas", () => {
  for (const label of sampleLabels("all")) {
    for (const stroke of sample(label)) {
      for (const [index, [x, y]] of stroke.entries()) {
        assert.ok(x > 50 && x < 950 && y > 50 && y < 950, label);
        if (index > 0) assert.ok(Math.hypot(x - stroke[index - 1][0], y - stroke[index - 1][1]) < 40, label);
      }
    }
  }
});

test("a sample is drawn into an empty drawing, stroke by stroke", async () => {
  const drawing = new Drawing();
  drawing.load([[[1, 1]]]);
  await new Player(drawing, setImmediate).play(sample("3"));
  assert.equal(drawing.strokes.length, 1);
  assert.ok(!drawing.drawing);
  assert.deepEqual(drawing.points()[0].at(-1), [330, 740]);
});

test("at once means without waiting for a frame", () => {
  const drawing = new Drawing();
  new Player(drawing, () => assert.fail()).play(sample("3"), true);
  assert.equal(drawing.strokes.length, 1);
});

test("a person who takes the pen, or clears, ends the performance", async () => {
  for (const interrupt of [(player) => player.stop(), (_, drawing) => drawing.clear()]) {
    const drawing = new Drawing();
    const player = new Player(drawing, setImmediate);
    const played = player.play(sample("3"));
    await new Promise(setImmediate);
    interrupt(player, drawing);
    const before = JSON.stringify(drawing.points());
    await played;
    assert.equal(JSON.stringify(drawing.points()), before);
    assert.ok(!drawing.drawing);
  }
});
