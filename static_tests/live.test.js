import assert from "node:assert/strict";
import { test } from "node:test";

import { Live } from "../static/js/live.js";
import { Drawing } from "../static/js/strokes.js";
import { Clock } from "./clock.js";
import { FakeWebSocket, HELLO, Server } from "./server.js";

function setUp({ accept = true } = {}) {
  const clock = new Clock();
  FakeWebSocket.all = [];
  const drawing = new Drawing();
  const connect = (url) => new FakeWebSocket(url);
  const live = new Live("ws://here/", drawing, "all", { connect, now: clock.now, random: () => 0.5 });
  const told = [];
  for (const type of ["prediction", "problem"]) {
    live.addEventListener(type, ({ detail }) => told.push(detail));
  }
  live.start();
  if (accept) {
    FakeWebSocket.last.accept();
    predict(FakeWebSocket.last);
    FakeWebSocket.last.sent.length = told.length = 0;
    clock.pass(100);
  }
  return { clock, drawing, live, told };
}

function predict(wire, covers = wire.sent.at(-1)?.n ?? 0) {
  wire.say({ type: "prediction", covers, label: "3" });
}

/** Move the pen for `ms` at 120 samples a second, along a curve. */
function scrawl({ clock, drawing }, ms, phase = 0) {
  for (let time = 0; time < ms; time += 8) {
    const angle = (phase + time) / 180;
    drawing.extend([[500 + 300 * Math.cos(angle), 500 + 250 * Math.sin(1.7 * angle)]]);
    clock.pass(8);
  }
}

function replay(wire) {
  const server = new Server();
  for (const frame of wire.sent) server.apply(frame);
  return server;
}

test("the first point goes at once, what follows at most every 40 ms, the last at pen-up", () => {
  const page = setUp();
  const wire = FakeWebSocket.last;
  page.drawing.begin(500, 500);
  assert.equal(wire.sent.length, 1);
  scrawl(page, 400);
  const moving = wire.sent.length;
  assert.ok(moving >= 9 && moving <= 11, String(moving));
  page.clock.pass(3);
  page.drawing.extend([[10, 10]]);
  page.drawing.end();
  assert.deepEqual(wire.sent.at(-1).points.at(-1), [10, 10]);
  assert.deepEqual(replay(wire).strokes, page.drawing.points());
});

test("at 120 samples a second the way up stays under 200 bytes a prediction", () => {
  const page = setUp();
  const wire = FakeWebSocket.last;
  const seconds = 10;
  for (let stroke = 0; stroke < seconds; stroke += 1) {
    page.drawing.begin(500, 500);
    scrawl(page, 900, stroke * 900);
    page.drawing.end();
    page.clock.pass(100);
    predict(wire);
  }
  const predictions = 20 * seconds * 0.9;
  const header = 8; // of a masked websocket frame
  const bytes = wire.sent.reduce((sum, frame) => sum + JSON.stringify(frame).length + header, 0);
  assert.ok(bytes / predictions < 200, `${bytes / predictions} bytes`);
});

test("a connection lost in the middle of a stroke resumes with the whole drawing, and nothing is lost", () => {
  const page = setUp();
  page.drawing.begin(500, 500);
  scrawl(page, 300);
  FakeWebSocket.last.lose();
  scrawl(page, 400, 300);
  const wire = FakeWebSocket.last;
  assert.equal(FakeWebSocket.all.length, 2);
  wire.accept();
  assert.equal(wire.sent[0].type, "drawing");
  scrawl(page, 200, 700);
  page.drawing.end();
  assert.ok(wire.sent.slice(1).every(({ type }) => type === "points"));
  assert.deepEqual(replay(wire).strokes, page.drawing.points());
});

test("a page that connects with nothing drawn asks once, and so learns the round trip", () => {
  const { clock, live } = setUp({ accept: false });
  FakeWebSocket.last.accept();
  assert.deepEqual(FakeWebSocket.last.sent, [{ type: "charset", charset: "all", n: 1 }]);
  clock.pass(12);
  predict(FakeWebSocket.last);
  assert.equal(live.latency.quantile(0.5), 12);
});

test("the character set is told when it is not the server's", () => {
  const { clock, live } = setUp();
  live.charset = "letters";
  assert.deepEqual(FakeWebSocket.last.sent.map(({ charset }) => charset), ["letters"]);
  clock.pass(1000);
  FakeWebSocket.last.lose();
  clock.pass(1000);
  FakeWebSocket.last.accept();
  assert.equal(FakeWebSocket.last.sent[0].charset, "letters");
});

