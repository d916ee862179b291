import assert from "node:assert/strict";
import { test } from "node:test";

import { Queue } from "../feedback/static/feedback/review/queue.js";

function queueOf(ids) {
  const queue = new Queue();
  queue.add([...ids].map((id) => ({ id })));
  return queue;
}
const ids = (queue) => queue.items.map(({ id }) => id).join("");

test("it moves within its ends", () => {
  const queue = queueOf("abc");
  queue.previous();
  assert.equal(queue.current.id, "a");
  for (let step = 0; step < 5; step += 1) queue.next();
  assert.equal(queue.current.id, "c");
  assert.equal(queue.left, 0);
});

test("a decided item makes room for the next one", () => {
  const queue = queueOf("abc");
  queue.next();
  queue.take(["b"]);
  assert.equal(queue.current.id, "c");
  queue.take(["c"]);
  assert.equal(queue.current.id, "a");
  queue.take(["a"]);
  assert.equal(queue.current, null);
});

test("a selection before the current item does not move it", () => {
  const queue = queueOf("abcde");
  queue.goTo("d");
  queue.take(["a", "c"]);
  assert.equal(queue.current.id, "d");
  assert.equal(ids(queue), "bde");
});

test("what was taken goes back to where it was and is shown", () => {
  const queue = queueOf("abcde");
  queue.goTo("c");
  const taken = queue.take(["b", "d"]);
  assert.equal(ids(queue), "ace");
  queue.putBack(taken);
  assert.equal(ids(queue), "abcde");
  assert.equal(queue.current.id, "b");
});

test("what was decided does not come back when the server still lists it", () => {
  const queue = queueOf("ab");
  queue.take(["a"]);
  assert.equal(queue.add([{ id: "a" }, { id: "b" }, { id: "c" }]), 1);
  assert.equal(ids(queue), "bc");
});

test("a skipped item waits at the end", () => {
  const queue = queueOf("abc");
  queue.skip();
  assert.equal(ids(queue), "bca");
  assert.equal(queue.current.id, "b");
  queueOf("").skip();
});

test("the selection knows what is in it and forgets what was decided", () => {
  const queue = queueOf("abc");
  assert.equal(queue.toggle(), true);
  queue.next();
  assert.equal(queue.toggle(), true);
  assert.deepEqual(queue.selected, ["a", "b"]);
  assert.equal(queue.toggle(), false);
  queue.take(["a"]);
  assert.deepEqual(queue.selected, []);
  assert.equal(queueOf("").toggle(), false);
});

test("it looks ahead no further than it reaches", () => {
  const queue = queueOf("abc");
  queue.next();
  assert.deepEqual(queue.ahead(5).map(({ id }) => id), ["b", "c"]);
});

test("it tells of every change and of nothing else", () => {
  const queue = queueOf("ab");
  let changes = 0;
  queue.addEventListener("change", () => (changes += 1));
  queue.next();
  queue.next();
  queue.add([{ id: "a" }]);
  queue.goTo("nobody");
  assert.equal(changes, 1);
});

test("what a look finds just before or after it is put back is there once, in its place", () => {
  const queue = queueOf("abcde");
  const taken = queue.take(["a", "c"]);
  queue.forget(); // a look that found nothing of what was decided
  queue.add([{ id: "c" }, { id: "a" }]); // one that was answered between the undoing and its answer
  queue.goTo("c");
  queue.putBack(taken, queue.current);
  assert.equal(ids(queue), "abcde");
  assert.equal(queue.current.id, "c");
  assert.equal(queue.add([{ id: "a" }, { id: "c" }]), 0); // one that was on its way
  assert.equal(ids(queue), "abcde");
});
