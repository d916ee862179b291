import assert from "node:assert/strict";
import { test } from "node:test";

import { Decisions, UNDO_DEPTH } from "../feedback/static/feedback/review/decisions.js";
import { Queue } from "../feedback/static/feedback/review/queue.js";

// Answers like the server: `events` counts up, `stale` are items that it does not decide.
class Server {
  calls = [];
  stale = new Set();
  waiting = new Set(); // of those: what can still be decided otherwise
  down = false;
  #events = 0;
  #items = new Map(); // event → item

  async decide(action, ids, details) {
    this.calls.push([action, ids.join(""), details]);
    await null;
    if (this.down) throw new Error("no answer");
    return this.#answer(ids, (id) => {
      this.#events += 1;
      this.#items.set(this.#events, id);
      return { id, event: this.#events };
    });
  }

  async undo(events) {
    this.calls.push(["undo", events.join()]);
    if (this.down) throw new Error("no answer");
    return this.#answer(events.map((event) => this.#items.get(event)), (id) => ({ id, event: 0 }));
  }

  #answer(ids, done) {
    const free = ids.filter((id) => !this.stale.has(id));
    const conflicts = ids
      .filter((id) => this.stale.has(id))
      .map((id) => ({ id, message: `${id} was not decided`, waits: this.waiting.has(id) }));
    return { decided: free.map(done), conflicts, waiting: 0 };
  }
}

function review(letters = "abcdefghijklmnopqrstuvwxyz") {
  const queue = new Queue();
  queue.add([...letters].map((id) => ({ id })));
  const server = new Server();
  const decisions = new Decisions(queue, server);
  const told = [];
  for (const type of ["decided", "undone", "conflict", "failed", "nothing"]) {
    decisions.addEventListener(type, ({ detail }) => told.push([type, detail]));
  }
  return { queue, server, decisions, told, types: () => told.map(([type]) => type) };
}
const ids = (queue) => queue.items.map(({ id }) => id).join("");

test("who looks at the queue as it changes knows that a decision is on its way", async () => {
  const { queue, decisions } = review("abc");
  const seen = [];
  queue.addEventListener("change", () => seen.push(decisions.unsent));
  await decisions.decide("approve", ["a"]);
  await decisions.decide("approve", ["a"]); // decided already
  assert.deepEqual([seen, decisions.unsent], [[1, 1], 0]);
});

test("the next item is there before the server has answered", () => {
  const { queue, decisions } = review("abc");
  decisions.decide("approve", ["a"]);
  assert.equal(queue.current.id, "b");
});

test("decisions reach the server one after the other, in order", async () => {
  const { server, decisions } = review("abc");
  decisions.decide("approve", ["a"]);
  decisions.decide("relabel", ["b"], { label: "7" });
  await decisions.decide("reject", ["c"]);
  assert.deepEqual(server.calls, [
    ["approve", "a", {}],
    ["relabel", "b", { label: "7" }],
    ["reject", "c", {}],
  ]);
});

test("what is refused and still waits goes back into the queue, what is gone does not", async () => {
  const { queue, decisions, server, types } = review("abcd");
  server.stale = new Set("bc");
  server.waiting = new Set("b");
  await decisions.decide("approve", ["a", "b", "c"]);
  assert.equal(ids(queue), "bd");
  assert.equal(queue.current.id, "d"); // which was on the screen meanwhile
  assert.deepEqual(types(), ["decided", "conflict", "conflict"]);
  await decisions.undo();
  assert.equal(ids(queue), "abd");
});

test("what is refused comes back to whoever has nothing else before them", async () => {
  const { queue, decisions, server } = review("a");
  server.stale = server.waiting = new Set("a");
  await decisions.decide("approve", ["a"]);
  assert.equal(queue.current.id, "a");
});

test("undo takes back the last decision first", async () => {
  const { queue, decisions, server } = review("abc");
  decisions.decide("approve", ["a"]);
  decisions.decide("reject", ["b"]);
  await decisions.undo();
  assert.equal(queue.current.id, "b");
  await decisions.undo();
  assert.equal(queue.current.id, "a");
  assert.deepEqual(server.calls.slice(2), [["undo", "2"], ["undo", "1"]]);
});

test("undo right after a decision waits for it", async () => {
  const { queue, decisions } = review("ab");
  decisions.decide("approve", ["a"]);
  await decisions.undo();
  assert.equal(ids(queue), "ab");
});

test("undo is as deep as it says and no deeper", async () => {
  const { queue, decisions, types } = review();
  for (let step = 0; step < UNDO_DEPTH + 3; step += 1) await decisions.decide("approve", [queue.current.id]);
  assert.equal(decisions.undoable, UNDO_DEPTH);
  for (let step = 0; step < UNDO_DEPTH; step += 1) await decisions.undo();
  assert.equal(ids(queue), "defghijklmnopqrstuvwxyz");
  await decisions.undo();
  assert.equal(types().at(-1), "nothing");
});

test("a selection is one decision and one undo", async () => {
  const { queue, decisions } = review("abcd");
  await decisions.decide("approve", ["b", "c"]);
  assert.equal(ids(queue), "ad");
  await decisions.undo();
  assert.equal(ids(queue), "abcd");
});

test("who comes second is told and has nothing to undo", async () => {
  const { queue, server, decisions, told } = review("abc");
  server.stale.add("a");
  await decisions.decide("approve", ["a"]);
  assert.deepEqual(told.at(-1), ["conflict", { id: "a", message: "a was not decided", waits: false }]);
  assert.equal(ids(queue), "bc");
  assert.equal(decisions.undoable, 0);
});

test("what was said too early is said to be otherwise, for those of which it is not so", async () => {
  const { queue, server, decisions } = review("abcde");
  const refused = [];
  decisions.addEventListener("refused", ({ detail: { action, refused: ids } }) => refused.push([action, ids]));
  server.stale = new Set("bc");
  await decisions.decide("approve", ["a"]);
  await decisions.decide("reject", ["b"]);
  await decisions.decide("approve", ["c", "d"]);
  server.down = true;
  await decisions.decide("reject", [queue.current.id]);
  assert.deepEqual(refused, [["reject", ["b"]], ["approve", ["c"]], ["reject", ["e"]]]);
});

test("of a selection only what was decided can be undone", async () => {
  const { queue, server, decisions } = review("abc");
  server.stale.add("a");
  await decisions.decide("approve", ["a", "b"]);
  await decisions.undo();
  assert.equal(queue.items.length, 2);
  assert.equal(queue.current.id, "b");
});

test("what did not reach the server is back in its place", async () => {
  const { queue, server, decisions, told, types } = review("abc");
  server.down = true;
  await decisions.decide("approve", ["a"]);
  assert.equal(ids(queue), "abc");
  assert.equal(queue.current.id, "a");
  assert.deepEqual(types(), ["decided", "failed"]);
  assert.deepEqual(told.at(-1)[1].taken.map(({ item }) => item.id), ["a"]); // which wait again
  assert.equal(decisions.undoable, 0);
});

test("an undo that did not reach the server can be tried again", async () => {
  const { queue, server, decisions, told } = review("ab");
  await decisions.decide("approve", ["a"]);
  server.down = true;
  await decisions.undo();
  assert.deepEqual(told.at(-1)[1].taken, []); // nothing of it waits
  assert.equal(ids(queue), "b");
  server.down = false;
  await decisions.undo();
  assert.equal(ids(queue), "ab");
});

test("there is nothing to decide in an empty queue", async () => {
  const { server, decisions } = review("");
  await decisions.decide("approve", []);
  assert.deepEqual(server.calls, []);
});
