// Draws a character again as it was drawn, at the pace of the hand. For people who asked for less
// motion whole strokes appear one after the other.

const STEP = 450; // ms between whole strokes

/** The points of a stroke up to a moment, in the form of the `points` attribute. */
export function drawn(points, times, now) {
  let count = 0;
  while (count < times.length && times[count] <= now) count += 1;
  if (!count) return "";
  const shown = points.slice(0, count);
  return (count === 1 ? [shown[0], shown[0]] : shown).join(" "); // a dot needs a line of no length
}

/** Times at which whole strokes appear. */
export function stepwise(strokes) {
  return strokes.map(({ points }, index) => points.map(() => index * STEP));
}

export class Replay {
  #lines;
  #frame = 0;

  /** `svg` has a polyline with `data-times` for every stroke. */
  constructor(svg) {
    this.#lines = [...svg.querySelectorAll("polyline")].map((line) => ({
      line,
      whole: line.getAttribute("points"),
      points: line.getAttribute("points").split(" "),
      times: line.dataset.times.split(" ").map(Number),
    }));
  }

  get possible() {
    return this.#lines.length > 0;
  }

  play(calm) {
    this.stop();
    if (!this.possible) return;
    const times = calm ? stepwise(this.#lines) : this.#lines.map((stroke) => stroke.times);
    const end = times.at(-1).at(-1);
    let start;
    const show = (moment) => {
      start ??= moment;
      const now = moment - start;
      if (now >= end) return this.stop();
      this.#lines.forEach(({ line, points }, index) => {
        line.setAttribute("points", drawn(points, times[index], now));
      });
      this.#frame = requestAnimationFrame(show);
    };
    this.#frame = requestAnimationFrame(show);
  }

  /** Show everything. */
  stop() {
    cancelAnimationFrame(this.#frame);
    for (const { line, whole } of this.#lines) line.setAttribute("points", whole);
  }
}
