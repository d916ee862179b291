// Requests over the socket that are answered by a frame of their own: who waits for which.
// Knows frames by their numbers; what they are about is others' business.

const WITHIN = 8_000; // ms until an answer is not expected any more

/** Why a request came to nothing; `code` is the protocol's, or `lost`: nobody knows. */
export class Refusal extends Error {
  constructor(code, message = code) {
    super(message);
    this.code = code;
  }
}

export class Pending {
  #waiting = new Map(); // n → {answers, resolve, reject, timer}

  /** The promise of the first frame of which `answers(frame)` is true, after request `n`. */
  add(n, answers) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(n).reject(new Refusal("lost")), WITHIN);
      this.#waiting.set(n, { answers, resolve, reject, timer });
    });
  }

  heard(frame) {
    for (const [n, { answers }] of this.#waiting) {
      if (answers(frame, n)) this.#settle(n).resolve(frame);
    }
  }

  /** An error frame came; true if it was about a request. */
  refused({ n, code, message }) {
    const waits = this.#waiting.has(n);
    if (waits) this.#settle(n).reject(new Refusal(code, message));
    return waits;
  }

  /** The connection is gone, and what was under way with it. */
  lost() {
    for (const n of [...this.#waiting.keys()]) this.#settle(n).reject(new Refusal("lost"));
  }

  #settle(n) {
    const request = this.#waiting.get(n);
    clearTimeout(request.timer);
    this.#waiting.delete(n);
    return request;
  }
}
