// The browser's storage, or a stand-in for the life of the page where it is forbidden; and the last
// drawings, which are kept there.

const KEY = "drawings";
const KEPT = 12; // drawings

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
