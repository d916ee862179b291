import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Corrections } from "../static/js/corrections.js";
import { Desk } from "../static/js/desk.js";
import { Live } from "../static/js/live.js";
import { Drawing } from "../static/js/strokes.js";
import { Training } from "../static/js/training.js";
import { receipt, swapped } from "../static/js/words.js";
import { Clock } from "./clock.js";
import { FakeWebSocket, Server } from "./server.js";

afterEach(() => mock.timers.reset());

/** Let promises settle. */
const settle = () => new Promise(setImmediate);
const storage = { getItem: () => null, setItem: () => {} };

/** A page that is connected to version 1, and what it is told. */
function connected() {
  FakeWebSocket.all.length = 0;
  const clock = new Clock();
  const drawing = new Drawing();
  const connect = (url) => new FakeWebSocket(url);
  const live = new Live("ws://here/", drawing, "all", { connect, now: clock.now, random: () => 0.5 });
  const predictions = [];
  live.addEventListener("prediction", ({ detail }) => predictions.push(detail));
  live.start();
  const wire = FakeWebSocket.last;
  wire.accept();
  answer(wire);
  clock.pass(100);
  return { clock, drawing, live, predictions, wire };
}

function answer(wire, version = 1, covers = wire.sent.at(-1).n) {
  wire.say({ type: "prediction", covers, version, label: "3" });
}

function swap(wire, version, serving = [1, 1]) {
  wire.say({ type: "version", version, serving });
}

function draw({ clock, drawing }, points = [[100, 100], [200, 200]]) {
  drawing.begin(...points[0]);
  drawing.extend(points.slice(1));
  drawing.end();
  clock.pass(100);
}

/** What is sent while `act` runs, and a while after. */
function sent({ clock, wire }, act) {
  const before = wire.sent.length;
  act();
  clock.pass(100);
  return wire.sent.slice(before);
}

test("what is on the canvas goes to the new version as a new drawing", () => {
  const page = connected();
  draw(page);
  answer(page.wire);
  const frames = sent(page, () => swap(page.wire, 2));
  assert.deepEqual(frames.map(({ type }) => type), ["clear", "drawing"]);
  assert.deepEqual(frames[1].strokes, page.drawing.points());
});

test("told of the same version again, nothing is sent", () => {
  const page = connected();
  draw(page);
  swap(page.wire, 2, [1, 2]);
  page.clock.pass(100);
  assert.deepEqual(sent(page, () => swap(page.wire, 2, [2, 2])), []);
  assert.ok(sent(page, () => draw(page)).every(({ type }) => type === "points"));
});

test("never while the pen is down: the stroke is finished first", () => {
  const page = connected();
  page.drawing.begin(100, 100);
  page.clock.pass(100);
  const drawn = sent(page, () => {
    swap(page.wire, 2);
    page.drawing.extend([[200, 200]]);
  });
  assert.deepEqual(drawn.map(({ type }) => type), ["points"]);
  const frames = sent(page, () => page.drawing.end());
  assert.deepEqual(frames.map(({ type }) => type), ["clear", "drawing"]);
  const server = new Server();
  for (const frame of page.wire.sent) server.apply(frame);
  assert.deepEqual(server.strokes, page.drawing.points());
});

test("a stroke that is taken back ends the wait as well", () => {
  const page = connected();
  draw(page);
  page.drawing.begin(100, 100);
  page.clock.pass(100);
  swap(page.wire, 2);
  const frames = sent(page, () => page.drawing.cancel());
  assert.deepEqual(frames.map(({ type }) => type), ["clear", "drawing"]);
});

test("an empty canvas and a drawing begun since are the new version's anyway", () => {
  const page = connected();
  assert.deepEqual(sent(page, () => swap(page.wire, 2)), []);
  page.drawing.begin(100, 100);
  swap(page.wire, 3);
  const frames = sent(page, () => {
    page.drawing.clear();
    draw(page);
  });
  assert.deepEqual(frames.map(({ type }) => type), ["clear", "points"]);
});

test("a new connection has the new version already", () => {
  const page = connected();
  page.drawing.begin(100, 100);
  swap(page.wire, 2);
  page.wire.lose();
  page.clock.pass(2000);
  const wire = FakeWebSocket.last;
  wire.accept();
  page.clock.pass(100);
  page.drawing.end();
  page.clock.pass(100);
  assert.ok(wire.sent.every(({ type }) => type !== "clear"));
});

test("no answer of before is shown after, and none about the moment in between", () => {
  const page = connected();
  draw(page);
  const old = page.wire.sent.at(-1).n;
  const frames = sent(page, () => swap(page.wire, 2));
  page.predictions.length = 0;
  answer(page.wire, 1, old);
  answer(page.wire, 2, frames[0].n);
  assert.deepEqual(page.predictions, []);
  assert.equal(page.live.caughtUp, false);
  answer(page.wire, 2);
  assert.equal(page.predictions.length, 1);
  assert.equal(page.live.caughtUp, true);
});

/** A desk with corrections, and the notes that it shows. */
function desk(...items) {
  const clock = new Clock();
  const live = new EventTarget();
  const corrections = new Corrections(async () => [], storage);
  for (const item of items) corrections.add({ version: null, serving: null, label: "7", ...item });
  const notes = [];
  new Desk("", live, { items: [] }, corrections, (text) => notes.push(text));
  const tell = (type, detail) => live.dispatchEvent(new CustomEvent(type, { detail }));
  return { clock, corrections, notes, tell };
}