test("answers to a drawing that was cleared are not shown", () => {
  const { clock, drawing, told } = setUp();
  const wire = FakeWebSocket.last;
  drawing.begin(500, 500);
  drawing.extend([[600, 600]]);
  drawing.end();
  const old = wire.sent.at(-1).n;
  drawing.clear();
  predict(wire, old);
  clock.pass(50);
  predict(wire, old);
  assert.deepEqual(told, []);
  predict(wire);
  assert.equal(told.length, 1);
});

test("an undo that was redone in time still ends with an answer", () => {
  const { clock, drawing, told } = setUp();
  const wire = FakeWebSocket.last;
  drawing.begin(500, 500);
  drawing.extend([[600, 600]]);
  drawing.end();
  drawing.undo();
  drawing.redo();
  predict(wire);
  clock.pass(50);
  predict(wire);
  assert.equal(told.length, 1);
});

test("after a gap the whole drawing is sent again", () => {
  const page = setUp();
  const wire = FakeWebSocket.last;
  page.drawing.begin(500, 500);
  scrawl(page, 100);
  wire.say({ type: "error", code: "gap", message: "", n: wire.sent.at(-1).n });
  page.clock.pass(50);
  assert.equal(wire.sent.at(-1).type, "drawing");
  assert.deepEqual(wire.sent.at(-1).strokes, page.drawing.points());
  assert.deepEqual(page.told, []);
});

test("told that it is too fast, it pauses, slows down and makes up for what was dropped", () => {
  const page = setUp();
  const wire = FakeWebSocket.last;
  page.drawing.begin(500, 500);
  scrawl(page, 100);
  wire.say({ type: "error", code: "rate", message: "", n: wire.sent.at(-1).n });
  const before = wire.sent.length;
  scrawl(page, 900, 100);
  assert.equal(wire.sent.length, before);
  scrawl(page, 1000, 1000);
  const after = wire.sent.slice(before);
  assert.ok(after.some(({ type }) => type === "drawing"));
  assert.ok(after.length <= 14, String(after.length));
  assert.equal(page.told[0].code, "rate");
});

test("a drawing that the server does not take is said, and not sent again until it changes", () => {
  const page = setUp();
  const wire = FakeWebSocket.last;
  page.drawing.begin(500, 500);
  scrawl(page, 50);
  wire.say({ type: "error", code: "limit", message: "", n: wire.sent.at(-1).n });
  const before = wire.sent.length;
  scrawl(page, 500);
  page.drawing.end();
  assert.equal(wire.sent.length, before);
  assert.equal(page.told[0].code, "limit");
  page.drawing.clear();
  page.clock.pass(50);
  assert.equal(wire.sent.at(-1).type, "drawing");
  assert.deepEqual(wire.sent.at(-1).strokes, []);
});

test("a server without a model is asked again", () => {
  const { clock } = setUp();
  const wire = FakeWebSocket.last;
  wire.say({ type: "error", code: "unavailable", message: "", n: 1 });
  clock.pass(3100);
  assert.ok(wire.sent.length >= 1);
});

test("a newer protocol means that the page is out of date: it stops", () => {
  const { clock, live } = setUp({ accept: false });
  FakeWebSocket.last.onopen();
  FakeWebSocket.last.say({ ...HELLO, protocol: 2 });
  clock.pass(60_000);
  assert.equal(live.state, "outdated");
  assert.equal(FakeWebSocket.all.length, 1);
});

test("nothing is sent before the greeting", () => {
  const page = setUp({ accept: false });
  page.drawing.begin(500, 500);
  FakeWebSocket.last.onopen();
  scrawl(page, 200);
  assert.deepEqual(FakeWebSocket.last.sent, []);
  assert.equal(page.live.state, "connecting");
  FakeWebSocket.last.say(HELLO);
  assert.equal(FakeWebSocket.last.sent[0].type, "drawing");
});

test("a congested connection gets one frame with everything once it is free", () => {
  const page = setUp();
  const wire = FakeWebSocket.last;
  wire.bufferedAmount = 100_000;
  page.drawing.begin(500, 500);
  scrawl(page, 500);
  assert.deepEqual(wire.sent, []);
  wire.bufferedAmount = 0;
  page.clock.pass(60);
  assert.equal(wire.sent.length, 1);
  assert.deepEqual(replay(wire).strokes, page.drawing.points());
});
