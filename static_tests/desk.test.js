import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Corrections } from "../static/js/corrections.js";
import { Desk } from "../static/js/desk.js";
import { request } from "../static/js/http.js";
import { Outbox } from "../static/js/storage.js";
import { Pending, Refusal } from "../static/js/frames.js";
import { Clock } from "./clock.js";
import { network } from "./network.js";

const URL = "/corrections";
const STROKES = [[[1, 2], [3, 4]]];
const NOT_REACHED = "The server cannot be reached.";
const LABEL = "7";

afterEach(() => mock.restoreAll());

/** The live connection, as far as it is asked: frames go to `asked`, `say` and `refuse` answer. */
class FakeLive extends EventTarget {
  open = true;
  asked = [];
  #pending = new Pending();

  async ask(frame, answers) {
    if (!this.open) throw new Refusal("lost");
    return this.#pending.add(this.asked.push(frame), answers);
  }

  say(frame) {
    this.#pending.heard(frame);
    this.dispatchEvent(new CustomEvent(frame.type, { detail: frame }));
    return settle();
  }

  refuse(code) {
    this.#pending.refused({ n: this.asked.length, code });
    return settle();
  }

  lose() {
    this.open = false;
    this.#pending.lost();
    return settle();
  }
}

/** Let promises settle. */
const settle = () => new Promise(setImmediate);

function storage(values = new Map()) {
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
}

function fullStorage() {
  const setItem = () => {
    throw new Error("full");
  };
  return { getItem: () => null, setItem };
}

function json(status, body) {
  return { ok: status < 400, status, json: async () => body };
}

function receipt({ id, label }) {
  return { id, status: "pending", version: null, label, predicted: "9", created: "then" };
}

const SERVER = {
  takes: (method, body) => (method === "POST" ? json(201, receipt(body)) : json(200, [])),
  gone: () => {
    throw new TypeError("network");
  },
  refuses: (status, message) => () => json(status, { error: { code: "x", message } }),
};

/**
 * A desk. `requests` came over HTTP and are answered by `answer`, which tests replace; `notes` is what
 * the person was told.
 */
function setUp({ kept = storage(), waiting = "", open = true } = {}) {
  const clock = new Clock();
  mock.method(Date, "now", () => 1e12 + clock.time);
  const live = new FakeLive();
  live.open = open;
  const outbox = new Outbox(kept);
  for (const id of waiting) outbox.add(kind.drawing(id));
  const corrections = new Corrections(() => request("GET", URL), kept);
  const notes = [];
  const desk = new Desk(URL, live, outbox, corrections, (text, action) => notes.push({ text, action }));
  const requests = [];
  const page = { clock, live, outbox, corrections, desk, notes, requests, answer: SERVER.takes };
  mock.method(globalThis, "fetch", async (url, { method, body }) => {
    requests.push({ method, url, body: body && JSON.parse(body) });
    return page.answer(method, body && JSON.parse(body));
  });
  page.told = () => notes.map(({ text }) => text);
  page.lines = () => requests.map(({ method, url, body }) => [method, url, body?.id].join(" ").trim());
  return page;
}

/** Corrections as they wait and as they go over HTTP. */
const kind = {
  drawing: (id) => ({ id, label: LABEL, charset: "all", device: "pen", strokes: STROKES }),
  picture: (id) => ({ id, label: LABEL, charset: "all", device: "upload", image: "data:," }),
};

/** As a verdict hands it over. */
function correction(id, { confirms = false, source = "drawing" } = {}) {
  const predicted = confirms ? LABEL : "9";
  return { ...kind[source](id), predicted, confirms, probabilities: [1], stale: undefined };
}

const ids = ({ items }) => items.map(({ id }) => id).join("");

/** Say what `id` is, and let it get as far as it gets by itself. */
async function submit(page, id, options) {
  const submitted = page.desk.submit(correction(id, options));
  await settle();
  return { submitted };
}

/** Corrections that the server has. */
async function listed(letters, options) {
  const page = setUp(options);
  for (const id of letters) await page.desk.submit(correction(id, { source: "picture" }));
  page.requests.length = 0;
  return page;
}

