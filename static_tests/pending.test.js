import assert from "node:assert/strict";
import { test } from "node:test";

import { Pending, Refusal } from "../static/js/frames.js";
import { Clock } from "./clock.js";

/** `ask(n, type)` is a request that a frame of this type answers; `told` is what they came to. */
function setUp() {
  const clock = new Clock();
  const pending = new Pending();
  const told = [];
  const watch = (n, promise) => {
    promise.then(
      (frame) => told.push([n, frame]),
      ({ code }) => told.push([n, code]),
    );
  };
  const ask = (n, type) => watch(n, pending.add(n, (frame) => frame.type === type));
  return { clock, pending, told, ask, settle: () => new Promise(setImmediate) };
}

test("a request is answered by the first frame that is about it", async () => {
  const { pending, told, ask, settle } = setUp();
  ask(1, "a");
  pending.heard({ type: "hello" });
  pending.heard({ type: "b" });
  await settle();
  assert.deepEqual(told, []);
  pending.heard({ type: "a", first: true });
  pending.heard({ type: "a", first: false });
  await settle();
  assert.deepEqual(told, [[1, { type: "a", first: true }]]);
});

test("a request that has its answer looks at no more frames", async () => {
  const { pending } = setUp();
  let looked = 0;
  const promise = pending.add(1, () => (looked += 1) > 0);
  pending.heard({});
  pending.heard({});
  await promise;
  assert.equal(looked, 1);
});

test("answers come in any order", async () => {
  const { pending, told, ask, settle } = setUp();
  ask(1, "a");
  ask(2, "b");
  pending.heard({ type: "b" });
  pending.heard({ type: "a" });
  await settle();
  assert.deepEqual(told, [[2, { type: "b" }], [1, { type: "a" }]]);
});

test("one frame can answer all that wait for it, and each knows its own number", async () => {
  const { pending } = setUp();
  const covered = ({ covers }, n) => covers >= n;
  const early = pending.add(3, covered);
  const late = pending.add(5, covered);
  pending.heard({ covers: 2 });
  pending.heard({ covers: 4 });
  pending.heard({ covers: 9 });
  assert.deepEqual(await Promise.all([early, late]), [{ covers: 4 }, { covers: 9 }]);
  const both = [pending.add(10, covered), pending.add(11, covered)];
  pending.heard({ covers: 11 });
  assert.deepEqual(await Promise.all(both), [{ covers: 11 }, { covers: 11 }]);
});

test("a refusal is for the request with its number, and says why", async () => {
  const { pending, told, ask, settle } = setUp();
  ask(1, "a");
  const promise = pending.add(2, () => false);
  assert.equal(pending.refused({ n: 2, code: "rate", message: "slow down" }), true);
  const refusal = await promise.catch((error) => error);
  assert.ok(refusal instanceof Refusal);
  assert.deepEqual([refusal.code, refusal.message], ["rate", "slow down"]);
  await settle();
  assert.deepEqual(told, [], "the other one goes on waiting");
  pending.heard({ type: "a" });
  await settle();
  assert.deepEqual(told, [[1, { type: "a" }]]);
});

test("a refusal without words has its code", () => {
  assert.equal(new Refusal("lost").message, "lost");
});

test("errors about nothing that waits are somebody else's", async () => {
  const { pending, told, ask, settle } = setUp();
  ask(1, "a");
  ask(2, "b");
  assert.equal(pending.refused({ code: "limit" }), false);
  assert.equal(pending.refused({ n: 7, code: "gap" }), false);
  pending.heard({ type: "a" });
  assert.equal(pending.refused({ n: 1, code: "rate" }), false, "it was answered before");
  assert.equal(pending.refused({ n: 2, code: "rate" }), true);
  assert.equal(pending.refused({ n: 2, code: "rate" }), false, "it was refused before");
  await settle();
  assert.deepEqual(told, [[1, { type: "a" }], [2, "rate"]]);
});

test("what is not answered within eight seconds is lost, and a late answer is nobody's", async () => {
  const { clock, pending, told, ask, settle } = setUp();
  ask(1, "a");
  clock.pass(4_000);
  ask(2, "b");
  clock.pass(3_999);
  await settle();
  assert.deepEqual(told, []);
  clock.pass(1);
  await settle();
  assert.deepEqual(told, [[1, "lost"]]);
  pending.heard({ type: "a" });
  assert.equal(pending.refused({ n: 1, code: "rate" }), false);
  clock.pass(4_000);
  await settle();
  assert.deepEqual(told, [[1, "lost"], [2, "lost"]]);
});

test("what was under way is lost with the connection", async () => {
  const { pending, told, ask, settle } = setUp();
  ask(1, "a");
  ask(2, "b");
  pending.lost();
  pending.lost();
  pending.heard({ type: "a" });
  await settle();
  assert.deepEqual(told, [[1, "lost"], [2, "lost"]]);
});

test("a new connection counts from one again, and each request has its own eight seconds", async () => {
  const ends = {
    answered: ({ pending }) => pending.heard({ type: "a" }),
    refused: ({ pending }) => pending.refused({ n: 1, code: "rate" }),
    lost: ({ pending }) => pending.lost(),
  };
  for (const [name, end] of Object.entries(ends)) {
    const page = setUp();
    page.ask(1, "a");
    page.clock.pass(5_000);
    end(page);
    await page.settle();
    page.told.length = 0;
    page.ask(1, "b");
    page.clock.pass(7_999);
    await page.settle();
    assert.deepEqual(page.told, [], name);
    page.pending.heard({ type: "b" });
    await page.settle();
    assert.deepEqual(page.told, [[1, { type: "b" }]], name);
  }
});
