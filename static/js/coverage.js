// What the server's answers are about: which are stale, and whether the newest covers everything.
// Knows frames by their numbers and the drawing by its editions.

export class Coverage {
  #drawing;
  #edition = null; // of the drawing when the server was last brought up to date
  #barrier = 0; // the frame that brought it there: answers that do not cover it are stale
  #newest = 0; // the last frame about the drawing
  #covered = 0;
  #behind = false; // whether something was drawn, or lost, that no frame has carried since

  constructor(drawing) {
    this.#drawing = drawing;
    drawing.watch(() => this.lost());
  }

  /** Whether the server has an older edition, or none. */
  get edited() {
    return this.#edition !== this.#drawing.edition;
  }

  /** Whether the server has everything that is drawn. */
  get upToDate() {
    return !this.#behind && !this.edited;
  }

  /** Whether the newest answer is about everything that is drawn so far. */
  get caughtUp() {
    return this.upToDate && this.#covered >= this.#newest;
  }

  /** A new connection: frames are counted from one again. */
  restart() {
    this.#edition = null;
    this.#barrier = this.#newest = this.#covered = 0;
  }

  /** Answers so far are for another question. */
  distrust() {
    this.#edition = null;
  }

  /** The server may lack something. */
  lost() {
    this.#behind = true;
  }

  /** Frames with these numbers brought the server up to date. */
  sent(numbers) {
    this.#newest = numbers.at(-1) ?? this.#newest;
    if (this.edited) this.#barrier = this.#newest;
    this.#edition = this.#drawing.edition;
    this.#behind = false;
  }

  /** An answer covers every frame up to `n`; false if it is stale. */
  answered(n) {
    this.#covered = n;
    return !this.edited && n >= this.#barrier;
  }
}