test("a drawing goes over the socket, which has its strokes, and is listed with its receipt", async () => {
  const page = setUp();
  const { submitted } = await submit(page, "a");
  assert.deepEqual(page.live.asked, [{ type: "verdict", label: LABEL, id: "a", device: "pen" }]);
  assert.equal(ids(page.corrections), "");
  const frame = { type: "receipt", id: "a", status: "pending", version: null };
  page.live.say(frame);
  assert.deepEqual(await submitted, frame);
  const [{ id, label, predicted, status, strokes, created }] = page.corrections.items;
  assert.deepEqual([id, label, predicted, status], ["a", LABEL, "9", "pending"]);
  assert.deepEqual(strokes, STROKES);
  assert.ok(!Number.isNaN(Date.parse(created)));
  assert.deepEqual([page.requests, page.outbox.items, page.notes], [[], [], []]);
});

test("over the socket a right answer is just called right", async () => {
  const page = setUp();
  await submit(page, "a", { confirms: true });
  assert.deepEqual(page.live.asked, [{ type: "verdict", correct: true, id: "a", device: "pen" }]);
});

test("of a drawing that is not on the canvas any more it goes over HTTP, with its strokes", async () => {
  const page = setUp();
  await page.desk.submit({ ...correction("a"), moved: true });
  assert.deepEqual([page.live.asked, page.requests[0].body], [[], kind.drawing("a")]);
});

test("other frames, and receipts for others, are not the receipt", async () => {
  const page = setUp();
  const { submitted } = await submit(page, "a");
  const other = await submit(page, "b");
  await page.live.say({ type: "prediction", id: "a", covers: 9 });
  await page.live.say({ type: "receipt", id: "z", status: "approved" });
  assert.equal(ids(page.corrections), "");
  await page.live.say({ type: "receipt", id: "b", status: "pending" });
  assert.equal(ids(page.corrections), "b");
  await page.live.say({ type: "receipt", id: "a", status: "pending" });
  assert.equal((await submitted).id, "a");
  assert.equal((await other.submitted).id, "b");
});

test("a picture goes over HTTP, with nothing that is the page's own business", async () => {
  const page = setUp();
  const outcome = await page.desk.submit(correction("a", { source: "picture" }));
  assert.deepEqual(page.live.asked, []);
  assert.deepEqual(page.requests, [{ method: "POST", url: URL, body: kind.picture("a") }]);
  assert.deepEqual(outcome, receipt({ id: "a", label: LABEL }));
  assert.equal(ids(page.corrections), "a");
});

test("what the socket does not bring goes over HTTP under the same id, with its label", async () => {
  const ways = {
    "it is closed": (page) => page.live.lose(),
    "it closes on the way": async (page) => page.live.lose(),
    "no receipt comes": async ({ clock }) => clock.pass(8_000),
    "the server does not want it there": ({ live }) => live.refuse("type"),
  };
  for (const [name, fail] of Object.entries(ways)) {
    const page = setUp({ open: name !== "it is closed" });
    const { submitted } = await submit(page, "a", { confirms: true });
    await fail(page);
    assert.equal((await submitted).status, "pending", name);
    assert.deepEqual(page.requests, [{ method: "POST", url: URL, body: kind.drawing("a") }], name);
    assert.equal(ids(page.corrections), "a", name);
    assert.deepEqual([page.outbox.items, page.notes], [[], []], name);
  }
});

test("without a network the socket is not asked: it may not have noticed yet", async (t) => {
  const page = setUp();
  page.answer = SERVER.gone;
  network(t)(false);
  assert.equal((await page.desk.submit(correction("a"))).status, "waiting");
  assert.deepEqual([page.live.asked, page.lines()], [[], ["POST /corrections a"]]);
});

test("what the server cannot do now is not asked of it in another way, but kept", async () => {
  const reasons = { unavailable: "Corrections cannot be stored right now.", rate: "That was too often." };
  for (const [code, reason] of Object.entries(reasons)) {
    const page = setUp();
    const { submitted } = await submit(page, "a");
    page.live.refuse(code);
    assert.deepEqual(await submitted, { id: "a", status: "waiting" });
    assert.deepEqual(page.requests, [], code);
    assert.deepEqual(page.outbox.items, [kind.drawing("a")]);
    assert.deepEqual(page.told(), [`${reason} 1 correction waits here.`]);
  }
});

