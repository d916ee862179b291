// The browser's storage, or a stand-in for the life of the page where it is forbidden; and what is kept
// there: the last drawings, and corrections on their way.

const KEY = "drawings";
const KEPT = 12; // drawings
export const UNSENT = "unsent"; // in the storage
const CHARACTERS = 2_000_000; // of text: hundreds of drawings, and room for what others store
const LATE = 60_000; // ms in which a request that nobody has answered may still be carried out

/** `name` is localStorage or sessionStorage. */
export function storage(name) {
  try {
    return globalThis[name];
  } catch {
    const values = new Map();
    return {
      passing: true,
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => values.set(key, value),
    };
  }
}

/** Keep a choice for the next visit. */
export function remember(key, value) {
  try {
    storage("localStorage").setItem(key, value);
  } catch {
    // Full: the choice holds for this page all the same.
  }
}

/** The last drawings of this browser tab, newest first, for the time of its session. */
export class History {
  drawings; // [{strokes, label}]
  #storage;

  constructor(storage) {
    this.#storage = storage;
    this.drawings = this.#read();
  }

  /** Keep a drawing, unless it is empty or the newest one already. */
  add(strokes, label) {
    const same = JSON.stringify(strokes);
    if (strokes.length === 0) return;
    const others = this.drawings.filter((drawing) => JSON.stringify(drawing.strokes) !== same);
    this.drawings = [{ strokes: JSON.parse(same), label }, ...others].slice(0, KEPT);
    this.#write();
  }

  forget() {
    this.drawings = [];
    this.#write();
  }

  #read() {
    try {
      const kept = JSON.parse(this.#storage.getItem(KEY));
      return Array.isArray(kept) ? kept.slice(0, KEPT) : [];
    } catch {
      return []; // no storage, or not ours: an empty history is no loss
    }
  }

  #write() {
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.drawings));
    } catch {
      // Full or forbidden: the history still lives in memory.
    }
  }
}

/**
 * Corrections that the server has not taken yet, and which of them were taken back: a send may have
 * reached it all the same. They survive the page, and are the same in every tab: each has an id, so
 * sending one twice counts once. Events: `change`.
 */
export class Outbox extends EventTarget {
  #storage;
  #busy = false;
  #timer = null;

  constructor(storage) {
    super();
    this.#storage = storage;
  }

  /** What waits, the oldest first. */
  get items() {
    return this.#all.filter(({ withdrawn, sending }) => !withdrawn && !sending);
  }

  /** The ids of what waits and of what any page is sending. */
  get unsent() {
    return this.#all.filter(({ withdrawn }) => !withdrawn).map(({ id }) => id);
  }

  /** Whether what waits is gone with the page. */
  get passing() {
    return this.#storage.passing;
  }

  get #all() {
    try {
      const kept = JSON.parse(this.#storage.getItem(UNSENT));
      return Array.isArray(kept) ? kept.filter((item) => item?.id) : [];
    } catch {
      return [];
    }
  }

  /**
   * Keep one; false, and nothing changes, where there is no room for it. What is `sending` does not wait,
   * but is there for another page if this one goes away first.
   */
  add(correction) {
    try {
      return this.#write([...this.#without([correction.id]), correction], CHARACTERS);
    } catch {
      return false; // others, or the browser, leave less room
    }
  }

  /** What other pages than that which sends `mine` were sending: they may be gone, so it waits from now on. */
  adopt(mine) {
    const left = ({ id, sending }) => sending && !mine.has(id);
    if (this.#all.some(left)) this.#write(this.#all.map((item) => (left(item) ? { ...item, sending: undefined } : item)));
  }

  /** These were taken back: they wait no more, and `settle` is about them. */
  withdraw(ids) {
    this.#write([...this.#without(ids), ...ids.map((id) => ({ id, withdrawn: Date.now() }))]);
  }

  /** Whether this one was taken back, and may be on the server. */
  withdrew(id) {
    return this.#all.some((item) => item.id === id && item.withdrawn);
  }

  /**
   * Have the server delete what was taken back: `erase(id)` returns the promise of whether it has none.
   * It is asked until nothing that was under way can arrive any more; the first failure ends a round.
   */
  async settle(erase) {
    for (const { id, withdrawn } of this.#all.filter((item) => item.withdrawn)) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.settle(erase), LATE);
      if (!(await erase(id))) return;
      if (Date.now() - withdrawn >= LATE) this.remove(id);
    }
  }

  remove(id) {
    if (this.#all.some((item) => item.id === id)) this.#write(this.#without([id]));
  }

  /**
   * Offer everything to `send`, one after the other. It returns the promise of whether the item is
   * done with; the first one that is not ends it.
   */
  async flush(send) {
    if (this.#busy) return;
    this.#busy = true;
    const waits = ({ id }) => this.items.some((item) => item.id === id);
    try {
      for (const item of this.items) {
        if (!waits(item)) continue; // taken back, or sent by another tab
        if (!(await send(item))) return;
        if (waits(item)) this.remove(item.id);
      }
    } finally {
      this.#busy = false;
    }
  }

  #without(ids) {
    return this.#all.filter(({ id }) => !ids.includes(id));
  }

  #write(all, most = Infinity) {
    const text = JSON.stringify(all);
    if (text.length > most) return false;
    this.#storage.setItem(UNSENT, text);
    this.dispatchEvent(new Event("change"));
    return true;
  }
}
