import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Outbox } from "../static/js/storage.js";
import { Clock } from "./clock.js";

const MINUTE = 60_000; // ms

afterEach(() => {
  mock.restoreAll();
  mock.timers.reset();
});

/** A storage with room for `room` characters. */
function storage({ unsent = null, room = Infinity } = {}) {
  const kept = {
    unsent,
    room,
    getItem: (key) => kept[key] ?? null,
    setItem: (key, value) => {
      if (value.length > kept.room) throw new Error("full");
      kept[key] = value;
    },
  };
  return kept;
}

function forbidden() {
  const refuse = () => {
    throw new Error("forbidden");
  };
  return { getItem: refuse, setItem: refuse };
}

const correction = (id, image = "") => ({ id, label: "7", image });
const ids = (outbox) => outbox.items.map(({ id }) => id).join("");

function filled(letters, kept = storage()) {
  const outbox = new Outbox(kept);
  for (const id of letters) outbox.add(correction(id));
  return outbox;
}

/** A way to the server that takes all but `refused`; `sent` is what arrived there. */
function server(refused = "") {
  const sent = [];
  const send = async ({ id }) => {
    sent.push(id);
    return !refused.includes(id);
  };
  return { sent, send };
}

/** A way to the server where each item is under way until `arrive` is called. */
function slowServer() {
  const sent = [];
  const answers = [];
  const send = ({ id }) => {
    sent.push(id);
    return new Promise((resolve) => answers.push(resolve));
  };
  const arrive = async () => {
    answers.shift()(true);
    await new Promise(setImmediate);
  };
  return { sent, send, arrive };
}

test("what waits survives the page, the oldest first", () => {
  const kept = storage();
  filled("abc", kept);
  assert.deepEqual(new Outbox(kept).items, [correction("a"), correction("b"), correction("c")]);
});

test("what waits is the same in every tab", () => {
  const kept = storage();
  const [mine, other] = [new Outbox(kept), new Outbox(kept)];
  mine.add(correction("a"));
  other.add(correction("b"));
  assert.equal(ids(mine), "ab");
  mine.remove("a");
  assert.equal(ids(other), "b");
});

test("under one id one correction waits, the newest", () => {
  const outbox = filled("ab");
  outbox.add({ ...correction("a"), label: "1" });
  assert.deepEqual(outbox.items, [correction("b"), { ...correction("a"), label: "1" }]);
});

test("however many wait, none is given up for another", () => {
  const kept = storage();
  const outbox = new Outbox(kept);
  const letters = Array.from({ length: 300 }, (_, index) => `id ${index}`);
  for (const id of letters) assert.equal(outbox.add(correction(id)), true, id);
  assert.deepEqual(new Outbox(kept).items.map(({ id }) => id), letters);
});

test("only what is named is taken out", () => {
  const outbox = filled("abc");
  outbox.remove("b");
  outbox.remove("z");
  assert.equal(ids(outbox), "ac");
});

test("every change is told, after it was made", () => {
  const outbox = new Outbox(storage());
  const told = [];
  outbox.addEventListener("change", () => told.push(ids(outbox)));
  outbox.add(correction("a"));
  outbox.add(correction("b"));
  outbox.remove("a");
  outbox.withdraw(["b"]);
  assert.deepEqual(told, ["a", "ab", "b", ""]);
});

test("what the server takes is gone, the oldest first", async () => {
  const outbox = filled("abc");
  const { sent, send } = server();
  await outbox.flush(send);
  assert.deepEqual(sent, ["a", "b", "c"]);
  assert.deepEqual(outbox.items, []);
});

test("the next one goes when the one before has arrived", async () => {
  const outbox = filled("ab");
  const { sent, send, arrive } = slowServer();
  const flushed = outbox.flush(send);
  assert.deepEqual(sent, ["a"]);
  assert.equal(ids(outbox), "ab", "it waits until it has arrived");
  await arrive();
  assert.deepEqual(sent, ["a", "b"]);
  assert.equal(ids(outbox), "b");
  await arrive();
  await flushed;
});

test("the first one that cannot go ends it, and waits with all that come after it", async () => {
  const outbox = filled("abc");
  const { sent, send } = server("b");
  await outbox.flush(send);
  assert.deepEqual(sent, ["a", "b"]);
  assert.equal(ids(outbox), "bc");
});

test("after any failure it can be tried again", async () => {
  const outbox = filled("ab");
  const broken = async () => {
    throw new Error("broken");
  };
  await assert.rejects(outbox.flush(broken), /broken/);
  await outbox.flush(server("a").send);
  assert.equal(ids(outbox), "ab");
  await outbox.flush(server().send);
  assert.deepEqual(outbox.items, []);
});

test("asked twice at once, it sends once", async () => {
  const outbox = filled("a");
  const { sent, send, arrive } = slowServer();
  const flushed = [outbox.flush(send), outbox.flush(send)];
  assert.deepEqual(sent, ["a"]);
  await arrive();
  await Promise.all(flushed);
});

test("what comes while others are sent waits for the next time", async () => {
  const outbox = filled("a");
  const { sent, send, arrive } = slowServer();
  const flushed = outbox.flush(send);
  outbox.add(correction("b"));
  await arrive();
  assert.deepEqual(sent, ["a"]);
  assert.equal(ids(outbox), "b");
  await flushed;
});

