import assert from "node:assert/strict";
import { test } from "node:test";

import { LABELS } from "../static/js/ranking.js";
import { Verdict } from "../static/js/verdict.js";
import { Clock } from "./clock.js";

const UNDO_FOR = 5_000; // ms
const probabilities = LABELS.map(() => 1 / LABELS.length);

/** An answer on show; drawings differ by their `key`. */
function answer(key, label = "7", more = {}) {
  return { key, label, probabilities, charset: "all", device: "pen", strokes: [[[1, 2]]], ...more };
}

/**
 * A verdict about `subject`, if there is one. `sent` and `withdrawn` are what left the page, and
 * `receive` and `takeBack` are what becomes of the oldest of them.
 */
function setUp(subject = answer("one")) {
  const clock = new Clock();
  const [sent, withdrawn, answers, states] = [[], [], [], []];
  const due = () => new Promise((resolve) => answers.push(resolve));
  const verdict = new Verdict(
    (correction) => {
      sent.push(correction);
      return due();
    },
    (id) => {
      withdrawn.push(id);
      return due();
    },
  );
  const arrive = async (outcome) => {
    answers.shift()(outcome);
    await new Promise(setImmediate);
  };
  const receive = (status = "pending") => arrive({ id: sent.at(-answers.length).id, status });
  if (subject) verdict.offer(subject);
  verdict.addEventListener("change", () => states.push(verdict.state));
  return { clock, verdict, sent, withdrawn, answers, states, receive, refuse: () => arrive(null), takeBack: arrive };
}

async function said(subject) {
  const page = setUp(subject);
  page.verdict.confirm();
  await page.receive();
  return page;
}

test("where nothing is on show there is nothing to say", () => {
  const { verdict, sent } = setUp(null);
  for (const time of ["at first", "again"]) {
    verdict.confirm();
    verdict.choose();
    verdict.name("7");
    assert.deepEqual([verdict.state, verdict.open, verdict.confirmable, sent], ["idle", false, false, []], time);
    assert.deepEqual([verdict.subject, verdict.outcome, verdict.undoable], [null, null, false], time);
    verdict.offer(answer("one"));
    verdict.offer(null);
  }
});

test("one press says that the answer is right", async () => {
  const { verdict, sent, states, receive } = setUp();
  assert.ok(verdict.confirmable);
  verdict.confirm();
  assert.equal(sent.length, 1);
  const { id, ...correction } = sent[0];
  const { key, ...subject } = answer("one");
  assert.deepEqual(correction, { ...subject, predicted: "7", confirms: true, moved: false });
  await receive();
  assert.deepEqual(states, ["sending", "said"]);
  assert.deepEqual(verdict.outcome, { id, status: "pending", label: "7", confirms: true });
});

test("two presses say what it is instead", async () => {
  const { verdict, sent, states, receive } = setUp();
  verdict.choose();
  verdict.name("1");
  await receive();
  const { label, predicted, confirms } = sent[0];
  assert.deepEqual([label, predicted, confirms], ["1", "7", false]);
  assert.equal(verdict.outcome.confirms, false);
  assert.deepEqual(states, ["choosing", "sending", "said"]);
});

test("a label says so by itself, and the answer's own label that it is right", () => {
  const { verdict, sent } = setUp();
  verdict.name("7");
  assert.deepEqual([sent[0].label, sent[0].confirms], ["7", true]);
});

test("what is pressed a second time does nothing", async () => {
  const { verdict, sent, states, receive } = setUp();
  const press = () => {
    verdict.confirm();
    verdict.name("7");
    verdict.choose();
    verdict.choose(true);
  };
  verdict.confirm();
  press();
  verdict.name("1");
  await receive();
  press();
  assert.equal(sent.length, 1);
  assert.deepEqual(states, ["sending", "said"]);
});

test("a label of any character set can be named, and nothing else", () => {
  const { verdict, sent } = setUp(answer("one", "7", { charset: "digits" }));
  for (const label of ["A", "", "10", undefined]) verdict.name(label);
  assert.deepEqual(sent, []);
  verdict.name("k");
  assert.deepEqual([sent[0].label, sent[0].charset], ["k", "digits"]);
});

