// Draws strokes into the drawing at the pace of a hand, as if somebody did.

const SAMPLES_PER_FRAME = 3; // of an animation frame: about a second for a character

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