test("without a way to the server it waits here, and may be sent again", async () => {
  for (const source of ["drawing", "picture"]) {
    const page = setUp({ open: false });
    page.answer = SERVER.gone;
    const outcome = await page.desk.submit(correction("a", { source }));
    assert.deepEqual(outcome, { id: "a", status: "waiting" });
    assert.deepEqual(page.outbox.items, [kind[source]("a")]);
    assert.equal(ids(page.corrections), "");
    assert.equal(page.notes[0].text, `${NOT_REACHED} 1 correction waits here.`);
    assert.equal(page.notes[0].action.name, "Send again");
  }
});

test("it waits whatever keeps the server from taking it for the time being", async () => {
  for (const status of [429, 500, 502, 503, 507]) {
    const page = setUp({ open: false });
    page.answer = SERVER.refuses(status, "later");
    assert.equal((await page.desk.submit(correction("a"))).status, "waiting", String(status));
    assert.equal(ids(page.outbox), "a");
    assert.doesNotMatch(page.told()[0], /reached/);
  }
});

test("what the server will never take is not kept, and told", async () => {
  for (const status of [400, 403, 404, 409, 413, 415, 422]) {
    const page = setUp({ open: false });
    page.answer = SERVER.refuses(status, "no ink was found");
    assert.equal(await page.desk.submit(correction("a")), null, String(status));
    assert.deepEqual([page.outbox.items, page.outbox.unsent], [[], []]);
    assert.equal(ids(page.corrections), "");
    assert.deepEqual(page.notes, [{ text: "No ink was found.", action: undefined }]);
  }
});

test("a storage that is full does not turn what was sent into what was not", async () => {
  const page = setUp({ kept: fullStorage(), open: false });
  assert.equal((await page.desk.submit(correction("a"))).status, "pending");
  assert.deepEqual([page.outbox.items, page.notes], [[], []]);
  assert.equal(ids(page.corrections), "a");
});

test("what finds no room here is not called kept: they are told, and may say it again", async () => {
  const page = setUp({ kept: fullStorage(), open: false });
  page.answer = SERVER.gone;
  assert.equal(await page.desk.submit(correction("a")), null);
  const [{ text, action }] = page.notes;
  assert.match(text, /^The server cannot be reached. No room here for this one: say it again /);
  assert.equal(action.name, "Send again");
  page.answer = SERVER.takes;
  assert.equal((await page.desk.submit(correction("b"))).status, "pending");
});

test("what is being sent is kept, but does not wait, and is gone from here with its receipt", async () => {
  const page = setUp();
  const told = [];
  page.outbox.addEventListener("change", () => told.push(page.outbox.items.length));
  const { submitted } = await submit(page, "a");
  assert.deepEqual([page.outbox.items, page.outbox.unsent], [[], ["a"]]);
  await page.live.say({ type: "receipt", id: "a", status: "pending" });
  await submitted;
  assert.deepEqual([page.outbox.unsent, page.notes], [[], []]);
  assert.deepEqual([...new Set(told)], [0]);
});

test("a page that goes away while it sends leaves that to the next one", async () => {
  const kept = storage();
  await submit(setUp({ kept }), "a"); // and nothing comes back any more
  const next = setUp({ kept });
  assert.deepEqual(next.outbox.items, []);
  await next.live.say({ type: "hello" });
  await settle();
  assert.deepEqual(next.requests[0], { method: "POST", url: URL, body: kind.drawing("a") });
  assert.deepEqual(next.outbox.unsent, []);
  assert.deepEqual(next.told(), ["Sent. Thank you."]);
});

test("what a page that went away left is there for the next one without a socket, too", async () => {
  const kept = storage();
  await submit(setUp({ kept }), "a");
  const next = setUp({ kept, open: false });
  await next.desk.load();
  assert.deepEqual(next.outbox.items, [kind.drawing("a")]);
  await next.desk.sendAgain();
  assert.deepEqual(next.told(), ["Sent. Thank you."]);
});

test("a connection that comes back does not send once more what is under way", async () => {
  const page = setUp();
  await submit(page, "a");
  await page.live.say({ type: "hello" });
  await settle();
  assert.deepEqual([page.requests, page.notes, page.outbox.items], [[], [], []]);
});

