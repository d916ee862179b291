// What is known of frames by their numbers: which answers are about the drawing as it is, how long they
// took, and who waits for which. What frames are about is others' business.

const TRIPS = 20; // whose round trips are kept
const WITHIN = 8_000; // ms until an answer is not expected any more

/** Which answers are stale, and whether the newest covers everything; the drawing is known by its editions. */
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

/** Round trips as a person feels them: from sending frame n to the first answer that covers it. */
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
    this.trips = this.trips.slice(-TRIPS);
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

/** Why a request came to nothing; `code` is the protocol's, or `lost`: nobody knows. */
export class Refusal extends Error {
  constructor(code, message = code) {
    super(message);
    this.code = code;
  }
}

/** Requests over the socket that are answered by a frame of their own. */
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
