import assert from "node:assert/strict";
import { test } from "node:test";

import { failure } from "../static/js/picture.js";
import { LABELS } from "../static/js/ranking.js";
import {
  announcement,
  answer,
  connection,
  invitation,
  kept,
  news,
  problem,
  receipt,
  said,
  strokeCount,
  unreachable,
} from "../static/js/words.js";
import { network } from "./network.js";

function prediction(shares, label = null) {
  const probabilities = LABELS.map((each) => shares[each] ?? 0);
  return { label, confidence: Math.max(...probabilities), probabilities };
}

test("an answer is the label and its share", () => {
  assert.deepEqual(answer(prediction({ 3: 0.974 }, "3")), { label: "3", share: "97 %" });
});

test("an answer names what looks like it and is nearly as likely", () => {
  assert.deepEqual(answer(prediction({ o: 0.52, 0: 0.48 }, "o")), { label: "o", share: "52 %, or 0" });
  assert.deepEqual(answer(prediction({ 1: 0.45, l: 0.3, i: 0.25 }, "1")), { label: "1", share: "45 %, or l" });
  assert.deepEqual(answer(prediction({ o: 0.8, 0: 0.2 }, "o")), { label: "o", share: "80 %" });
  assert.deepEqual(answer(prediction({ 4: 0.55, 9: 0.45 }, "4")), { label: "4", share: "55 %" });
  assert.deepEqual(answer(prediction({ 4: 0.5, 9: 0.27, g: 0.23 }, "4")), { label: "4", share: "50 %" });
  assert.equal(announcement(prediction({ o: 0.52, 0: 0.48 }, "o")), "Looks like o, 52 percent, or 0.");
});

test("not sure names the two or three that it may be", () => {
  assert.deepEqual(answer(prediction({ 4: 0.5, 9: 0.45 })), { text: "Not sure: 4 or 9" });
  assert.deepEqual(answer(prediction({ 1: 0.4, l: 0.35, i: 0.2 })), { text: "Not sure: 1, l or i" });
  assert.deepEqual(answer(prediction({ 5: 0.4, 3: 0.1 })), { text: "Not sure: maybe 5" });
});

test("not sure names what looks like the likeliest, however far behind", () => {
  assert.deepEqual(answer(prediction({ 0: 0.8, o: 0.12 })), { text: "Not sure: 0 or o" });
  assert.deepEqual(answer(prediction({ 9: 0.6, g: 0.2, q: 0.1, 4: 0.1 })), { text: "Not sure: 9, g or q" });
  assert.deepEqual(answer(prediction({ l: 0.5, 1: 0.4, t: 0.1 })), { text: "Not sure: l or 1" });
});

test("several characters at once are called that, whatever they look like together", () => {
  const both = { ...prediction({ n: 0.9 }), several: true };
  assert.deepEqual(answer(both), { text: "More than one character?" });
  assert.equal(announcement(both), "More than one character?");
});

test("not sure does not name a lookalike that it rules out", () => {
  assert.deepEqual(answer(prediction({ 0: 0.49, o: 0.001, 6: 0.3 })), { text: "Not sure: 0 or 6" });
  assert.deepEqual(answer(prediction({ 4: 0.49, o: 0.1, 0: 0.1 })), { text: "Not sure: maybe 4" });
});

test("a scribble is nothing in particular", () => {
  assert.deepEqual(answer(prediction({})), { text: "Not sure what this is" });
});

test("what is read out has words for signs", () => {
  assert.equal(announcement(prediction({ 3: 0.974 }, "3")), "Looks like 3, 97 percent.");
  assert.equal(announcement(prediction({ 3: 0.999 }, "3")), "Looks like 3, more than 99 percent.");
  assert.equal(announcement(prediction({ 4: 0.5, 9: 0.45 })), "Not sure: 4 or 9.");
});

test("the invitation fits the character set", () => {
  assert.equal(invitation("digits"), "Draw a digit");
  assert.equal(invitation("all"), "Draw a digit or a letter");
});

test("every failure of a request has a sentence", () => {
  for (const status of [0, 400, 413, 415, 422, 429, 500, 503]) {
    assert.match(failure(status), /^[A-Z].*\.$/);
  }
  assert.equal(failure(422, { message: "several characters were found" }), "Several characters were found.");
});

test("without a network everything says so in the same words", (t) => {
  const say = network(t);
  for (const [onLine, words] of [[true, "The server cannot be reached."], [false, "You are offline."]]) {
    say(onLine);
    assert.equal(unreachable(), words);
    assert.equal(kept(0), words);
    assert.equal(failure(0), `${words} Your drawing is kept.`);
    assert.equal(connection("waiting"), onLine ? "Reconnecting" : "Offline");
  }
});

test("of the socket's errors only those are told that a person can do something about", () => {
  assert.match(problem({ code: "limit" }), /full/);
  assert.equal(problem({ code: "empty" }), null);
});

test("the connection is told in a word or two", () => {
  assert.equal(connection("open"), "Connected");
  assert.equal(connection("connecting"), "Connecting");
  assert.equal(connection("waiting", { wait: 12_300 }), "Reconnecting (12 s)");
  assert.equal(connection("waiting", { wait: 200 }), "Reconnecting");
  assert.equal(connection("waiting", { overHttp: true }), "Connected, slower");
  assert.equal(connection("outdated"), "Out of date");
});

test("what waits for a training says so where learning is paused", () => {
  const approved = { status: "approved", label: "9" };
  assert.equal(receipt(approved), "Approved, waiting for training");
  assert.equal(receipt({ ...approved, paused: true }), "Approved, learning is paused");
  const relabelled = { ...approved, said: "g", paused: true };
  assert.equal(news([relabelled]), "Your correction to g: a reviewer says 9, approved, learning is paused.");
  assert.equal(said({ ...approved, confirms: true, paused: true }), "Approved, learning is paused");
});

test("the drawing area counts its strokes", () => {
  assert.equal(strokeCount(0), "Drawing area, empty");
  assert.equal(strokeCount(1), "Drawing area, 1 stroke");
  assert.equal(strokeCount(2), "Drawing area, 2 strokes");
});

test("what was said of a character that is not asked for says where it counts", () => {
  const pending = { status: "pending", label: "k", confirms: false };
  assert.equal(said(pending, "digits"), "Waiting for review. It counts with Letters or All.");
  assert.equal(said({ ...pending, label: "7" }, "letters"), "Waiting for review. It counts with Digits or All.");
  for (const charset of ["letters", "all"]) assert.equal(said(pending, charset), "Waiting for review");
  assert.equal(said({ ...pending, status: "approved" }, "digits"), "Approved, waiting for training");
  assert.equal(said({ ...pending, confirms: true }, "digits"), "Thanks, counted");
});

test("who said otherwise than a reviewer is told what that one says", () => {
  const live = { status: "live", version: 6, serving: [1, 2], label: "9" };
  assert.equal(receipt(live), "Live in version 6, on 1 of 2 servers");
  assert.equal(receipt({ ...live, said: "9" }), "Live in version 6, on 1 of 2 servers");
  assert.equal(receipt({ ...live, said: "g" }), "A reviewer says 9, live in version 6, on 1 of 2 servers");
  const approved = { status: "approved", label: "9", said: "g" };
  assert.equal(news([approved]), "Your correction to g: a reviewer says 9, approved, waiting for training.");
});
