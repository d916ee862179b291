import assert from "node:assert/strict";
import { test } from "node:test";

import { Socket } from "../static/js/socket.js";
import { Clock } from "./clock.js";
import { network } from "./network.js";
import { FakeWebSocket } from "./server.js";

function setUp(random = () => 0.5) {
  const clock = new Clock();
  FakeWebSocket.all = [];
  const states = [];
  const messages = [];
  const socket = new Socket(
    "ws://here/",
    {
      state: (state) => states.push(state),
      message: (frame) => messages.push(frame),
      probe: () => ({ type: "probe" }),
    },
    { connect: (url) => new FakeWebSocket(url), now: clock.now, random },
  );
  socket.start();
  return { clock, socket, states, messages };
}

test("frames carry increasing numbers, from one again on a new connection", () => {
  const { clock, socket } = setUp();
  FakeWebSocket.last.accept();
  socket.send({ type: "a" });
  socket.send({ type: "b" });
  assert.deepEqual(FakeWebSocket.last.sent, [{ type: "a", n: 1 }, { type: "b", n: 2 }]);
  FakeWebSocket.last.lose();
  clock.pass(500);
  FakeWebSocket.last.accept();
  assert.equal(socket.send({ type: "c" }), 1);
});

/** Let no connection come about for `ms`, and return the longest wait between two attempts. */
function fail(clock, ms) {
  let [longest, last, known] = [0, clock.time, FakeWebSocket.all.length];
  FakeWebSocket.last.lose();
  for (const end = clock.time + ms; clock.time < end; clock.pass(1)) {
    if (FakeWebSocket.all.length === known) continue;
    longest = Math.max(longest, clock.time - last);
    [last, known] = [clock.time, FakeWebSocket.all.length];
    FakeWebSocket.last.lose();
  }
  return longest;
}

test("a lost connection comes back by itself, soon at first and later the longer it takes", () => {
  const { clock, states } = setUp(() => 1);
  FakeWebSocket.last.lose();
  clock.pass(499);
  assert.equal(FakeWebSocket.all.length, 1);
  clock.pass(1);
  assert.equal(FakeWebSocket.all.length, 2);
  assert.deepEqual(states, ["connecting", "waiting", "connecting"]);
  assert.equal(fail(clock, 14_000), 1000);
  const inTheFirstMinute = fail(clock, 44_000);
  assert.ok(inTheFirstMinute > 2000 && inTheFirstMinute <= 4000, String(inTheFirstMinute));
  assert.ok(fail(clock, 300_000) > 10_000);
});

test("many failures before a connection was stable make nobody wait long for the next server", () => {
  const { clock, socket } = setUp(() => 1);
  fail(clock, 300_000);
  while (socket.state !== "connecting") clock.pass(1);
  FakeWebSocket.last.accept();
  FakeWebSocket.last.say({ type: "prediction" });
  clock.pass(10_001);
  assert.equal(fail(clock, 8000), 1000);
});

test("after the end of a login it connects again, and slower where that goes on", () => {
  const { clock, socket } = setUp(() => 1);
  const waits = [];
  while (clock.time < 90_000) {
    FakeWebSocket.last.accept();
    clock.pass(5000);
    FakeWebSocket.last.lose(4401);
    assert.equal(socket.state, "waiting");
    const known = FakeWebSocket.all.length;
    const lost = clock.time;
    while (FakeWebSocket.all.length === known) clock.pass(1);
    waits.push(clock.time - lost);
  }
  assert.equal(waits[0], 500);
  assert.ok(waits.at(-1) > 4000, String(waits));
});

test("only ten seconds of connection make up for earlier failures", () => {
  const { clock, socket } = setUp();
  FakeWebSocket.last.lose();
  clock.pass(500);
  FakeWebSocket.last.accept();
  clock.pass(3000);
  FakeWebSocket.last.lose();
  assert.equal(socket.failures, 2);
  clock.pass(1000);
  FakeWebSocket.last.accept();
  clock.pass(10_001);
  FakeWebSocket.last.lose();
  assert.equal(socket.failures, 1);
});

test("a person who comes back does not wait for the back-off", () => {
  const { socket } = setUp();
  FakeWebSocket.last.lose();
  socket.probe();
  assert.equal(FakeWebSocket.all.length, 2);
  socket.probe();
  assert.equal(FakeWebSocket.all.length, 2, "and not twice at once");
});

test("a connection that does not answer a frame in time is dead", () => {
  const { clock, socket, states } = setUp();
  FakeWebSocket.last.accept();
  socket.send({ type: "a" });
  clock.pass(7000);
  assert.ok(FakeWebSocket.all[0].closed);
  assert.ok(states.includes("waiting"));
});

test("a server that accepts and never greets is dead too", () => {
  const { clock } = setUp();
  FakeWebSocket.last.onopen();
  clock.pass(7000);
  assert.ok(FakeWebSocket.all[0].closed);
});

test("an answered connection lives, and silence is probed", () => {
  const { clock, socket, states } = setUp();
  const wire = FakeWebSocket.last;
  wire.accept();
  socket.send({ type: "a" });
  wire.say({ type: "prediction" });
  clock.pass(20_000);
  assert.equal(wire.sent.length, 1);
  clock.pass(7000);
  assert.deepEqual(wire.sent.at(-1), { type: "probe", n: 2 });
  wire.say({ type: "prediction" });
  clock.pass(20_000);
  assert.deepEqual(states, ["connecting", "open"]);
});

test("what a lost connection still says is not heard", () => {
  const { messages } = setUp();
  const wire = FakeWebSocket.last;
  wire.accept();
  const late = wire.onmessage;
  wire.lose();
  assert.equal(wire.onmessage, null);
  assert.ok(late);
  assert.deepEqual(messages.map(({ type }) => type), ["hello"]);
});

test("no more than fifty frames in any second", () => {
  const { clock, socket } = setUp();
  const wire = FakeWebSocket.last;
  wire.accept();
  const times = [];
  for (let index = 0; index < 3000; index += 1) {
    if (socket.ready) {
      times.push(clock.time);
      socket.send({ type: "a" });
      wire.say({ type: "prediction" });
    }
    clock.pass(1);
  }
  times.forEach((time, index) => assert.ok(index < 50 || time - times[index - 50] >= 1000));
});

test("a congested connection is not fed", () => {
  const { socket } = setUp();
  FakeWebSocket.last.accept();
  assert.ok(socket.ready);
  FakeWebSocket.last.bufferedAmount = 100_000;
  assert.ok(!socket.ready);
});

test("stopped is for good", () => {
  const { clock, socket, states } = setUp();
  socket.stop();
  clock.pass(60_000);
  assert.equal(FakeWebSocket.all.length, 1);
  assert.equal(states.at(-1), "stopped");
});

test("without a network a connection that does not answer is given up sooner, and one that does is kept", (t) => {
  const say = network(t);
  for (const [onLine, patience] of [[true, 5000], [false, 2000]]) {
    say(onLine);
    const { clock, socket } = setUp();
    FakeWebSocket.last.accept();
    FakeWebSocket.last.say({ type: "welcome" });
    socket.probe();
    FakeWebSocket.last.say({ type: "prediction" });
    clock.pass(patience + 1000);
    assert.equal(socket.state, "open");
    socket.probe();
    clock.pass(patience - 1);
    assert.equal(socket.state, "open");
    clock.pass(1002);
    assert.equal(socket.state, "waiting");
    socket.stop();
  }
});
