import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Fallback } from "../static/js/fallback.js";
import { predict } from "../static/js/http.js";
import { Latest } from "../static/js/throttle.js";
import { fitted, firstPicture } from "../static/js/picture.js";
import { Drawing } from "../static/js/strokes.js";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

/** Let promises settle. */
const settle = () => new Promise(setImmediate);

async function pass(ms) {
  await settle();
  mock.timers.tick(ms);
  await settle();
}

function json(status, body) {
  return { ok: status < 400, status, json: async () => body };
}

test("one request at a time, and the newest state is always asked about", async () => {
  let running = 0;
  let asked = 0;
  const latest = new Latest(async () => {
    running += 1;
    asked += 1;
    assert.equal(running, 1);
    await settle();
    running -= 1;
  }, 250);
  for (let index = 0; index < 5; index += 1) latest.request();
  await pass(250);
  assert.equal(asked, 2);
  await pass(250);
  latest.request();
  await settle();
  assert.equal(asked, 3);
});

test("the fallback asks only while it is needed, and drops answers to older editions", async () => {
  const drawing = new Drawing();
  const asked = []; // [strokes, function that answers]
  const told = [];
  const ask = (strokes) => {
    return new Promise((answer) => asked.push([JSON.stringify(strokes), answer]));
  };
  const fallback = new Fallback(drawing, ask, {
    prediction: (answer) => told.push(answer),
    works: (works) => told.push(works),
  });
  drawing.load([[[1, 1]]]);
  await pass(300);
  assert.deepEqual(asked, []);

  fallback.active = true;
  drawing.load([[[2, 2]]]);
  asked[0][1]("older");
  await pass(300);
  asked[1][1]("newest");
  await pass(300);
  assert.deepEqual(asked.map(([strokes]) => strokes), ["[[[1,1]]]", "[[[2,2]]]"]);
  assert.deepEqual(told, [true, true, "newest"]);

  fallback.active = false;
  drawing.load([[[3, 3]]]);
  await pass(300);
  assert.equal(asked.length, 2);
});

test("a fallback that fails says so", async () => {
  const drawing = new Drawing();
  const told = [];
  const ask = async () => {
    throw new Error("no way");
  };
  const fallback = new Fallback(drawing, ask, { works: (works) => told.push(works) });
  drawing.load([[[1, 1]]]);
  fallback.active = true;
  await settle();
  assert.deepEqual(told, [false]);
});

test("strokes go as JSON, a picture as a form", async () => {
  const requests = [];
  mock.method(globalThis, "fetch", async (url, request) => {
    requests.push(request);
    return json(200, { label: "7" });
  });
  assert.deepEqual(await predict("/p", { strokes: [[[1, 2]]] }, "digits"), { label: "7" });
  assert.deepEqual(JSON.parse(requests[0].body), { strokes: [[[1, 2]]], charset: "digits" });
  await predict("/p", { picture: new Blob(["x"]) }, "all");
  assert.equal(requests[1].body.get("charset"), "all");
  assert.equal(requests[1].body.get("file").size, 1);
  fetch.mock.restore();
});

test("a refusal carries its status and reason, a dead line status 0", async () => {
  mock.method(globalThis, "fetch", async () => json(422, { error: { code: "nothing_found", message: "no ink" } }));
  await assert.rejects(predict("/p", { strokes: [] }, "all"), { status: 422, message: "no ink" });
  fetch.mock.mockImplementation(async () => {
    throw new TypeError("network");
  });
  await assert.rejects(predict("/p", { strokes: [] }, "all"), { status: 0 });
  fetch.mock.mockImplementation(async () => ({ ok: false, status: 502, json: async () => JSON.parse("<html>") }));
  await assert.rejects(predict("/p", { strokes: [] }, "all"), { status: 502 });
  fetch.mock.restore();
});

test("pictures are made to fit, never larger, and keep their proportions", () => {
  assert.deepEqual(fitted(4000, 3000), [1024, 768]);
  assert.deepEqual(fitted(300, 200), [300, 200]);
  assert.deepEqual(fitted(20_000, 3), [1024, 1]);
});

test("of several files the first picture counts", () => {
  const files = [{ type: "text/plain" }, { type: "image/png", name: "a" }, { type: "image/jpeg" }];
  assert.equal(firstPicture(files).name, "a");
  assert.equal(firstPicture([{ type: "" }]), undefined);
});
