import assert from "node:assert/strict";
import { test } from "node:test";

import { Pointers } from "../static/js/pointers.js";

const event = (pointerId, pointerType, timeStamp = 0, button = 0) => ({
  pointerId,
  pointerType,
  timeStamp,
  button,
});

test("one pointer draws until it is up", () => {
  const pointers = new Pointers();
  assert.equal(pointers.down(event(1, "mouse")), "start");
  assert.ok(pointers.draws({ pointerId: 1 }));
  assert.ok(pointers.up({ pointerId: 1 }));
  assert.ok(!pointers.draws({ pointerId: 1 }));
});

test("only the primary button draws", () => {
  assert.equal(new Pointers().down(event(1, "mouse", 0, 2)), "ignore");
});

test("a second finger within a moment drops the stroke, and neither finger draws", () => {
  const pointers = new Pointers();
  pointers.down(event(1, "touch", 0));
  assert.equal(pointers.down(event(2, "touch", 200)), "drop");
  assert.ok(!pointers.draws({ pointerId: 1 }) && !pointers.draws({ pointerId: 2 }));
});

test("a hand that comes down later does not disturb the stroke", () => {
  const pointers = new Pointers();
  pointers.down(event(1, "touch", 0));
  assert.equal(pointers.down(event(2, "touch", 400)), "ignore");
  assert.ok(pointers.draws({ pointerId: 1 }));
});

test("after two fingers nothing draws until both are up", () => {
  const pointers = new Pointers();
  pointers.down(event(1, "touch", 0));
  pointers.down(event(2, "touch", 100));
  pointers.up({ pointerId: 1 });
  assert.equal(pointers.down(event(3, "touch", 500)), "ignore");
  pointers.up({ pointerId: 2 });
  pointers.up({ pointerId: 3 });
  assert.equal(pointers.down(event(4, "touch", 900)), "start");
});

test("once a pen was seen touch is a palm, until the person asks for the finger", () => {
  const pointers = new Pointers();
  assert.equal(pointers.down(event(1, "pen")), "start");
  pointers.up({ pointerId: 1 });
  assert.equal(pointers.down(event(2, "touch")), "ignore");
  pointers.up({ pointerId: 2 });
  pointers.fingers = true;
  assert.equal(pointers.down(event(3, "touch")), "start");
  pointers.up({ pointerId: 3 });
  assert.equal(pointers.down(event(4, "pen")), "start");
  assert.ok(pointers.fingers, "the choice stays");
});

test("a pen takes over from the palm that came before it", () => {
  const pointers = new Pointers();
  pointers.down(event(1, "touch"));
  assert.equal(pointers.down(event(2, "pen", 300)), "restart");
  assert.ok(pointers.draws({ pointerId: 2 }));
});

test("a mouse beside a pen is ignored", () => {
  const pointers = new Pointers();
  pointers.down(event(1, "pen"));
  assert.equal(pointers.down(event(2, "mouse")), "ignore");
});

/** How often it was told that touch does not draw. */
function countTold(pointers) {
  const told = { count: 0 };
  pointers.addEventListener("palm", () => (told.count += 1));
  return told;
}

function stroke(pointers, pointerId, pointerType, type = "pointerup") {
  pointers.down(event(pointerId, pointerType));
  pointers.up({ pointerId, type });
}

test("beside a pen, each touch that would have drawn is told that it does not", () => {
  const pointers = new Pointers();
  const told = countTold(pointers);
  stroke(pointers, 1, "touch");
  assert.equal(told.count, 0);
  stroke(pointers, 2, "pen");
  stroke(pointers, 3, "pen");
  assert.equal(told.count, 1, "once unasked");
  stroke(pointers, 4, "touch");
  stroke(pointers, 5, "touch");
  assert.equal(told.count, 3);
  pointers.fingers = true;
  stroke(pointers, 6, "touch");
  assert.equal(told.count, 3);
});

test("the hand that holds the pen is told nothing, nor is what the system takes for a palm", () => {
  const pointers = new Pointers();
  const told = countTold(pointers);
  stroke(pointers, 1, "pen");
  pointers.down(event(2, "touch"));
  stroke(pointers, 3, "pen");
  pointers.up({ pointerId: 2, type: "pointerup" });
  pointers.down(event(4, "pen"));
  stroke(pointers, 5, "touch");
  pointers.up({ pointerId: 4, type: "pointerup" });
  stroke(pointers, 6, "touch", "pointercancel");
  assert.equal(told.count, 1);
});
