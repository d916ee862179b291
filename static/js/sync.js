// What the server has of the drawing, and the frames that bring it up to date.
// Frames are worked out from the difference of two states, never queued: a change and its undoing
// between two calls cost nothing, and what was held back goes out whole. Knows nothing of sockets.

const MANY = 4; // more frames than this at once and the whole drawing is shorter

export class Sync {
  #drawing;
  #known = []; // [stroke, number of its points], in the order of the server's strokes
  #drawn;
  #whole = false;

  constructor(drawing) {
    this.#drawing = drawing;
    this.#drawn = drawing.drawn;
  }

  /** A new connection: the server has nothing, so what there is goes as one whole. */
  restart() {
    this.#known = [];
    this.#drawn = this.#drawing.drawn;
    this.#whole = !this.#drawing.empty;
  }

  /** Frames were lost: replace what the server has, whatever that is. */
  distrust() {
    this.#whole = true;
  }

  /** The same drawing is to count as a new one. */
  renew() {
    this.#whole = true;
    this.#drawn = null;
  }

  /** Return the frames that are due, and take them as sent. */
  frames() {
    const cleared = this.#drawn !== this.#drawing.drawn;
    let frames = this.#whole ? [this.#all()] : this.#changes(cleared);
    if (frames.length > MANY) frames = [this.#all()];
    if (cleared && (this.#whole || frames[0]?.type !== "clear")) frames.unshift({ type: "clear" });
    this.#known = this.#drawing.strokes.map((stroke) => [stroke, stroke.points.length]);
    this.#drawn = this.#drawing.drawn;
    this.#whole = false;
    return frames;
  }

  #all() {
    return { type: "drawing", strokes: this.#drawing.points() };
  }

  #changes(cleared) {
    const strokes = this.#drawing.strokes;
    const known = cleared ? [] : this.#known;
    const apart = known.findIndex(([stroke], index) => stroke !== strokes[index]);
    const same = apart < 0 ? known.length : apart;
    const frames = cleared ? [{ type: "clear" }] : [];
    for (let gone = known.length; gone > same; gone -= 1) frames.push({ type: "undo" });
    strokes.forEach(({ points }, index) => {
      const start = index < same ? known[index][1] : 0;
      if (start < points.length) {
        frames.push({ type: "points", stroke: index, start, points: points.slice(start) });
      }
    });
    return frames;
  }
}
