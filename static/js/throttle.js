// A rate limit that keeps the newest call: on the leading edge at once, on the trailing edge once.
// Knows nothing about what it limits.

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
