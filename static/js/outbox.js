// Corrections that the server has not taken yet, kept until it does. They survive the page, and are
// the same in every tab: each has an id, so sending one twice counts once. Knows its storage only.

const KEY = "unsent";
const KEPT = 20;
const CHARACTERS = 2_000_000; // of text: pictures must not fill the storage that others share

/** Events: `change`. */
export class Outbox extends EventTarget {
  #storage;
  #spare = []; // where the storage is full or forbidden
  #busy = false;

  constructor(storage) {
    super();
    this.#storage = storage;
  }

  /** What waits, the oldest first. */
  get items() {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY));
      const items = Array.isArray(kept) ? kept.filter((item) => item?.id) : [];
      return [...items, ...this.#spare];
    } catch {
      return [...this.#spare];
    }
  }

  add(correction) {
    const others = this.items.filter(({ id }) => id !== correction.id);
    this.#write([...others, correction].slice(-KEPT));
  }

  remove(id) {
    this.#write(this.items.filter((item) => item.id !== id));
  }

  clear() {
    this.#write([]);
  }

  /**
   * Offer everything to `send`, one after the other. It returns the promise of whether the item is
   * done with; the first one that is not ends it.
   */
  async flush(send) {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (const item of this.items) {
        if (!this.items.some(({ id }) => id === item.id)) continue; // taken back, or sent by another tab
        if (!(await send(item))) return;
        this.remove(item.id);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** As many as fit are stored, the oldest first. */
  #write(items) {
    let fitting = items.length;
    while (!this.#store(items.slice(0, fitting)) && fitting > 0) fitting -= 1;
    this.#spare = items.slice(fitting);
    this.dispatchEvent(new Event("change"));
  }

  #store(items) {
    const text = JSON.stringify(items);
    if (text.length > CHARACTERS) return false;
    try {
      this.#storage.setItem(KEY, text);
      return true;
    } catch {
      return false;
    }
  }
}
