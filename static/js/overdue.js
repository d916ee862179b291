// Tells when ink waits too long for its answer: what is on show is stale by then. Knows the drawing,
// and of answers only that one came.

const PATIENCE = 1_500; // ms

export class Overdue {
  #covered;
  #tell;
  #timer = null;

  /** `covered()`: whether everything that is drawn is answered; `tell()` is called when it is overdue. */
  constructor(drawing, covered, tell) {
    this.#covered = covered;
    this.#tell = tell;
    drawing.watch(() => this.#wait());
  }

  /** An answer came; where it is not about everything, another one is due. */
  answered() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#covered()) this.#wait();
  }

  #wait() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (!this.#covered()) this.#tell();
    }, PATIENCE);
  }
}
