// Rate limits that keep the newest call. They know nothing about what they limit.

/** On the leading edge at once, on the trailing edge once. */
export class Throttle {
  #action;
  #now;
  #last = -Infinity;
  #timer = null;

  /** `interval` in ms may be changed at any time. */
  constructor(action, interval, now = () => performance.now()) {
    this.#action = action;
    this.interval = interval;
    this.#now = now;
  }

  /** Act now if none was within the interval, otherwise once when it is over. */
  call() {
    if (this.#timer !== null) return;
    const wait = this.#last + this.interval - this.#now();
    if (wait <= 0) this.flush();
    else this.#timer = setTimeout(() => this.flush(), wait);
  }

  /** Act now, whatever was before; takes the place of the trailing call. */
  flush() {
    this.cancel();
    this.#last = this.#now();
    this.#action();
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** One request at a time, at most every so often, always with the newest state. */
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