test("who is not sure cannot be right, but the drawing can be named", () => {
  const { verdict, sent } = setUp(answer("one", null));
  assert.ok(!verdict.confirmable);
  verdict.confirm();
  assert.deepEqual(sent, []);
  verdict.name("1");
  assert.deepEqual([sent[0].predicted, sent[0].confirms], [null, false]);
});

test("an answer that nobody stands by any more cannot be right, but the drawing can be named", () => {
  const { verdict, sent } = setUp();
  verdict.offer(answer("one", "7", { stale: true }));
  assert.ok(verdict.open && !verdict.confirmable);
  verdict.confirm();
  assert.deepEqual(sent, []);
  verdict.name("1");
  assert.equal(sent.length, 1);
});

test("who was asked what it is can leave it, and is then not asked", () => {
  const { verdict } = setUp();
  verdict.choose();
  assert.ok(verdict.open && !verdict.confirmable);
  verdict.choose();
  assert.equal(verdict.state, "ready");
  verdict.choose(false);
  assert.equal(verdict.state, "ready");
  verdict.choose(true);
  verdict.choose(true);
  assert.equal(verdict.state, "choosing");
});

test("the same drawing, newly answered: what was said about it stands", async () => {
  const { verdict, sent, states, receive } = setUp();
  verdict.choose();
  verdict.offer(answer("one", "9"));
  assert.equal(verdict.state, "choosing");
  assert.equal(verdict.subject.label, "9");
  verdict.name("1");
  assert.equal(sent[0].predicted, "9");
  verdict.offer(answer("one", "1"));
  await receive();
  verdict.offer(answer("one", "1"));
  assert.equal(verdict.state, "said");
  assert.equal(verdict.outcome.status, "pending");
  assert.ok(verdict.undoable);
  assert.deepEqual(states, ["choosing", "choosing", "sending", "sending", "said", "said"]);
});

test("another drawing is judged anew, and none is not", async () => {
  const { verdict, states } = await said();
  states.length = 0;
  verdict.offer(answer("two"));
  assert.deepEqual([verdict.outcome, verdict.undoable], [null, false]);
  verdict.choose();
  verdict.offer(answer("three"));
  verdict.offer(null);
  assert.equal(verdict.subject, null);
  assert.deepEqual(states, ["ready", "choosing", "ready", "idle"]);
});

test("what was said of a drawing stands when it comes back, as what became of it meanwhile", async () => {
  const { verdict, sent, receive } = setUp();
  verdict.confirm();
  verdict.offer(null);
  verdict.offer(answer("one", "5", { charset: "digits" }));
  assert.deepEqual([verdict.state, verdict.open, verdict.confirmable], ["sending", false, false]);
  verdict.offer(answer("two"));
  await receive();
  assert.equal(verdict.state, "ready");
  verdict.receipt({ id: sent[0].id, status: "approved" });
  verdict.offer(answer("one"));
  assert.deepEqual([verdict.state, verdict.outcome.status, verdict.undoable], ["said", "approved", false]);
  verdict.offer(answer("two"));
  verdict.gone(sent[0].id);
  verdict.offer(answer("one"));
  assert.equal(verdict.state, "ready");
});

test("another label takes the place of what was said: that is taken back first", async () => {
  const { verdict, sent, withdrawn, states, receive, takeBack } = await said();
  states.length = 0;
  verdict.name("1");
  verdict.gone(sent[0].id); // as is told when it is taken back
  assert.deepEqual([sent.length, withdrawn], [1, [sent[0].id]]);
  await takeBack(true);
  assert.deepEqual([sent[1].label, sent[1].confirms, sent[1].moved], ["1", false, false]);
  await receive();
  assert.deepEqual(states, ["sending", "said"]);
  assert.deepEqual([verdict.outcome.id, verdict.undoable], [sent[1].id, true]);
  verdict.undo();
  assert.deepEqual(withdrawn, sent.map(({ id }) => id));
});