test("what another page has sent meanwhile is stored all the same, and waits nowhere", async () => {
  const kept = storage();
  const page = setUp({ kept });
  const { submitted } = await submit(page, "a");
  const other = setUp({ kept });
  await other.live.say({ type: "hello" });
  await settle();
  await page.live.say({ type: "receipt", id: "a", status: "pending" });
  assert.equal((await submitted).status, "pending");
  assert.equal(ids(page.corrections), "a");
  assert.deepEqual([page.outbox.unsent, page.notes], [[], []]);
});

test("deleting everything takes back what another page is sending", async () => {
  const kept = storage();
  const page = setUp({ kept });
  const { submitted } = await submit(page, "a");
  const other = setUp({ kept });
  other.desk.discard();
  assert.deepEqual(other.outbox.unsent, ["a"], "it does not wait");
  await other.desk.withdrawAll();
  await page.live.say({ type: "receipt", id: "a", status: "pending" });
  assert.equal(await submitted, null);
  assert.ok(page.outbox.withdrew("a"));
  assert.equal(ids(page.corrections), "");
});

test("a page that stores nothing tells that what waits goes with it", async () => {
  const page = setUp({ kept: { ...storage(), passing: true }, open: false });
  page.answer = SERVER.gone;
  await page.desk.submit(correction("a"));
  assert.deepEqual(page.told(), [`${NOT_REACHED} 1 correction waits until this page closes.`]);
});

test("sent again, each goes under its id, is listed and waits no more", async () => {
  const page = setUp({ waiting: "ab" });
  await page.desk.sendAgain();
  assert.deepEqual(page.requests.map(({ body }) => body), [kind.drawing("a"), kind.drawing("b")]);
  assert.deepEqual(page.outbox.items, []);
  assert.equal(ids(page.corrections), "ba");
  assert.equal(page.corrections.items[0].predicted, "9", "as the server has it");
  assert.deepEqual(page.told(), ["Sent. Thank you."]);
});

test("what the server had already when it is sent again counts and is listed once", async () => {
  const page = await listed("ab");
  page.outbox.add(kind.drawing("a"));
  page.answer = (method, body) => json(200, receipt(body));
  await page.desk.sendAgain();
  assert.equal(ids(page.corrections), "ab");
  assert.deepEqual(page.outbox.items, []);
});

test("the note that says so sends again by one press", async () => {
  const page = setUp({ open: false });
  page.answer = SERVER.gone;
  await page.desk.submit(correction("a"));
  page.answer = SERVER.takes;
  await page.notes[0].action.act();
  assert.deepEqual(page.outbox.items, []);
  assert.equal(page.told().at(-1), "Sent. Thank you.");
});

test("what still does not go waits on, and is offered again", async () => {
  const page = setUp({ waiting: "ab" });
  page.answer = SERVER.gone;
  await page.desk.sendAgain();
  assert.equal(page.requests.length, 1);
  assert.equal(ids(page.outbox), "ab");
  assert.deepEqual(page.told(), [`${NOT_REACHED} 2 corrections wait here.`]);
  assert.equal(page.notes[0].action.name, "Send again");
});

test("one that is refused for good does not hold up the others, and is told", async () => {
  const page = setUp({ waiting: "abc" });
  const refuse = SERVER.refuses(422, "no ink was found");
  page.answer = (method, body) => (body.id === "b" ? refuse() : SERVER.takes(method, body));
  const gone = [];
  page.corrections.addEventListener("gone", ({ detail }) => gone.push(detail));
  await page.desk.sendAgain();
  assert.deepEqual(page.outbox.items, []);
  assert.equal(ids(page.corrections), "ca");
  assert.deepEqual(page.told(), ["No ink was found."]);
  assert.deepEqual(gone, ["b"]); // and can be said otherwise
});

test("of several troubles the one is told that leaves corrections waiting", async () => {
  const page = setUp({ waiting: "abc" });
  const answers = [SERVER.refuses(422, "no ink was found"), SERVER.gone];
  page.answer = () => answers.shift()();
  await page.desk.sendAgain();
  assert.equal(ids(page.outbox), "bc");
  assert.deepEqual(page.told(), [`${NOT_REACHED} 2 corrections wait here.`]);
});

