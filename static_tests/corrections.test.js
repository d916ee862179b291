import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Corrections, LISTED } from "../static/js/corrections.js";
import { Clock } from "./clock.js";

const TOGETHER = 400; // ms

function storage(values = new Map()) {
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
}

const refuse = () => {
  throw new Error("no");
};
const item = (id, status = "pending") => ({ id, label: "7", status, version: null });

/** `told` has an entry for each event: the list after a change, the items of a piece of news. */
function setUp(letters = "", { kept = storage(), fetch = refuse } = {}) {
  const clock = new Clock();
  const corrections = new Corrections(fetch, kept);
  if (letters) corrections.items = [...letters].map((id) => item(id));
  const told = [];
  corrections.addEventListener("change", () => told.push(ids(corrections)));
  corrections.addEventListener("news", ({ detail }) => {
    told.push(detail.map(({ id, status }) => `${id} ${status}`));
  });
  return { clock, corrections, told, news: () => told.filter(Array.isArray) };
}
const ids = ({ items }) => items.map(({ id }) => id).join("");

test("who never corrected need not ask, and who did is known on the next page", () => {
  const kept = storage();
  const { corrections } = setUp("", { kept });
  assert.deepEqual([corrections.items, corrections.any], [[], false]);
  corrections.add(item("a"));
  assert.equal(corrections.any, true);
  assert.equal(setUp("", { kept }).corrections.any, true);
});

test("one taken back may not have been the only one", () => {
  const kept = storage();
  const { corrections } = setUp("", { kept });
  corrections.add(item("a"));
  corrections.remove("a");
  assert.equal(corrections.any, true);
});

test("after everything was deleted there is nothing to ask about", () => {
  const kept = storage();
  const { corrections, told } = setUp("", { kept });
  corrections.add(item("a"));
  corrections.clear();
  assert.equal(corrections.any, false);
  assert.equal(setUp("", { kept }).corrections.any, false);
  assert.deepEqual(told, ["a", ""]);
});

test("the server's list takes the place of what was known", async () => {
  const { corrections, told } = setUp("ab", { fetch: async () => [item("c"), item("b")] });
  await corrections.load();
  assert.deepEqual(told, ["cb"]);
});

test("a list tells that there are some, whatever this browser remembers", async () => {
  const { corrections } = setUp("", { fetch: async () => [item("a")] });
  await corrections.load();
  assert.equal(corrections.any, true);
});

test("a list that does not come leaves what is known", async () => {
  const { corrections, told } = setUp("ab", { fetch: async () => refuse() });
  await assert.rejects(corrections.load(), /no/);
  assert.equal(ids(corrections), "ab");
  assert.deepEqual(told, []);
});

test("the newest is first, and each is listed once, as it is now", () => {
  const { corrections } = setUp("ab");
  corrections.add(item("c"));
  corrections.add(item("b", "approved"));
  assert.equal(ids(corrections), "bca");
  assert.equal(corrections.items[0].status, "approved");
});

test("only what is named is taken out", () => {
  const { corrections, told } = setUp("abc");
  corrections.remove("b");
  assert.deepEqual(told, ["ac"]);
});

test("a receipt tells what a reviewer says that it is, until that is taken back", () => {
  const { corrections } = setUp("a");
  corrections.receipt({ id: "a", status: "approved", label: "1" });
  assert.deepEqual([corrections.items[0].said, corrections.items[0].label], ["7", "1"]);
  corrections.receipt({ id: "a", status: "pending" });
  assert.deepEqual([corrections.items[0].said, corrections.items[0].label], ["7", "7"]);
});

test("a receipt shows at once where a correction stands, and is news a moment later", () => {
  const { clock, corrections, told } = setUp("ab");
  corrections.receipt({ type: "receipt", id: "b", status: "live", version: 3, serving: [1, 4] });
  const { status, version, serving, label } = corrections.items[1];
  assert.deepEqual([status, version, serving, label], ["live", 3, [1, 4], "7"]);
  clock.pass(TOGETHER - 1);
  assert.deepEqual(told, ["ab"]);
  clock.pass(1);
  assert.deepEqual(told, ["ab", ["b live"]]);
});

test("receipts in quick succession are one piece of news, each correction as it stands at last", () => {
  const { clock, corrections, news } = setUp("abc");
  corrections.receipt({ id: "a", status: "approved" });
  clock.pass(TOGETHER / 2);
  corrections.receipt({ id: "c", status: "rejected" });
  corrections.receipt({ id: "a", status: "training" });
  clock.pass(TOGETHER / 2);
  assert.deepEqual(news(), [["a training", "c rejected"]]);
  clock.pass(10 * TOGETHER);
  assert.equal(news().length, 1);
});

test("what comes later is another piece of news", () => {
  const { clock, corrections, news } = setUp("ab");
  corrections.receipt({ id: "a", status: "approved" });
  clock.pass(TOGETHER);
  corrections.receipt({ id: "b", status: "approved" });
  clock.pass(TOGETHER);
  assert.deepEqual(news(), [["a approved"], ["b approved"]]);
});

test("the same receipt again is no news", () => {
  const { clock, corrections, news } = setUp("a");
  corrections.receipt({ id: "a", status: "pending", version: null });
  clock.pass(TOGETHER);
  assert.deepEqual(news(), []);
});

