import assert from "node:assert/strict";
import { test } from "node:test";

import { Blindness } from "../feedback/static/feedback/review/blindness.js";
import { Cards } from "../feedback/static/feedback/review/cards.js";
import { describe } from "../feedback/static/feedback/review/strip.js";
import { announcement, refusal } from "../feedback/static/feedback/review/words.js";

class Client {
  asked = [];
  fails = new Set();

  async card(id) {
    this.asked.push(id);
    if (this.fails.has(id)) throw new Error("no answer");
    return { html: `<${id}>` };
  }
}
const items = (ids) => [...ids].map((id) => ({ id }));

test("a card that was fetched ahead is there at once", async () => {
  const client = new Client();
  const cards = new Cards(client, ({ html }) => html);
  cards.keep(items("abc"));
  assert.equal(await cards.get("b"), "<b>");
  assert.deepEqual(client.asked, ["a", "b", "c"]);
});

test("only what is wanted is kept", () => {
  const client = new Client();
  const cards = new Cards(client, ({ html }) => html);
  cards.keep(items("abc"));
  cards.keep(items("bcd"));
  assert.deepEqual(cards.ids.sort(), ["b", "c", "d"]);
  assert.deepEqual(client.asked, ["a", "b", "c", "d"]);
});

test("a card that could not be fetched is asked for again", async () => {
  const client = new Client();
  client.fails.add("a");
  const cards = new Cards(client, ({ html }) => html);
  await assert.rejects(cards.get("a"));
  client.fails.clear();
  assert.equal(await cards.get("a"), "<a>");
});

test("a card that was dropped is fetched anew", async () => {
  const client = new Client();
  const cards = new Cards(client, ({ html }) => html);
  await cards.get("a");
  cards.drop("a");
  await cards.get("a");
  assert.deepEqual(client.asked, ["a", "a"]);
});

test("a card that was asked for before a decision is outdated until it is asked for again", async () => {
  const client = new Client();
  const cards = new Cards(client, ({ html }) => html);
  cards.keep(items("ab"));
  assert.equal(cards.isOutdated("a"), false);
  cards.outdate();
  cards.keep(items("abc"));
  assert.deepEqual(["a", "b", "c", "d"].map((id) => cards.isOutdated(id)), [true, true, false, false]);
  client.fails.add("a");
  await assert.rejects(cards.renewed("a"));
  assert.equal(cards.isOutdated("a"), true);
  client.fails.clear();
  assert.equal(await cards.renewed("a"), "<a>");
  assert.deepEqual([cards.isOutdated("a"), cards.isOutdated("b")], [false, true]);
});

test("blind mode hides each item until it is revealed, and the next one again", () => {
  const queue = { current: { id: "a" } };
  const switches = { blind: true };
  const blindness = new Blindness(switches, queue);
  assert.equal(blindness.on, true);
  blindness.reveal();
  assert.equal(blindness.on, false);
  queue.current = { id: "b" };
  assert.equal(blindness.on, true);
  switches.blind = false;
  assert.equal(blindness.on, false);
  switches.blind = true;
  queue.current = null;
  assert.equal(blindness.on, false);
});

test("an item in words tells nothing to the blind", () => {
  const item = { short: "1f2e3d4c", label: "7", predicted: "1", confidence: "62 %" };
  assert.equal(describe(item, false), "Drawing 1f2e3d4c, user says 7, model said 1 62 %");
  assert.equal(describe(item, true), "Drawing 1f2e3d4c");
  assert.match(describe({ ...item, predicted: null }, false), /model was not sure$/);
  assert.match(describe({ ...item, personal: true }, false), /, their memory said 1 62 %$/);
});

test("a decision in words says what comes next", () => {
  assert.equal(announcement({ action: "relabel", label: "7", taken: [1] }, "Drawing x"), "Approved as 7. Next: Drawing x.");
  assert.equal(announcement({ action: "reject", taken: [1, 2] }, null), "Rejected 2 items. Nothing is left.");
});

test("a decision that was refused is not called done", () => {
  const one = { taken: [{ item: { id: "a", short: "0a" } }], refused: ["a"] };
  assert.equal(refusal({ action: "reject", ...one }, "Drawing x"), "Rejecting drawing 0a did not count. Next: Drawing x.");
  assert.equal(refusal({ action: "relabel", label: "7", ...one }, null), "Approving drawing 0a as 7 did not count. Nothing is left.");
  const many = { action: "approve", taken: [1, 2, 3], refused: ["a"] };
  assert.equal(refusal(many, "Drawing x"), "Approving 1 of 3 items did not count. Next: Drawing x.");
});
