// The protocol of /ws/draw/: keeps the server's drawing the same as ours and hands on its answers.
// Knows frames and their order; the connection itself is socket.js, the page is elsewhere.

import { Latency } from "./latency.js";
import { Socket } from "./socket.js";
import { Sync } from "./sync.js";
import { Throttle } from "./throttle.js";

const PROTOCOL = 1;
const INTERVAL = 40; // ms between frames with points
const SLOWEST = 320;
const HELD_BACK = 50; // ms until a frame that could not go is tried again
const PAUSE = 1_000; // ms of silence after the server said that we are too fast
const ASK_AGAIN = 3_000; // ms until a server without a model is asked again

/**
 * Events: `state`; `hello`, `prediction`, `version` and `problem`, each with the frame as `detail`.
 * `state` is connecting, open, waiting, stopped or outdated.
 */
export class Live extends EventTarget {
  latency = new Latency();
  #drawing;
  #sync;
  #socket;
  #throttle;
  #now;
  #charset;
  #theirs = null; // the character set that the server has
  #greeted = false;
  #outdated = false;
  #edition = null; // of the drawing when the server was last brought up to date
  #barrier = 0; // the frame that brought it there: answers that do not cover it are stale
  #pausedUntil = 0;
  #unwelcome = null; // the edition that the server does not take: no more of it
  #again = null;

  constructor(url, drawing, charset, env = {}) {
    super();
    this.#drawing = drawing;
    this.#charset = charset;
    this.#now = env.now ?? (() => performance.now());
    this.#sync = new Sync(drawing);
    this.#throttle = new Throttle(() => this.#bringUpToDate(), INTERVAL, this.#now);
    this.#socket = new Socket(
      url,
      {
        state: () => this.#changed(),
        message: (frame) => this.#receive(frame),
        probe: () => this.#probe(),
      },
      env,
    );
    drawing.addEventListener("ink", () => this.#throttle.call());
    drawing.addEventListener("edit", () => this.#throttle.call());
    drawing.addEventListener("end", () => this.#throttle.flush());
  }

  get state() {
    if (this.#outdated) return "outdated";
    if (this.#socket.state === "open" && !this.#greeted) return "connecting";
    return this.#socket.state;
  }

  get failures() {
    return this.#socket.failures;
  }

  get retryAt() {
    return this.#socket.retryAt;
  }

  start() {
    this.#socket.start();
  }

  stop() {
    this.#throttle.cancel();
    clearTimeout(this.#again);
    this.#socket.stop();
  }

  /** The network or the page came back, or went: find out at once. */
  check() {
    if (this.#socket.state !== "stopped") this.#socket.probe();
  }

  set charset(charset) {
    this.#charset = charset;
    this.#edition = null; // answers for the other set are stale
    this.#throttle.call();
  }

  #changed() {
    if (this.#socket.state !== "open") {
      this.#greeted = false;
      this.#edition = null;
      this.latency.restart();
    }
    this.dispatchEvent(new Event("state"));
  }

  #bringUpToDate() {
    if (!this.#greeted) return; // the greeting brings everything up to date
    if (this.#unwelcome === this.#drawing.edition) return;
    if (this.#unwelcome !== null) this.#sync.distrust();
    this.#unwelcome = null;
    const pause = this.#pausedUntil - this.#now();
    if (pause > 0 || !this.#socket.ready) return this.#tryAgain(Math.max(pause, HELD_BACK));

    const frames = this.#sync.frames();
    const edited = this.#edition !== this.#drawing.edition;
    // An edit that came to nothing still wants an answer: the last one may have met it half-way.
    if (this.#theirs !== this.#charset || (edited && frames.length === 0)) frames.unshift(this.#probe());
    this.#theirs = this.#charset;
    for (const frame of frames) {
      const n = this.#socket.send(frame);
      this.latency.sent(n, this.#now());
      if (edited) this.#barrier = n;
    }
    this.#edition = this.#drawing.edition;
  }

  #probe() {
    return { type: "charset", charset: this.#charset };
  }

  #receive(frame) {
    switch (frame.type) {
      case "hello":
        return this.#hello(frame);
      case "prediction":
        return this.#predicted(frame);
      case "error":
        return this.#refused(frame);
      case "version":
        return this.#tell("version", frame);
      default: // a newer server may say more than we know
    }
  }

  #hello(frame) {
    if (frame.protocol !== PROTOCOL) {
      this.#outdated = true;
      this.stop();
      return;
    }
    this.#greeted = true;
    this.#theirs = frame.charset;
    this.#barrier = 0;
    this.#drawing.limits = frame.limits;
    this.#sync.restart();
    this.#tell("hello", frame);
    this.dispatchEvent(new Event("state"));
    this.#throttle.flush();
  }

  #predicted(frame) {
    this.latency.covered(frame.covers, this.#now());
    const stale = this.#edition !== this.#drawing.edition || frame.covers < this.#barrier;
    if (!stale) this.#tell("prediction", frame);
  }

  #refused(frame) {
    this.latency.refused(frame.n);
    switch (frame.code) {
      case "gap":
        return this.#resend(0);
      case "unavailable":
        this.#resend(ASK_AGAIN);
        break;
      case "rate":
        this.#throttle.interval = Math.min(SLOWEST, this.#throttle.interval * 2);
        this.#pausedUntil = this.#now() + PAUSE;
        this.#resend(PAUSE);
        break;
      default: // limit, or what a page that fits its server never hears
        this.#unwelcome = this.#drawing.edition;
    }
    this.#tell("problem", frame);
  }

  /** Frames were dropped: after `wait` ms replace the whole drawing. */
  #resend(wait) {
    this.#sync.distrust();
    this.#theirs = null;
    this.#tryAgain(wait);
  }

  #tryAgain(wait) {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#throttle.call(), wait);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
