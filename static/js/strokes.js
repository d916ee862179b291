// The drawing: strokes, undo, redo and clear, as numbers in canvas units (0…1000, y down).
// Strokes are the truth: the canvas paints them and the server gets a thinned copy of them.
// Knows nothing about the page, pixels or sockets.

export const SIDE = 1000;
export const PEN = SIDE * 0.06; // like the pen of the server's raster on a drawing of usual size
const OVERHANG = SIDE / 10; // how far beyond the square the pen is followed
const SPACING = SIDE / 400; // nearer samples look the same to the network and are not sent
const TAP = SIDE / 100; // smaller strokes are dots: the server scales ink up, so jitter would show
const SPARE = 8; // points that one more sample can bring at most
const LIMITS = { strokes: 500, points: 5000 };

const clamp = (value) => Math.min(Math.max(value, -OVERHANG), SIDE + OVERHANG);

/** From pen-down to pen-up: `samples` as drawn, for the canvas; `points` as sent, integers. */
export class Stroke {
  #unsent = 0; // samples before this index are either in `points` or thinned out
  #dot = true;

  /** A finished stroke of `points`, or one to be drawn. */
  constructor(points = []) {
    this.samples = structuredClone(points);
    this.points = structuredClone(points);
  }

  add(x, y) {
    const sample = [clamp(x), clamp(y)];
    this.samples.push(sample);
    if (this.points.length === 0) this.#keep(sample);
    else if (this.#dot && distance(sample, this.samples[0]) < TAP) return;
    this.#dot &&= this.samples.length === 1;
    for (; this.#unsent < this.samples.length; this.#unsent += 1) {
      const next = this.samples[this.#unsent];
      if (distance(next, this.points.at(-1)) >= SPACING) this.#keep(next);
    }
  }

  /** Pen up: the last point counts however near it is; a dot becomes a single point. */
  end() {
    if (this.#dot) this.samples.length = 1;
    const last = this.samples.at(-1).map(Math.round);
    if (!this.#dot && distance(last, this.points.at(-1)) > 0) this.#keep(last);
  }

  #keep([x, y]) {
    this.points.push([Math.round(x), Math.round(y)]);
  }
}

/**
 * All strokes on the canvas, the one under the pen last. Events: `ink` when the stroke under the
 * pen grows, `end` when it is finished, `edit` for every other change.
 */
export class Drawing extends EventTarget {
  limits = LIMITS;
  strokes = [];
  drawn = 0; // how many drawings were started: clear() and load() begin a new one
  edition = 0; // how many edits there were: answers to an earlier edition are stale
  #live = null;
  #undone = [];
  #cleared = []; // the strokes that the last clear() took away

  get empty() {
    return this.strokes.length === 0;
  }

  get drawing() {
    return this.#live !== null;
  }

  get full() {
    const points = this.strokes.reduce((sum, stroke) => sum + stroke.points.length, 0);
    return points >= this.limits.points - SPARE || (!this.#live && this.strokes.length >= this.limits.strokes);
  }

  /** Changes with all that an answer depends on. */
  get state() {
    return [this.edition, this.points().flat().length].join();
  }

  get canUndo() {
    return !this.empty || this.#cleared.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Call `listener` at every change. */
  watch(listener) {
    for (const type of ["ink", "end", "edit"]) this.addEventListener(type, listener);
  }

  /** Pen down. False when the drawing holds no more. */
  begin(x, y) {
    if (this.full) return false;
    this.#live = new Stroke();
    this.strokes.push(this.#live);
    this.#live.add(x, y);
    this.dispatchEvent(new Event("ink"));
    return true;
  }

  /** The pen moved through `samples`, each [x, y]. */
  extend(samples) {
    if (!this.#live) return;
    for (const [x, y] of samples) {
      if (!this.full) this.#live.add(x, y);
    }
    this.dispatchEvent(new Event("ink"));
  }

  /** Pen up. */
  end() {
    if (!this.#live) return;
    this.#live.end();
    this.#live = null;
    this.#undone = [];
    this.dispatchEvent(new Event("end"));
  }

  /** The stroke under the pen was not meant: take it away, and keep what could be redone. */
  cancel() {
    if (!this.#live) return;
    this.#live = null;
    this.strokes.pop();
    this.#edited();
  }

  undo() {
    if (this.#live) this.cancel();
    else if (!this.empty) {
      this.#undone.push(this.strokes.pop());
      this.#edited();
    } else if (this.canUndo) this.#restore(this.#cleared);
  }

  redo() {
    if (this.#live || !this.canRedo) return;
    this.strokes.push(this.#undone.pop());
    this.#edited();
  }

  /** Start a new drawing; undone down to nothing, it gives way to the one before. */
  clear() {
    const before = this.empty ? this.#cleared : this.strokes.filter((stroke) => stroke !== this.#live);
    this.#restore([], before);
  }

  /** Start a new drawing with these strokes, each a list of points. */
  load(strokes) {
    this.#restore(strokes.map((points) => new Stroke(points)));
  }

  #restore(strokes, cleared = []) {
    this.#live = null;
    this.#undone = [];
    this.#cleared = cleared;
    this.strokes = strokes;
    this.drawn += 1;
    this.#edited();
  }

  /** The drawing as it travels and is kept: nested lists of integers. */
  points() {
    return this.strokes.map((stroke) => stroke.points);
  }

  #edited() {
    this.edition += 1;
    this.dispatchEvent(new Event("edit"));
  }
}

function distance([x1, y1], [x2, y2]) {
  return Math.hypot(x1 - x2, y1 - y2);
}
