import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Cards } from "../feedback/static/feedback/review/cards.js";
import { Client, ReviewError } from "../feedback/static/feedback/review/client.js";
import { Loader } from "../feedback/static/feedback/review/loader.js";
import { Lookout } from "../feedback/static/feedback/review/lookout.js";
import { Queue } from "../feedback/static/feedback/review/queue.js";

const items = (ids) => [...ids].map((id) => ({ id }));
const settle = () => new Promise(setImmediate);

// A queue with its loader; `server.items` is what waits there.
function review(letters) {
  const queue = new Queue();
  queue.add(items(letters));
  const server = { items: items(letters), asked: 0, error: null };
  const client = {
    async queue() {
      server.asked += 1;
      await server.meanwhile?.();
      if (server.error) throw server.error;
      return { items: server.items, waiting: server.items.length };
    },
  };
  const place = { failed: [], fail: (error) => place.failed.push(error.message) };
  const state = { idle: true };
  const counter = { textContent: letters.length };
  const loader = new Loader(queue, client, {}, place, counter, () => state.idle);
  return { queue, server, loader, place, state, ids: () => queue.items.map(({ id }) => id).join("") };
}

test("what comes in is found although nothing was known to wait", async () => {
  const { server, loader, ids } = review("");
  await loader.refill();
  assert.equal(server.asked, 0);
  server.items = items("ab");
  assert.equal(await loader.look(), 2);
  assert.equal(ids(), "ab");
  assert.equal(loader.waiting, 2);
});

test("nobody looks while enough is there", async () => {
  const { server, loader } = review("abcdefghijklmnopqrstuvwxyz");
  await loader.look();
  assert.equal(server.asked, 0);
});

test("what somebody else has taken back comes again", async () => {
  const { queue, loader, ids } = review("ab");
  queue.take(["a"]);
  assert.equal(await loader.look(), 1);
  assert.equal(ids(), "ba");
});

test("what is decided while a look is under way does not come again", async () => {
  const { queue, server, loader, state, ids } = review("abc");
  server.meanwhile = () => queue.take(["a"]);
  await loader.look();
  assert.equal(ids(), "bc");
  server.meanwhile = null;
  state.idle = false; // the server has not heard of it
  await loader.look();
  assert.equal(ids(), "bc");
});

test("who waits for work is told how to go on, and who has some is left in peace", async () => {
  const { queue, server, loader, place } = review("a");
  server.error = Object.assign(new Error("Not signed in."), { link: { text: "", href: "" } });
  await loader.look();
  assert.deepEqual(place.failed, []);
  queue.take(["a"]);
  await loader.look();
  assert.deepEqual(place.failed, ["Not signed in."]);
  server.error = new Error("no answer");
  await loader.look();
  assert.equal(place.failed.length, 1);
});

afterEach(() => mock.timers.reset());

async function pass(ms) {
  mock.timers.tick(ms);
  await settle();
}

function lookout() {
  mock.timers.enable({ apis: ["setTimeout"] });
  const page = Object.assign(new EventTarget(), { hidden: false });
  const looks = [];
  new Lookout(async () => looks.push(1), page).start();
  const turn = (hidden) => {
    page.hidden = hidden;
    page.dispatchEvent(new Event("visibilitychange"));
  };
  return { looks, turn };
}

test("it looks every twenty to thirty seconds", async () => {
  const { looks } = lookout();
  await pass(19_999);
  assert.equal(looks.length, 0);
  await pass(10_001);
  assert.equal(looks.length, 1);
  await pass(30_000);
  assert.equal(looks.length, 2);
});

test("it does not look while nobody does, and at once when somebody does again", async () => {
  const { looks, turn } = lookout();
  turn(true);
  for (let step = 0; step < 10; step += 1) await pass(30_000);
  assert.equal(looks.length, 0);
  turn(false);
  await settle();
  assert.equal(looks.length, 1);
  turn(true);
  turn(false); // it is not due yet
  await settle();
  assert.equal(looks.length, 1);
  await pass(30_000);
  assert.equal(looks.length, 2);
});

const URLS = { queue: "/queue/", login: "/admin/login/" };

async function refusal(answer) {
  mock.method(globalThis, "fetch", answer);
  globalThis.location = { href: "http://localhost/admin/review/?label=7", pathname: "/admin/review/", search: "?label=7" };
  try {
    await new Client(URLS, "token").queue(5);
  } catch (error) {
    return error;
  } finally {
    delete globalThis.location;
    mock.restoreAll();
  }
  return null;
}

test("a session that has ended is told from a server that is away, with the way back", async () => {
  const ended = await refusal(async () => ({ type: "opaqueredirect", status: 0 }));
  assert.match(ended.message, /not signed in any more/);
  assert.equal(ended.link.href, "/admin/login/?next=%2Fadmin%2Freview%2F%3Flabel%3D7");
  const away = await refusal(async () => Promise.reject(new TypeError("fetch failed")));
  assert.match(away.message, /could not be reached/);
  assert.equal(away.link, null);
});

test("a page that is out of date is loaded again", async () => {
  const answer = { type: "basic", ok: false, status: 403, json: async () => Promise.reject(new SyntaxError()) };
  const refused = await refusal(async () => answer);
  assert.match(refused.message, /may not do that any more/);
  assert.equal(refused.link.href, "http://localhost/admin/review/?label=7");
});

// A queue whose cards say how many decisions the server knew of when they were asked for.
async function reading(letters) {
  const queue = new Queue();
  queue.add(items(letters));
  const server = { decisions: 0, asked: [], error: null };
  const client = {
    async card(id) {
      server.asked.push(id);
      if (server.error) throw server.error;
      return `${id}${server.decisions}`;
    },
  };
  const place = {
    id: null,
    shown: "",
    show(id, card) {
      [this.id, this.shown] = [id, card];
    },
    update(card) {
      this.shown = card;
    },
  };
  const state = { idle: true };
  const cards = new Cards(client, (card) => card);
  const loader = new Loader(queue, client, cards, place, { textContent: 0 }, () => state.idle);
  await loader.show();
  await settle();
  const decide = async () => {
    state.idle = false;
    queue.take([queue.current.id]);
    await loader.show();
    const before = place.shown;
    server.decisions += 1;
    cards.outdate();
    state.idle = true;
    await loader.freshen();
    return before;
  };
  return { queue, server, place, loader, decide };
}

test("a card that was fetched ahead is shown at once and then told of the decision since", async () => {
  const { place, decide } = await reading("abcd");
  assert.equal(place.shown, "a0");
  assert.equal(await decide(), "b0");
  assert.equal(place.shown, "b1");
  assert.equal(await decide(), "c0"); // fetched before the first
  assert.equal(place.shown, "c2");
});

test("an outdated card that somebody goes to is brought up to date, once", async () => {
  const { queue, server, place, loader, decide } = await reading("abcd");
  await decide();
  queue.next();
  await loader.show();
  assert.equal(place.shown, "c1");
  const asked = server.asked.length;
  await loader.freshen();
  assert.equal(server.asked.length, asked);
});

test("a card stays as it is while the server cannot be asked", async () => {
  const { server, place, decide } = await reading("abcd");
  server.error = new ReviewError(0, "The server could not be reached.");
  assert.equal(await decide(), "b0");
  assert.equal(place.shown, "b0");
});
