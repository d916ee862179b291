// Round trips as a person feels them: from sending frame n to the first answer that covers it.

const WINDOW = 20; // round trips

export class Latency {
  trips = []; // ms, the newest last
  #sent = new Map(); // n → ms

  sent(n, now) {
    this.#sent.set(n, now);
  }

  /** An answer covers every frame up to `n`. */
  covered(n, now) {
    for (const [frame, since] of this.#sent) {
      if (frame > n) break; // frames are in the order of their numbers
      this.trips.push(now - since);
      this.#sent.delete(frame);
    }
    this.trips = this.trips.slice(-WINDOW);
  }

  /** Frame `n` was refused, and will not be answered by a prediction. */
  refused(n) {
    this.#sent.delete(n);
  }

  /** A new connection: what was under way never arrives. */
  restart() {
    this.#sent.clear();
  }

  /** The smallest round trip that a share of `q` does not exceed; null before the first. */
  quantile(q) {
    const sorted = this.trips.toSorted((a, b) => a - b);
    return sorted.length ? sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] : null;
  }
}
