// Answers over HTTP while only the websocket fails. Slower, and nothing is lost.
// Knows the drawing and how to ask; when to do so is told by `active`.

import { Latest } from "./throttle.js";

const INTERVAL = 250; // ms between requests
const PAUSE = 2_000; // ms after a failure

/** Handlers: `prediction(answer)` and `works(true | false)`. */
export class Fallback {
  #drawing;
  #ask;
  #handlers;
  #active = false;
  #answered = ""; // the drawing of the newest answer
  #latest = new Latest(() => this.#request(), INTERVAL);

  /** `ask(strokes)` returns the promise of an answer. */
  constructor(drawing, ask, handlers) {
    this.#drawing = drawing;
    this.#ask = ask;
    this.#handlers = handlers;
    drawing.watch(() => this.#active && this.#latest.request());
  }

  get active() {
    return this.#active;
  }

  set active(active) {
    const started = active && !this.#active;
    this.#active = active;
    if (started) this.#latest.request();
  }

  /** Ask about the same drawing: what was said of it has changed its answer. */
  again() {
    if (this.#active) this.#latest.request();
  }

  /** Whether the newest answer is about everything that is drawn so far. */
  get caughtUp() {
    return this.#active && this.#answered === this.#drawing.state;
  }

  async #request() {
    if (!this.#active || this.#drawing.empty) return;
    const { edition } = this.#drawing;
    const asked = this.#drawing.state;
    try {
      const answer = await this.#ask(this.#drawing.points());
      if (!this.#active) return;
      this.#handlers.works(true);
      if (edition !== this.#drawing.edition) return;
      this.#answered = asked;
      this.#handlers.prediction(answer);
    } catch {
      if (this.#active) this.#handlers.works(false);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}
