import assert from "node:assert/strict";
import { test } from "node:test";

import { History } from "../static/js/storage.js";

function storage(values = new Map()) {
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
}

const drawing = (x) => [[[x, x], [x + 1, x + 1]]];

test("the last twelve are kept, the newest first", () => {
  const history = new History(storage());
  for (let x = 0; x < 15; x += 1) history.add(drawing(x), "1");
  assert.equal(history.drawings.length, 12);
  assert.deepEqual(history.drawings[0].strokes, drawing(14));
});

test("they survive a reload", () => {
  const kept = storage();
  new History(kept).add(drawing(1), "7");
  assert.deepEqual(new History(kept).drawings, [{ strokes: drawing(1), label: "7" }]);
});

test("the same drawing is kept once, and nothing is not kept", () => {
  const history = new History(storage());
  history.add(drawing(1), null);
  history.add(drawing(2), null);
  history.add(drawing(1), "7");
  history.add([], null);
  assert.deepEqual(history.drawings.map(({ label }) => label), ["7", null]);
});

test("what is kept does not change with the drawing", () => {
  const history = new History(storage());
  const strokes = drawing(1);
  history.add(strokes, "7");
  strokes[0].push([9, 9]);
  assert.deepEqual(history.drawings[0].strokes, drawing(1));
});

test("forgotten is forgotten", () => {
  const kept = storage();
  const history = new History(kept);
  history.add(drawing(1), "7");
  history.forget();
  assert.deepEqual(new History(kept).drawings, []);
});

test("storage that is broken, full or forbidden only shortens the memory", () => {
  const forbidden = () => {
    throw new Error("forbidden");
  };
  const history = new History({ getItem: forbidden, setItem: forbidden });
  history.add(drawing(1), "7");
  assert.equal(history.drawings.length, 1);
  assert.deepEqual(new History(storage(new Map([["drawings", "{oops"]]))).drawings, []);
});
