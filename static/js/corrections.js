// My corrections and what became of them: told by the server in a list and, one by one, in receipts.
// Knows no page; how the list is fetched is told by whoever makes it.

import { news, swapped } from "./words.js";

const KEY = "corrected"; // in the storage: when this browser last sent or took back one, or "no"
export const LISTED = 50; // that the server lists: older ones are not gone
const TOGETHER = 400; // ms within which several receipts are one piece of news

/**
 * Events: `change`; `news` with the items that moved on by somebody else's doing as `detail`; `gone`
 * with the id of what was taken back, or null for all.
 */
export class Corrections extends EventTarget {
  items = []; // {id, label, said, predicted, status, version, serving, paused, created, image}, the newest first
  #fetch;
  #storage;
  #edits = 0; // other than by the server's list
  #news = new Map();
  #timer = null;

  /** `fetch()` returns the promise of the list. */
  constructor(fetch, storage) {
    super();
    this.#fetch = fetch;
    this.#storage = storage;
  }

  /** Whether there may be any on the server: who never corrected need not ask. */
  get any() {
    try {
      return this.items.length > 0 || (this.#storage.getItem(KEY) ?? "no") !== "no";
    } catch {
      return true; // nobody knows
    }
  }

  async load() {
    const edits = this.#edits;
    const items = await this.#fetch();
    // Sent or taken back meanwhile: the list may be from before that.
    if (edits !== this.#edits) return this.load();
    const known = this.items;
    this.#become(items);
    if (items.length === LISTED) return;
    const left = items.map(({ id }) => id);
    for (const { id } of known) if (!left.includes(id)) this.#gone(id);
  }

  add(item) {
    this.#note(Date.now());
    this.#edit([item, ...this.items.filter(({ id }) => id !== item.id)]);
  }

  remove(id) {
    this.#note(this.any ? Date.now() : "no");
    this.#lose(id);
  }

  clear() {
    this.#note("no");
    this.#edit([]);
    this.#gone();
  }

  /** A receipt frame: one of mine moved on, or was taken back elsewhere. */
  receipt({ id, status, version = null, serving = null, label, paused }) {
    if (status === "deleted") return this.#lose(id);
    const known = this.items.find((item) => item.id === id);
    if (!known) return;
    const moved = known.status !== status;
    const { said = known.label } = known;
    Object.assign(known, { status, version, serving, said, label: label ?? said, paused });
    if (moved) this.#tell(known);
    this.#become(this.items);
  }

  /** What came live with a version. */
  taught(version) {
    return this.items.filter((item) => item.status === "live" && item.version === version);
  }

  /** A version frame: so many processes serve it by now. */
  served({ version, serving }) {
    const mine = this.taught(version);
    for (const item of mine) item.serving = serving;
    if (mine.length > 0) this.#become(this.items);
  }

  /** This page's own doing, of which the storage tells other tabs: hence never twice the same value. */
  #note(noted) {
    try {
      this.#storage.setItem(KEY, noted);
    } catch {
      // Full or forbidden: the server has taken or deleted it all the same.
    }
  }

  #lose(id) {
    const items = this.items.filter((item) => item.id !== id);
    this.#edits += 1; // also where it is not listed: a list that is under way may have it
    if (items.length < this.items.length) this.#become(items);
    this.#gone(id);
  }

  #edit(items) {
    this.#edits += 1;
    this.#become(items);
  }

  #gone(id) {
    this.dispatchEvent(new CustomEvent("gone", { detail: id }));
  }

  #become(items) {
    this.items = items;
    this.dispatchEvent(new Event("change"));
  }

  #tell(item) {
    this.#news.set(item.id, item);
    this.#timer ??= setTimeout(() => {
      const detail = [...this.#news.values()];
      this.#news.clear();
      this.#timer = null;
      this.dispatchEvent(new CustomEvent("news", { detail }));
    }, TOGETHER);
  }
}

/** Say in words, with `tell`, what became of `corrections` by somebody else's doing. */
export function tellNews(live, corrections, tell) {
  let told = null; // the version of which it was said that it learned from me
  live.addEventListener("receipt", ({ detail }) => corrections.receipt(detail));
  live.addEventListener("version", ({ detail }) => corrections.served(detail));
  // A version came, perhaps with something of mine; receipts tell of that too, sooner or later.
  live.addEventListener("swap", ({ detail: { version, before } }) => {
    const { length } = corrections.taught(version);
    if (version !== told) tell(swapped(version, length, version < before));
    told = length > 0 ? version : null;
  });
  corrections.addEventListener("news", ({ detail: items }) => {
    const [{ status, version }] = items;
    const together = status === "live" && items.every((item) => item.version === version);
    if (!together) return tell(news(items));
    if (version !== told) tell(swapped(version, items.length));
    told = version;
  });
}
