import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { keepFocus } from "../static/js/dialogs.js";

/** A page of elements that have a name, show or not, and can have the focus. */
function page(places) {
  const make = (name) => ({
    shows: true,
    checkVisibility() {
      return this.shows;
    },
    focus(options) {
      assert.deepEqual(options, { preventScroll: true });
      document.activeElement = this;
      focused.push(name);
    },
  });
  const focused = [];
  const named = Object.fromEntries(["before", ...Object.values(places).flat()].map((name) => [name, make(name)]));
  const body = make("body");
  globalThis.document = {
    body,
    activeElement: named.before,
    querySelectorAll: (selector) => (places[selector] ?? []).map((name) => named[name]),
  };
  return { ...named, body, focused };
}

afterEach(() => delete globalThis.document);

const PLACES = { ".next": ["first", "second"], "dialog[open] button": ["close"], canvas: ["canvas"] };

test("what still shows keeps the focus", () => {
  const { focused } = page(PLACES);
  keepFocus(() => {}, ".next");
  assert.deepEqual(focused, []);
});

test("of what was hidden the focus goes to the first place that shows", () => {
  const { before, first, focused } = page(PLACES);
  keepFocus(() => (before.shows = first.shows = false), ".next");
  assert.deepEqual(focused, ["second"]);
});

test("what was taken out of the page has lost the focus to its body", () => {
  const { body, focused } = page(PLACES);
  keepFocus(() => (document.activeElement = body), ".next");
  assert.deepEqual(focused, ["first"]);
});

test("without such a place it is what closes the open dialog, and without one the drawing area", () => {
  for (const [places, to] of [[PLACES, "close"], [{ canvas: ["canvas"] }, "canvas"]]) {
    const { before, focused } = page(places);
    keepFocus(() => (before.shows = false), ".none");
    assert.deepEqual(focused, [to]);
  }
});

test("what moves the focus itself has the last word, and nobody who had none is given it", () => {
  const { before, second, body, focused } = page(PLACES);
  keepFocus(() => {
    before.shows = false;
    document.activeElement = second;
  }, ".next");
  document.activeElement = body;
  keepFocus(() => {}, ".next");
  assert.deepEqual(focused, []);
});
