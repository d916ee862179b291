// One request at a time, at most every so often, always with the newest state.

export class Latest {
  #task;
  #interval;
  #busy = false;
  #again = false;

  /** `task` returns a promise and deals with its own failures; `interval` in ms. */
  constructor(task, interval) {
    this.#task = task;
    this.#interval = interval;
  }

  /** Run now, or once more when the one under way and the interval after it are over. */
  async request() {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#again) {
      this.#again = false;
      await this.#task();
      await new Promise((resolve) => setTimeout(resolve, this.#interval));
    }
    this.#busy = false;
  }
}