test("pressed twice, each is sent once", async () => {
  const page = setUp({ waiting: "ab" });
  await Promise.all([page.desk.sendAgain(), page.desk.sendAgain()]);
  assert.deepEqual(page.lines(), ["POST /corrections a", "POST /corrections b"]);
});

test("whenever the connection is back, what waits is sent, and then the list is fetched", async () => {
  const page = setUp({ waiting: "ab" });
  await page.live.say({ type: "hello" });
  await settle();
  assert.deepEqual(page.lines(), ["POST /corrections a", "POST /corrections b", "GET /corrections"]);
  assert.deepEqual(page.outbox.items, []);
  assert.deepEqual(page.told(), ["Sent. Thank you."]);
});

test("what does not go then either waits on, and is offered", async () => {
  const page = setUp({ waiting: "ab" });
  page.answer = SERVER.refuses(507, "disk full");
  await page.live.say({ type: "hello" });
  await settle();
  assert.equal(ids(page.outbox), "ab");
  assert.deepEqual(page.told(), ["Corrections cannot be stored right now. 2 corrections wait here."]);
  assert.equal(page.notes[0].action.name, "Send again");
});

test("who never corrected anything is not asked about, and hears nothing", async () => {
  const page = setUp();
  await page.live.say({ type: "hello" });
  assert.deepEqual([page.requests, page.notes], [[], []]);
});

test("a connection that is back brings the list up to date", async () => {
  const page = await listed("a");
  page.answer = () => json(200, [{ id: "b" }, { id: "a" }]);
  await page.live.say({ type: "hello" });
  assert.deepEqual(page.lines(), ["GET /corrections"]);
  assert.equal(ids(page.corrections), "ba");
});

test("however often it is to be brought up to date, the list is fetched every two seconds at most", async () => {
  const page = await listed("a");
  for (let time = 0; time < 5; time += 1) page.desk.refresh();
  await settle();
  assert.deepEqual(page.lines(), ["GET /corrections"]);
  page.clock.pass(1_999);
  await settle();
  assert.equal(page.requests.length, 1);
  page.clock.pass(1);
  await settle();
  assert.equal(page.requests.length, 2, "what changed meanwhile is not missed");
  page.clock.pass(60_000);
  await settle();
  assert.equal(page.requests.length, 2);
});

test("a list that does not come leaves what is known, without a word", async () => {
  const page = await listed("ab");
  page.answer = SERVER.gone;
  await page.desk.load();
  assert.equal(ids(page.corrections), "ba");
  assert.deepEqual(page.notes, []);
  page.answer = () => json(200, [{ id: "c" }]);
  await page.desk.load();
  assert.equal(ids(page.corrections), "c");
});

test("what others decide about mine is told in words", async () => {
  const page = await listed("ab");
  await page.live.say({ type: "receipt", id: "a", status: "approved", version: null });
  assert.equal(page.corrections.items[1].status, "approved");
  assert.deepEqual(page.notes, []);
  page.clock.pass(400);
  assert.deepEqual(page.told(), ["Your correction to 7: approved, waiting for training."]);
  await page.live.say({ type: "receipt", id: "a", status: "training" });
  await page.live.say({ type: "receipt", id: "b", status: "rejected" });
  page.clock.pass(400);
  assert.equal(page.told().at(-1), "2 of your corrections moved on.");
});

test("the receipt for what I sent is no news", async () => {
  const page = setUp();
  await submit(page, "a");
  await page.live.say({ type: "receipt", id: "a", status: "pending" });
  await page.live.say({ type: "receipt", id: "a", status: "pending" });
  page.clock.pass(400);
  assert.deepEqual(page.notes, []);
});

test("taken back means deleted on the server, and gone from the list", async () => {
  const page = await listed("ab", { waiting: "c" });
  assert.equal(await page.desk.withdraw("a"), true);
  assert.equal(ids(page.outbox), "c");
  assert.deepEqual(page.lines(), ["DELETE /corrections/a"]);
  assert.equal(ids(page.corrections), "b");
  assert.deepEqual(page.notes, []);
});

test("what is gone already counts as taken back", async () => {
  const page = await listed("ab");
  page.answer = SERVER.refuses(404, "no such correction");
  assert.equal(await page.desk.withdraw("a"), true);
  assert.equal(await page.desk.withdrawAll(), true);
  assert.equal(ids(page.corrections), "");
});