test("how far a version has spread shows and is no news", () => {
  const { clock, corrections, told, news } = setUp("a");
  corrections.receipt({ id: "a", status: "live", version: 3, serving: [1, 4] });
  clock.pass(TOGETHER);
  corrections.receipt({ id: "a", status: "live", version: 3, serving: [4, 4] });
  clock.pass(TOGETHER);
  assert.deepEqual(corrections.items[0].serving, [4, 4]);
  assert.equal(told.at(-1), "a");
  assert.equal(news().length, 1);
});

test("that learning is paused, or goes on, shows and is no news", () => {
  const { clock, corrections, told, news } = setUp("a");
  corrections.receipt({ id: "a", status: "approved" });
  clock.pass(TOGETHER);
  for (const paused of [true, undefined]) {
    corrections.receipt({ id: "a", status: "approved", paused });
    clock.pass(TOGETHER);
    assert.equal(corrections.items[0].paused, paused);
    assert.equal(told.at(-1), "a");
  }
  assert.equal(news().length, 1);
});

test("the version and its spread are as told last: after a rollback there is none", () => {
  const { corrections } = setUp("a");
  corrections.receipt({ id: "a", status: "live", version: 3, serving: [1, 4] });
  corrections.receipt({ id: "a", status: "approved" });
  assert.equal(corrections.items[0].version, null);
  assert.equal(corrections.items[0].serving, null);
});

test("a receipt that one was deleted elsewhere takes it out, and is no news", () => {
  const { clock, corrections, told, news } = setUp("abc");
  const gone = [];
  corrections.addEventListener("gone", ({ detail }) => gone.push(detail));
  corrections.receipt({ type: "receipt", id: "b", status: "deleted", version: null, serving: null });
  clock.pass(TOGETHER);
  assert.deepEqual([told, gone, news()], [["ac"], ["b"], []]);
});

test("what is not listed any more is not taken out once more", () => {
  const { corrections, told } = setUp("abc");
  const gone = [];
  corrections.addEventListener("gone", ({ detail }) => gone.push(detail));
  corrections.remove("b");
  for (const id of "bx") corrections.receipt({ id, status: "deleted" });
  assert.deepEqual([told, gone], [["ac"], ["b", "b", "x"]]);
});

test("a list from before something was deleted elsewhere does not bring it back", async () => {
  const answers = [];
  const { corrections } = setUp("", { fetch: () => new Promise((resolve) => answers.push(resolve)) });
  const loaded = corrections.load();
  corrections.receipt({ id: "a", status: "deleted" });
  answers[0]([item("a"), item("b")]);
  await new Promise((resolve) => setImmediate(resolve));
  answers[1]([item("b")]);
  await loaded;
  assert.equal(ids(corrections), "b");
});

test("receipts about what is not listed are ignored: the list tells when it comes", async () => {
  const { clock, corrections, told } = setUp("", { fetch: async () => [item("a", "approved")] });
  corrections.receipt({ id: "a", status: "approved" });
  assert.deepEqual(told, []);
  await corrections.load();
  corrections.receipt({ id: "a", status: "approved" });
  clock.pass(TOGETHER);
  assert.deepEqual(told.filter(Array.isArray), []);
  assert.equal(ids(corrections), "a");
});

test("where nothing can be stored the list is complete all the same", () => {
  const { corrections, told } = setUp("a", { kept: { getItem: () => null, setItem: refuse } });
  corrections.add(item("b"));
  corrections.clear();
  assert.deepEqual(told, ["ba", ""]);
  assert.equal(corrections.any, false);
});

test("where the storage does not say, there may be some", () => {
  const { corrections } = setUp("", { kept: { getItem: refuse, setItem: refuse } });
  assert.equal(corrections.any, true);
});

test("a list from before something was taken back does not bring it back", async () => {
  const answers = [];
  const { corrections } = setUp("ab", { fetch: () => new Promise((resolve) => answers.push(resolve)) });
  const loaded = corrections.load();
  corrections.remove("a");
  answers[0]([item("a"), item("b")]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ids(corrections), "b");
  answers[1]([item("b"), item("c")]);
  await loaded;
  assert.equal(ids(corrections), "bc");
});

test("what is missing from a newer list was taken back elsewhere", async () => {
  const { corrections } = setUp("abc", { fetch: async () => [item("d"), item("b")] });
  const gone = [];
  corrections.addEventListener("gone", ({ detail }) => gone.push(detail));
  await corrections.load();
  assert.deepEqual(gone, ["a", "c"]);
});

test("what is missing from a full list may only be older than all that is in it", async () => {
  const full = Array.from({ length: LISTED }, (_, index) => item(`new ${index}`));
  const { corrections } = setUp("a", { fetch: async () => full });
  corrections.addEventListener("gone", () => assert.fail("nobody knows"));
  await corrections.load();
  assert.equal(corrections.items.length, LISTED);
});

test("what this page does changes what is stored, so that other tabs hear of it; what it hears does not", async () => {
  const kept = storage();
  const { corrections } = setUp("", { kept, fetch: async () => [item("a"), item("b")] });
  const stored = [];
  let now = 1;
  mock.method(Date, "now", () => (now += 1));
  const steps = [
    () => corrections.add(item("a")),
    () => corrections.add(item("c")),
    () => corrections.load(),
    () => corrections.receipt({ id: "a", status: "approved" }),
    () => corrections.receipt({ id: "b", status: "deleted" }),
    () => corrections.remove("a"),
    () => corrections.clear(),
  ];
  for (const step of steps) {
    await step();
    stored.push(kept.getItem("corrected"));
  }
  mock.restoreAll();
  assert.deepEqual(stored, [2, 3, 3, 3, 3, 4, "no"]);
});