test("what is taken back while others are sent does not go any more", async () => {
  const outbox = filled("abc");
  const { sent, send, arrive } = slowServer();
  const flushed = outbox.flush(send);
  outbox.remove("b");
  await arrive();
  assert.deepEqual(sent, ["a", "c"]);
  await arrive();
  await flushed;
  assert.deepEqual(outbox.items, []);
});

test("what another tab has sent meanwhile is not sent twice", async () => {
  const kept = storage();
  const outbox = filled("abc", kept);
  const { sent, send, arrive } = slowServer();
  const flushed = outbox.flush(send);
  await new Outbox(kept).flush(server().send);
  await arrive();
  assert.deepEqual(sent, ["a"]);
  await flushed;
});

test("a storage with something else in it is an empty one", () => {
  for (const unsent of ["{oops", "null", "7", '"text"', '{"id":"a"}', "[null]"]) {
    const outbox = new Outbox(storage({ unsent }));
    assert.deepEqual(outbox.items, [], unsent);
    outbox.add(correction("a"));
    outbox.remove("b");
    assert.equal(ids(outbox), "a", unsent);
  }
  assert.equal(ids(new Outbox(storage({ unsent: '[null,{"id":"a"}]' }))), "a");
});

test("what finds no room is not taken, and nothing makes room for it", () => {
  const kept = storage();
  const outbox = filled("ab", kept);
  kept.room = kept.unsent.length;
  outbox.addEventListener("change", assert.fail);
  assert.equal(outbox.add(correction("c")), false);
  assert.equal(ids(new Outbox(kept)), "ab");
  assert.equal(new Outbox(forbidden()).add(correction("a")), false);
});

test("once one was sent there is room again", () => {
  const kept = storage();
  const outbox = filled("ab", kept);
  kept.room = kept.unsent.length;
  outbox.remove("a");
  assert.equal(outbox.add(correction("c")), true);
  assert.equal(ids(new Outbox(kept)), "bc");
});

test("pictures leave room for what others store", () => {
  const kept = storage();
  const outbox = new Outbox(kept);
  const picture = "x".repeat(900_000);
  assert.deepEqual([..."abc"].map((id) => outbox.add(correction(id, picture))), [true, true, false]);
  assert.ok(kept.unsent.length <= 2_000_000, String(kept.unsent.length));
  assert.equal(ids(new Outbox(kept)), "ab");
});

test("a page that stores nothing says that what waits goes with it", () => {
  assert.ok(!filled("a").passing);
  assert.ok(filled("a", { ...storage(), passing: true }).passing);
});

/** An outbox of which `letters` were taken back at this moment; `pass` lets time go by. */
function takenBack(letters, kept = storage()) {
  const clock = new Clock();
  mock.method(Date, "now", () => 1e12 + clock.time);
  const outbox = filled(letters, kept);
  outbox.withdraw([...letters]);
  const pass = async (ms) => {
    clock.pass(ms);
    await new Promise(setImmediate);
  };
  return { outbox, pass };
}

test("what was taken back waits no more, in any tab, and its drawing is gone from the storage", () => {
  const kept = storage();
  const [mine, other] = [filled("ab", kept), new Outbox(kept)];
  mine.withdraw(["a"]);
  assert.deepEqual([ids(mine), ids(other), ids(new Outbox(kept))], ["b", "b", "b"]);
  assert.deepEqual(["a", "b"].map((id) => other.withdrew(id)), [true, false]);
  assert.doesNotMatch(kept.unsent, /"id":"a","label"/);
});

test("there is always room to take something back", () => {
  const kept = storage();
  const outbox = filled("a", kept);
  const picture = "x".repeat(1_999_800);
  outbox.add(correction("b", picture));
  outbox.withdraw(["never stored"]);
  assert.ok(outbox.withdrew("never stored"));
  assert.equal(ids(outbox), "ab");
});

test("the server is asked to delete it until nothing can arrive there any more", async () => {
  const { outbox, pass } = takenBack("ab");
  const asked = [];
  const erase = async (id) => asked.push(id);
  await outbox.settle(erase);
  assert.deepEqual(asked, ["a", "b"]);
  assert.ok(outbox.withdrew("a"), "a request may still be under way");
  await pass(MINUTE);
  assert.deepEqual(asked, ["a", "b", "a", "b"]);
  assert.ok(!outbox.withdrew("a") && !outbox.withdrew("b"));
  await pass(2 * MINUTE);
  assert.equal(asked.length, 4);
});

test("a server that cannot be reached is asked when it can, also from the next page", async () => {
  const kept = storage();
  const { outbox, pass } = takenBack("ab", kept);
  const away = mock.fn(async () => false);
  await outbox.settle(away);
  await pass(MINUTE);
  assert.deepEqual(away.mock.calls.map(({ arguments: [id] }) => id), ["a", "a"]);
  const next = new Outbox(kept);
  assert.ok(next.withdrew("a") && next.withdrew("b"));
  const there = mock.fn(async () => true);
  await next.settle(there);
  assert.deepEqual(there.mock.calls.map(({ arguments: [id] }) => id), ["a", "b"]);
  assert.ok(!next.withdrew("a") && !next.withdrew("b"));
});

test("what is taken back while it is under way stays taken back when it arrives", async () => {
  const outbox = filled("ab");
  const { sent, send, arrive } = slowServer();
  const flushed = outbox.flush(send);
  outbox.withdraw(["a"]);
  await arrive();
  assert.ok(outbox.withdrew("a"));
  await arrive();
  await flushed;
  assert.deepEqual(sent, ["a", "b"]);
  assert.deepEqual(outbox.items, []);
});