test("who draws on before another label has gone has said it all the same, of the drawing that it was", async () => {
  const { verdict, sent, receive, takeBack } = await said();
  verdict.name("1");
  verdict.offer(answer("two"));
  await takeBack(true);
  assert.deepEqual([sent[1].strokes, sent[1].moved], [[[[1, 2]]], true]);
  await receive();
  assert.equal(verdict.state, "ready");
  verdict.offer(answer("one"));
  assert.deepEqual([verdict.state, verdict.outcome.id], ["said", sent[1].id]);
});

test("what cannot be taken back, or was decided, is not replaced", async () => {
  const { verdict, sent, withdrawn, takeBack } = await said();
  verdict.name("1");
  await takeBack(false);
  assert.deepEqual([verdict.state, verdict.outcome.id, sent.length], ["said", sent[0].id, 1]);
  verdict.receipt({ id: sent[0].id, status: "approved" });
  verdict.name("1");
  assert.equal(withdrawn.length, 1);
});

test("what could not be taken back does not come back over what was said since", async () => {
  const { clock, verdict, sent, answers, receive, takeBack } = await said();
  verdict.name("1");
  clock.pass(800);
  verdict.undo();
  answers.pop()(true); // taken back sooner than what was said first
  await new Promise(setImmediate);
  verdict.name("4");
  await takeBack(false);
  await receive();
  assert.deepEqual([verdict.outcome.id, sent.at(-1).label], [sent.at(-1).id, "4"]);
});

test("who draws on while it is sent does not see what became of it under the new drawing", async () => {
  const { verdict, sent, receive } = setUp();
  verdict.confirm();
  verdict.offer(null);
  verdict.offer(answer("two"));
  await receive();
  assert.deepEqual([verdict.state, verdict.outcome, verdict.undoable], ["ready", null, false]);
  verdict.confirm();
  assert.equal(sent.length, 2);
});

test("receipts that come late and in another order go with their own drawings", async () => {
  const { verdict, sent, receive } = setUp();
  verdict.confirm();
  verdict.offer(answer("two"));
  verdict.name("1");
  await receive("approved");
  assert.equal(verdict.state, "sending");
  await receive();
  assert.equal(verdict.state, "said");
  assert.deepEqual(verdict.outcome, { id: sent[1].id, status: "pending", label: "1", confirms: false });
});

test("what was refused can be said otherwise, under another id", async () => {
  const { verdict, sent, states, refuse } = setUp();
  verdict.confirm();
  await refuse();
  assert.deepEqual([verdict.outcome, verdict.undoable], [null, false]);
  verdict.name("1");
  assert.deepEqual(states, ["sending", "ready", "sending"]);
  assert.notEqual(sent[0].id, sent[1].id);
});

test("a refusal that comes late does not close what is asked about another drawing", async () => {
  const { verdict, refuse } = setUp();
  verdict.confirm();
  verdict.offer(answer("two"));
  verdict.choose();
  await refuse();
  assert.equal(verdict.state, "choosing");
});

test("for five seconds it can be undone", async () => {
  const { clock, verdict, withdrawn, states } = await said();
  clock.pass(UNDO_FOR - 1);
  assert.ok(verdict.undoable);
  states.length = 0;
  clock.pass(1);
  assert.ok(!verdict.undoable);
  assert.deepEqual(states, ["said"], "which is told");
  await verdict.undo();
  assert.deepEqual(withdrawn, []);
});

test("undone, it is as if nothing was said", async () => {
  const { clock, verdict, sent, withdrawn, states, takeBack, receive } = await said();
  states.length = 0;
  verdict.undo();
  assert.deepEqual([verdict.state, verdict.undoable], ["said", false], "until it is taken back");
  assert.deepEqual(states, ["said"], "which is told");
  verdict.undo();
  assert.deepEqual(withdrawn, [sent[0].id]);
  await takeBack(true);
  assert.deepEqual([verdict.state, verdict.outcome], ["ready", null]);
  verdict.name("1");
  await receive();
  assert.notEqual(sent[1].id, sent[0].id);
  clock.pass(UNDO_FOR - 1);
  assert.ok(verdict.undoable);
});

