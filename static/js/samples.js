// A few characters of our own hand, for a first look and for those who cannot draw here, and what draws
// them. Each stroke is a list of control points that a smooth curve goes through. Fetched when it is
// first asked for.

const STEP = 14; // canvas units between the samples of a curve
const SAMPLES_PER_FRAME = 3; // of an animation frame: about a second for a character

const SAMPLES = {
  0: [[520, 190], [370, 270], [320, 500], [390, 740], [520, 800], [650, 720], [690, 480], [640, 260], [500, 195]],
  2: [[330, 340], [400, 220], [540, 190], [650, 280], [630, 420], [480, 600], [330, 780], [400, 782], [540, 770], [690, 775]],
  3: [[340, 270], [440, 190], [580, 200], [650, 300], [590, 420], [470, 470], [610, 520], [670, 640], [600, 770], [450, 810], [330, 740]],
  6: [[600, 200], [460, 320], [370, 500], [360, 680], [460, 800], [590, 770], [650, 650], [570, 550], [450, 570], [370, 670]],
  8: [[600, 270], [500, 195], [390, 270], [420, 400], [560, 510], [640, 650], [560, 790], [430, 790], [370, 660], [450, 520], [590, 390], [605, 275]],
  9: [[640, 330], [550, 220], [420, 250], [380, 380], [460, 480], [590, 440], [645, 330], [640, 520], [600, 680], [540, 810]],
  a: [[630, 400], [520, 340], [400, 410], [360, 560], [430, 680], [540, 640], [625, 500], [632, 400], [625, 560], [660, 680], [700, 660]],
  e: [[370, 540], [500, 530], [630, 500], [590, 390], [480, 350], [380, 430], [350, 560], [410, 690], [530, 710], [650, 640]],
  m: [[290, 380], [300, 520], [300, 690], [310, 500], [390, 380], [460, 420], [470, 560], [470, 690], [480, 500], [560, 380], [640, 420], [655, 560], [660, 690]],
  s: [[620, 300], [500, 240], [390, 310], [420, 430], [550, 510], [630, 620], [570, 750], [440, 770], [350, 700]],
};

/** The labels that there are samples of within a character set. */
export function sampleLabels(charset) {
  const isDigit = (label) => label >= "0" && label <= "9";
  return Object.keys(SAMPLES).filter((label) => charset === "all" || isDigit(label) === (charset === "digits"));
}

/** The strokes of a sample, each a list of [x, y] at a pen's spacing. */
export function sample(label) {
  return [curve(SAMPLES[label])];
}

/** Draws strokes into the drawing at the pace of a hand, as if somebody did. */
export class Player {
  #drawing;
  #nextFrame;
  #playing = null; // the strokes under way; another list, or none, ends the older one

  constructor(drawing, nextFrame = (callback) => requestAnimationFrame(callback)) {
    this.#drawing = drawing;
    this.#nextFrame = nextFrame;
    drawing.addEventListener("edit", () => (this.#playing = null));
  }

  /** Clear the drawing and draw `strokes`; with `atOnce`, without the movement. */
  async play(strokes, atOnce = false) {
    this.stop();
    this.#drawing.clear();
    this.#playing = strokes;
    for (const samples of strokes) {
      this.#drawing.begin(...samples[0]);
      for (let index = 1; index < samples.length; index += SAMPLES_PER_FRAME) {
        if (!atOnce) await new Promise(this.#nextFrame);
        if (this.#playing !== strokes) return;
        this.#drawing.extend(samples.slice(index, index + SAMPLES_PER_FRAME));
      }
      this.#drawing.end();
    }
    this.#playing = null;
  }

  /** A person takes the pen: what is there stays. */
  stop() {
    if (this.#playing === null) return;
    this.#playing = null;
    this.#drawing.end();
  }
}

/** A Catmull-Rom curve through `points`. */
function curve(points) {
  const samples = [];
  for (let index = 0; index < points.length - 1; index += 1) {
    const [p0, p1, p2, p3] = [-1, 0, 1, 2].map((offset) => points[index + offset] ?? points[index + (offset > 0)]);
    const steps = Math.ceil(Math.hypot(p2[0] - p1[0], p2[1] - p1[1]) / STEP);
    for (let step = 0; step < steps; step += 1) samples.push(between(p0, p1, p2, p3, step / steps));
  }
  return [...samples, points.at(-1)];
}

function between(p0, p1, p2, p3, t) {
  return [0, 1].map((axis) => {
    const [a, b, c, d] = [p0[axis], p1[axis], p2[axis], p3[axis]];
    return b + (t / 2) * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  });
}
