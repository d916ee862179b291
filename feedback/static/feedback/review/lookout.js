// Looks for new work now and then: only while the page is looked at, and at once when it is again
// after it was not.

const EVERY = 20_000; // ms
const SPREAD = 10_000; // up to so much later: many screens do not ask in step

export class Lookout {
  #look;
  #page;
  #missed = false;

  /** `look` is called; `page` is the document, which may be hidden. */
  constructor(look, page = document) {
    this.#look = look;
    this.#page = page;
  }

  start() {
    this.#page.addEventListener("visibilitychange", () => {
      if (!this.#page.hidden && this.#missed) this.#due();
    });
    this.#wait();
  }

  #wait() {
    setTimeout(() => this.#due(), EVERY + Math.random() * SPREAD);
  }

  async #due() {
    this.#missed = this.#page.hidden;
    if (this.#missed) return;
    await this.#look();
    this.#wait();
  }
}
