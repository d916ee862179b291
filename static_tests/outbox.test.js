import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../static/js/outbox.js";

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

const PAGES = { forbidden, full: () => storage({ room: 0 }) };
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

test("of many the twenty newest are kept", () => {
  assert.equal(ids(filled("abcdefghijklmnopqrstuvwxyz")), "ghijklmnopqrstuvwxyz");
});

test("only what is named is taken out, and everything if that is meant", () => {
  const outbox = filled("abc");
  outbox.remove("b");
  outbox.remove("z");
  assert.equal(ids(outbox), "ac");
  outbox.clear();
  assert.deepEqual(outbox.items, []);
});

test("every change is told, after it was made", () => {
  const outbox = new Outbox(storage());
  const told = [];
  outbox.addEventListener("change", () => told.push(ids(outbox)));
  outbox.add(correction("a"));
  outbox.add(correction("b"));
  outbox.remove("a");
  outbox.clear();
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

test("where nothing can be stored it waits for the life of the page", async () => {
  for (const [name, page] of Object.entries(PAGES)) {
    const outbox = filled("abcd", page());
    outbox.add(correction("a"));
    outbox.remove("c");
    assert.equal(ids(outbox), "bda", name);
    await outbox.flush(server("d").send);
    assert.equal(ids(outbox), "da", name);
    outbox.clear();
    assert.deepEqual(outbox.items, [], name);
  }
});

test("a storage that fills up keeps what it has, and nothing waits twice", () => {
  const kept = storage();
  const outbox = filled("ab", kept);
  kept.room = kept.unsent.length;
  outbox.add(correction("c"));
  assert.equal(ids(outbox), "abc");
  assert.equal(ids(new Outbox(kept)), "ab");
});

test("what found no room is stored when there is some", () => {
  const kept = storage();
  const outbox = filled("ab", kept);
  kept.room = kept.unsent.length;
  outbox.add(correction("c"));
  outbox.remove("a");
  assert.equal(ids(new Outbox(kept)), "bc");
  assert.equal(ids(outbox), "bc");
});

test("pictures leave room for what others store, and wait all the same", async () => {
  const kept = storage();
  const outbox = new Outbox(kept);
  const picture = "x".repeat(900_000);
  for (const id of "abc") outbox.add(correction(id, picture));
  assert.ok(kept.unsent.length <= 2_000_000, String(kept.unsent.length));
  assert.equal(ids(new Outbox(kept)), "ab");
  const { sent, send } = server();
  await outbox.flush(send);
  assert.deepEqual(sent, ["a", "b", "c"]);
  assert.deepEqual(new Outbox(kept).items, []);
});