test("what the server does not delete stays listed, and that is told", async () => {
  const answers = [SERVER.gone, SERVER.refuses(507, "disk full"), SERVER.refuses(403, "this is not yours")];
  for (const [index, answer] of answers.entries()) {
    const page = await listed("ab");
    page.answer = answer;
    assert.equal(await page.desk.withdraw("a"), false);
    assert.equal(await page.desk.withdrawAll(), false);
    assert.equal(ids(page.corrections), "ba");
    const told = index < 2 ? "That was not possible. Try again in a moment." : "This is not yours.";
    assert.deepEqual(page.told(), [told, told]);
  }
});

test("what only waits here is taken back here", async () => {
  const page = setUp({ waiting: "ab" });
  page.answer = SERVER.gone;
  assert.equal(await page.desk.withdraw("a"), true);
  assert.equal(ids(page.outbox), "b");
  assert.deepEqual(page.notes, []);
});

test("what waits here may be stored there all the same, and is deleted there, too", async () => {
  const page = setUp({ waiting: "ab" });
  assert.equal(await page.desk.withdraw("a"), true);
  assert.deepEqual(page.requests.map(({ method, url }) => [method, url.at(-1)]), [["DELETE", "a"]]);
});

test("whoever shows what was said hears what of it was taken back", async () => {
  const page = await listed("ab", { waiting: "cd" });
  const gone = [];
  page.corrections.addEventListener("gone", ({ detail }) => gone.push(detail));
  await page.desk.withdraw("a");
  page.desk.discard();
  await settle();
  assert.deepEqual([...new Set(gone)], ["a", "c", "d"]);
  assert.deepEqual([page.outbox.items, ids(page.corrections)], [[], "b"]);
  await page.desk.withdrawAll();
  assert.equal(gone.at(-1), null);
});

test("nobody hears that something was taken back which the server still has", async () => {
  const page = await listed("a");
  page.corrections.addEventListener("gone", assert.fail);
  page.answer = SERVER.gone;
  assert.equal(await page.desk.withdraw("a"), false);
});

test("deleting everything deletes what waits, what is listed and what the server has", async () => {
  const page = await listed("ab", { waiting: "cd" });
  assert.equal(await page.desk.withdrawAll(), true);
  await settle();
  assert.deepEqual(page.lines().sort(), ["DELETE /corrections", "DELETE /corrections/c", "DELETE /corrections/d"]);
  assert.deepEqual([page.outbox.items, page.corrections.items], [[], []]);
  assert.deepEqual(page.told(), ["Your corrections are deleted."]);
  await late(page);
  page.requests.length = 0;
  await page.live.say({ type: "hello" });
  assert.deepEqual(page.requests, [], "and there is nothing to ask about");
});

test("what waited when everything was deleted does not go to the server afterwards", async () => {
  const page = setUp({ waiting: "abc" });
  const sent = page.desk.sendAgain();
  await page.desk.withdrawAll();
  await sent;
  assert.deepEqual(page.lines().filter((line) => line.startsWith("POST")), ["POST /corrections a"]);
  assert.equal(ids(page.corrections), "");
  assert.deepEqual(page.told(), ["Your corrections are deleted."]);
});

test("taken back without a way to the server, it is deleted there when there is one", async () => {
  const kept = storage();
  const page = setUp({ kept, waiting: "ab", open: false });
  page.answer = SERVER.gone;
  assert.equal(await page.desk.withdraw("a"), true);
  await settle();
  assert.equal(ids(page.outbox), "b");
  const next = setUp({ kept }); // they left, and came back
  await next.live.say({ type: "hello" });
  await settle();
  assert.deepEqual(next.lines(), ["DELETE /corrections/a", "POST /corrections b", "GET /corrections"]);
});

/** A server where what is sent arrives when the test says so; `stored` is what it has. */
function slowly(page) {
  const stored = new Set();
  const arrivals = [];
  mock.method(globalThis, "fetch", async (url, { method, body }) => {
    page.requests.push({ method, url, body: body && JSON.parse(body) });
    const id = body ? JSON.parse(body).id : url.split("/").at(2);
    if (method === "DELETE") {
      if (!id) stored.clear();
      return id && !stored.delete(id) ? SERVER.refuses(404, "no such correction")() : json(200, {});
    }
    if (method === "GET") return json(200, []);
    return new Promise((resolve, reject) => {
      const answer = () => resolve(json(201, receipt({ id, label: LABEL })));
      arrivals.push({ store: () => stored.add(id), answer, lose: () => reject(new TypeError("network")) });
    });
  });
  return { stored, arrivals };
}