test("what takes long to be sent is told, and can be undone meanwhile", async () => {
  const { clock, verdict, sent, withdrawn, states, refuse, takeBack } = setUp();
  verdict.confirm();
  clock.pass(799);
  assert.ok(!verdict.undoable);
  clock.pass(1);
  assert.deepEqual([states, verdict.undoable, verdict.outcome], [["sending", "sending"], true, null]);
  clock.pass(60_000);
  assert.ok(verdict.undoable);
  verdict.undo();
  assert.deepEqual(withdrawn, [sent[0].id]);
  await refuse(); // as is answered about what was taken back
  await takeBack(true);
  assert.deepEqual([verdict.state, verdict.undoable], ["ready", false]);
});

test("what could not be taken back stands", async () => {
  const { verdict, sent, takeBack } = await said();
  verdict.undo();
  await takeBack(false);
  assert.deepEqual([verdict.state, verdict.undoable], ["said", false]);
  assert.equal(verdict.outcome.id, sent[0].id);
});

test("who draws on while it is taken back is not disturbed", async () => {
  const { verdict, takeBack } = await said();
  verdict.undo();
  verdict.offer(answer("two"));
  verdict.choose();
  await takeBack(true);
  assert.equal(verdict.state, "choosing");
});

test("before anything is said there is nothing to undo", async () => {
  const { verdict, withdrawn } = setUp();
  await verdict.undo();
  verdict.confirm();
  await verdict.undo();
  assert.deepEqual(withdrawn, []);
});

test("each drawing has five seconds of its own", async () => {
  const { clock, verdict, receive } = await said();
  clock.pass(3_000);
  verdict.offer(answer("two"));
  verdict.confirm();
  await receive();
  clock.pass(UNDO_FOR - 1);
  assert.ok(verdict.undoable);
  clock.pass(1);
  assert.ok(!verdict.undoable);
});

test("a receipt shows what became of what was just said", async () => {
  const { verdict, sent, states } = await said();
  states.length = 0;
  const { id } = sent[0];
  verdict.receipt({ type: "receipt", id, status: "approved", version: null, serving: null, paused: true });
  assert.equal(verdict.outcome.paused, true);
  const live = { id, status: "live", version: 3, serving: [1, 4], paused: undefined, label: "9", said: "7" };
  verdict.receipt({ type: "receipt", ...live });
  assert.deepEqual(verdict.outcome, { ...live, confirms: true }); // a reviewer says 9
  assert.deepEqual(states, ["said", "said"]);
  assert.ok(verdict.undoable);
});

test("what was taken back elsewhere is as if nothing was said, and can be said again", async () => {
  for (const [name, gone] of Object.entries({ one: ({ id }) => id, all: () => null })) {
    const { verdict, sent } = await said();
    verdict.gone("other");
    assert.equal(verdict.state, "said", name);
    verdict.gone(gone(sent[0]));
    assert.deepEqual([verdict.state, verdict.outcome, verdict.undoable], ["ready", null, false], name);
    verdict.confirm();
    assert.notEqual(sent[1].id, sent[0].id);
  }
});

test("taking others back does not touch what is being asked or sent", () => {
  const { verdict } = setUp();
  verdict.choose();
  verdict.gone(null);
  assert.equal(verdict.state, "choosing");
  verdict.name("1");
  verdict.gone(null);
  assert.equal(verdict.state, "sending");
});

test("receipts about anything else change nothing here", async () => {
  const { verdict, sent, states, receive } = setUp();
  verdict.receipt({ id: "other", status: "approved" });
  verdict.confirm();
  await receive();
  verdict.receipt({ id: "other", status: "approved" });
  assert.equal(verdict.outcome.status, "pending");
  verdict.offer(answer("two"));
  verdict.receipt({ id: sent[0].id, status: "approved" });
  assert.equal(verdict.outcome, null);
  assert.deepEqual(states, ["sending", "said", "ready"]);
});

test("every correction has an id of its own that the server takes", () => {
  const { verdict, sent } = setUp();
  for (let key = 0; key < 200; key += 1) {
    verdict.offer(answer(key));
    verdict.confirm();
  }
  const ids = sent.map(({ id }) => id);
  assert.equal(new Set(ids).size, 200);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  const varies = [...ids[0]].map((_, place) => new Set(ids.map((id) => id[place])).size > 1);
  assert.equal(varies.filter(Boolean).length, 31, "all of it but the version and the dashes");
});