const SWAP = { version: 13, serving: [1, 4] };
const LIVE = { id: "a", status: "live", version: 13, serving: [1, 4] };

test("a new version is told of, and that it learned from me", () => {
  const { notes, tell } = desk({ id: "a", status: "live", version: 12 });
  tell("swap", SWAP);
  assert.deepEqual(notes, ["Version 13 is live."]);
  const page = desk(LIVE);
  page.tell("swap", SWAP);
  assert.deepEqual(page.notes, ["Version 13 is live. It learned from your correction."]);
});

test("whether the receipt comes before or after, it is told once that it learned from me", () => {
  const learned = "Version 13 is live. It learned from your correction.";
  const before = desk({ id: "a", status: "training" });
  before.tell("receipt", LIVE);
  before.clock.pass(500);
  before.tell("swap", SWAP);
  assert.deepEqual(before.notes, [learned]);
  const after = desk({ id: "a", status: "training" });
  after.tell("swap", SWAP);
  after.tell("receipt", LIVE);
  after.clock.pass(500);
  assert.deepEqual(after.notes, ["Version 13 is live.", learned]);
});

test("a rollback is told as such, and after it the same version again", () => {
  const { notes, tell } = desk(LIVE, { id: "b", status: "live", version: 12 });
  for (const [before, version] of [[11, 13], [13, 12], [12, 13]]) tell("swap", { before, version, serving: [1, 1] });
  const learned = "Version 13 is live. It learned from your correction.";
  assert.deepEqual(notes, [learned, "Version 12 is live again.", learned]);
});

test("corrections of several kinds are told of as before", () => {
  const { clock, notes, tell } = desk({ id: "a", status: "training" }, { id: "b", status: "pending" });
  tell("receipt", LIVE);
  tell("receipt", { id: "b", status: "approved" });
  clock.pass(500);
  assert.deepEqual(notes, ["2 of your corrections moved on."]);
});

test("each version frame says how many processes serve mine by now", () => {
  const { corrections, tell } = desk({ id: "b", status: "live", version: 12, serving: [4, 4] }, LIVE);
  tell("version", { version: 13, serving: [4, 4] });
  assert.deepEqual(corrections.items.map(receipt), ["Live in version 13, on 4 of 4 servers", "Live in version 12, on 4 of 4 servers"]);
});

test("what is not live any more has no version", () => {
  const { corrections, tell } = desk(LIVE);
  tell("receipt", { id: "a", status: "approved", version: null, serving: null });
  const [{ version, serving }] = corrections.items;
  assert.deepEqual([version, serving], [null, null]);
  assert.equal(receipt(corrections.items[0]), "Approved, waiting for training");
});

test("a version is told of in words", () => {
  assert.equal(swapped(13, 0), "Version 13 is live.");
  assert.equal(swapped(13, 2), "Version 13 is live. It learned from your corrections.");
});

/** Training that is followed while `page.wanted`, from a server that answers `page.runs`. */
function training(runs) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const page = { runs, wanted: true, asked: 0, shown: [] };
  const fetch = async () => {
    page.asked += 1;
    if (page.runs === null) throw new Error("404");
    return { runs: page.runs };
  };
  const follower = new Training(fetch, () => page.wanted, (text) => page.shown.push(text));
  page.follow = async () => {
    follower.follow();
    await settle();
  };
  page.pass = async (ms) => {
    mock.timers.tick(ms);
    await settle();
  };
  return page;
}

test("training is followed step by step, by one request at a time, while it is wanted", async () => {
  const page = training([{ id: 4, status: "failed", done: 3, total: 3, finished: "2026-11-21T10:00:00+00:00" }, { id: 5, status: "running", done: 40, total: 120 }]);
  await page.follow();
  await page.follow();
  page.runs[1].done = 80;
  await page.pass(2000);
  page.wanted = false;
  await page.pass(2000);
  await page.pass(2000);
  assert.deepEqual(page.shown, ["Training: 40 of 120 steps", "Training: 80 of 120 steps", ""]);
  assert.equal(page.asked, 2);
});

test("a run that has not begun is waited for", async () => {
  const page = training([]);
  await page.follow();
  page.runs = [{ id: 5, status: "running", done: 1, total: 120 }];
  await page.pass(2000);
  assert.deepEqual(page.shown, ["", "Training: 1 of 120 steps"]);
});

test("what comes before and after the steps is told as well", async () => {
  const run = { id: 5, status: "queued", finished: null, judging: false, done: 0, total: 0 };
  const page = training([run]);
  await page.follow();
  Object.assign(run, { status: "running", total: 120, done: 120 });
  await page.pass(2000);
  Object.assign(run, { status: "gating", judging: true });
  await page.pass(2000);
  Object.assign(run, { status: "rejected", judging: false, finished: "2026-11-21T10:00:00+00:00" });
  await page.pass(2000);
  const told = ["Preparing", "Training: 120 of 120 steps", "Being judged", ""];
  assert.deepEqual(page.shown, told);
});

test("a server that does not tell is not asked again until something changes", async () => {
  const page = training(null);
  await page.follow();
  await page.pass(10_000);
  assert.deepEqual([page.asked, page.shown], [1, [""]]);
  await page.follow();
  assert.equal(page.asked, 2);
});

test("who has nothing in training asks nothing", async () => {
  const page = training([]);
  page.wanted = false;
  await page.follow();
  assert.equal(page.asked, 0);
});