const UNDER_WAY = {
  "the answer comes": ({ store, answer }) => (store(), answer()),
  "the answer is lost": ({ store, lose }) => (store(), lose()),
  "it never arrives": ({ lose }) => lose(),
  "it arrives late": ({ store, lose }) => (lose(), setTimeout(store, 10_000)),
};
const BEGUN = {
  "said just now": (page) => page.desk.submit(correction("a", { source: "picture" })),
  "sent again": (page) => (page.outbox.add(kind.picture("a")), page.desk.sendAgain()),
};
const TAKEN_BACK = {
  one: (page) => page.desk.withdraw("a"),
  all: (page) => page.desk.withdrawAll(),
};

/** Long enough for nothing to be under way any more. */
async function late(page) {
  page.clock.pass(60_000);
  await settle();
}

for (const [beginning, begin] of Object.entries(BEGUN)) {
  for (const [end, arrive] of Object.entries(UNDER_WAY)) {
    for (const [what, takeBack] of Object.entries(TAKEN_BACK)) {
      test(`taken back (${what}) under way, ${beginning}: if ${end}, the server has nothing in the end`, async () => {
        const page = setUp();
        const { stored, arrivals } = slowly(page);
        const under = begin(page);
        await settle();
        assert.equal(await takeBack(page), true);
        await settle();
        arrive(arrivals[0]);
        await under;
        await late(page);
        assert.deepEqual([...stored], []);
        assert.deepEqual([page.outbox.items, page.corrections.items], [[], []]);
        assert.deepEqual(page.told(), what === "all" ? ["Your corrections are deleted."] : []);
        await page.live.say({ type: "hello" });
        await settle();
        assert.deepEqual(page.requests.filter(({ method }) => method === "POST").length, 1);
      });
    }
  }
}

test("an answer that comes after the server has deleted it does not list it again", async () => {
  const page = setUp();
  const { stored, arrivals } = slowly(page);
  const submitted = page.desk.submit(correction("a", { source: "picture" }));
  await settle();
  arrivals[0].store();
  await page.desk.withdraw("a");
  await settle();
  assert.deepEqual([...stored], []);
  arrivals[0].answer();
  assert.equal(await submitted, null);
  assert.equal(ids(page.corrections), "");
});

test("what the server cannot delete now is deleted there later", async () => {
  const page = setUp({ waiting: "a" });
  page.answer = SERVER.refuses(507, "disk full");
  assert.equal(await page.desk.withdraw("a"), true);
  await late(page);
  page.answer = SERVER.takes;
  page.requests.length = 0;
  await late(page);
  assert.deepEqual(page.lines(), ["DELETE /corrections/a"]);
  await late(page);
  assert.equal(page.requests.length, 1);
});

test("the personal memory is forgotten once an answer covers the request", async () => {
  const page = setUp();
  let done = null;
  page.live.asked.push("frames", "before");
  page.desk.forget().then((forgotten) => (done = forgotten));
  await settle();
  assert.deepEqual(page.live.asked.at(-1), { type: "forget" });
  await page.live.say({ type: "prediction", covers: 2 });
  await page.live.say({ type: "version", covers: 3 });
  assert.deepEqual([done, page.notes], [null, []]);
  await page.live.say({ type: "prediction", covers: 3 });
  assert.equal(done, true);
  assert.deepEqual(page.told(), ["Forgotten: you are answered like everybody else."]);
});

test("a memory that could not be emptied is not called forgotten", async () => {
  const failures = {
    refused: ({ live }) => live.refuse("unavailable"),
    lost: ({ live }) => live.lose(),
    silent: ({ clock }) => clock.pass(8_000),
  };
  for (const [name, fail] of Object.entries(failures)) {
    const page = setUp();
    const forgotten = page.desk.forget();
    await settle();
    fail(page);
    assert.equal(await forgotten, false, name);
    assert.deepEqual(page.told(), ["That was not possible. Try again in a moment."], name);
  }
});
