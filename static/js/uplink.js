// Keeps the server's drawing the same as ours, at a pace that the server and the line bear.
// Knows which frames to send and when; the connection is socket.js, the answers are live.js.

import { Coverage, Latency } from "./frames.js";
import { Sync } from "./sync.js";
import { Throttle } from "./throttle.js";

const INTERVAL = 40; // ms between frames with points
const SLOWEST = 320;
const HELD_BACK = 50; // ms until a frame that could not go is tried again
const PAUSE = 1_000; // ms of silence after the server said that we are too fast

export class Uplink {
  latency = new Latency();
  coverage;
  open = false; // whether the server listens
  #drawing;
  #sync;
  #socket;
  #throttle;
  #now;
  #charset;
  #theirs = null; // the character set that the server has
  #pausedUntil = 0;
  #unwelcome = null; // the edition that the server does not take: no more of it
  #again = null;
  #outdated = null; // the drawing that an earlier version answers

  constructor(drawing, charset, socket, now) {
    this.#drawing = drawing;
    this.#charset = charset;
    this.#socket = socket;
    this.#now = now;
    this.#sync = new Sync(drawing);
    this.coverage = new Coverage(drawing);
    this.#throttle = new Throttle(() => this.#bringUpToDate(), INTERVAL, now);
    drawing.addEventListener("ink", () => this.#throttle.call());
    drawing.addEventListener("edit", () => {
      this.#renew();
      this.#throttle.call();
    });
    drawing.addEventListener("end", () => {
      this.#renew();
      this.#throttle.flush();
    });
  }

  set charset(charset) {
    this.#charset = charset;
    this.coverage.distrust(); // answers for the other set are stale
    this.#throttle.call();
  }

  /** A frame that changes nothing and that the server answers. */
  get probe() {
    return { type: "charset", charset: this.#charset };
  }

  /** A server that knows nothing but this character set: bring everything up to date. */
  start(charset) {
    this.open = true;
    this.#outdated = null;
    this.#theirs = charset;
    this.coverage.restart();
    this.#sync.restart();
    this.#throttle.flush();
  }

  stop() {
    this.#throttle.cancel();
    clearTimeout(this.#again);
  }

  /** Bring the server up to date now, whatever was a moment ago; false if that is not possible. */
  flush() {
    this.#throttle.flush();
    return this.open && this.coverage.upToDate;
  }

  /** Another version answers from now on: once the pen is up, this drawing too. */
  renew() {
    this.#outdated = this.#drawing.drawn;
    this.#renew();
    this.#throttle.call();
  }

  /** Frames were dropped: after `wait` ms replace the whole drawing. */
  resend(wait = 0) {
    this.#sync.distrust();
    this.coverage.lost();
    this.#theirs = null;
    this.#tryAgain(wait);
  }

  slowDown() {
    this.#throttle.interval = Math.min(SLOWEST, this.#throttle.interval * 2);
    this.#pausedUntil = this.#now() + PAUSE;
    this.resend(PAUSE);
  }

  /** The server does not take this drawing: nothing more of it. */
  giveUp() {
    this.#unwelcome = this.#drawing.edition;
  }

  #bringUpToDate() {
    if (!this.open) return; // the greeting brings everything up to date
    if (this.#unwelcome === this.#drawing.edition) return;
    if (this.#unwelcome !== null) this.#sync.distrust();
    this.#unwelcome = null;
    const pause = this.#pausedUntil - this.#now();
    if (pause > 0 || !this.#socket.ready) return this.#tryAgain(Math.max(pause, HELD_BACK));

    const frames = this.#sync.frames();
    const idle = this.coverage.edited && frames.length === 0;
    // An edit that came to nothing still wants an answer: the last one may have met it half-way.
    if (this.#theirs !== this.#charset || idle) frames.unshift(this.probe);
    this.#theirs = this.#charset;
    const numbers = frames.map((frame) => this.#socket.send(frame));
    for (const n of numbers) this.latency.sent(n, this.#now());
    this.coverage.sent(numbers);
  }

  /** The server keeps a drawing with the version that its first point met, so it gets a new one. */
  #renew() {
    const { drawn, drawing, empty } = this.#drawing;
    if (this.#outdated !== drawn || drawing) return;
    this.#outdated = null;
    if (empty) return;
    this.#sync.renew();
    this.coverage.distrust();
  }

  #tryAgain(wait) {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#throttle.call(), wait);
  }
}
