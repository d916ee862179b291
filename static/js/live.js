// The protocol of /ws/draw/: hands on the server's answers, and asks what has an answer of its own.
// Knows frames and their order. What goes up is in uplink.js, the connection itself in socket.js.

import { Pending, Refusal } from "./frames.js";
import { Socket } from "./socket.js";
import { Uplink } from "./uplink.js";

const PROTOCOL = 1;
const ASK_AGAIN = 3_000; // ms until a server without a model is asked again

/**
 * Events: `state`; `hello`, `prediction`, `version`, `receipt` and `problem`, each with the frame
 * as `detail`; `swap` with that of a version which is not the one `before`. `state` is connecting, open, waiting, stopped or outdated.
 */
export class Live extends EventTarget {
  #drawing;
  #uplink;
  #socket;
  #now;
  #pending = new Pending();
  #outdated = false;
  #version = null;

  constructor(url, drawing, charset, env = {}) {
    super();
    this.#drawing = drawing;
    this.#now = env.now ?? (() => performance.now());
    this.#socket = new Socket(
      url,
      {
        state: () => this.#changed(),
        message: (frame) => this.#receive(frame),
        probe: () => this.#uplink.probe,
      },
      env,
    );
    this.#uplink = new Uplink(drawing, charset, this.#socket, this.#now);
  }

  get state() {
    if (this.#outdated) return "outdated";
    if (this.#socket.state === "open" && !this.#uplink.open) return "connecting";
    return this.#socket.state;
  }

  get failures() {
    return this.#socket.failures;
  }

  get retryAt() {
    return this.#socket.retryAt;
  }

  get latency() {
    return this.#uplink.latency;
  }

  /** Whether the newest prediction is about everything that is drawn so far. */
  get caughtUp() {
    return this.#uplink.open && this.#uplink.coverage.caughtUp;
  }

  set charset(charset) {
    this.#uplink.charset = charset;
  }

  start() {
    this.#socket.start();
  }

  stop() {
    this.#uplink.stop();
    this.#socket.stop();
  }

  /** The network or the page came back, or went: find out at once. */
  check() {
    if (this.#socket.state !== "stopped") this.#socket.probe();
  }

  /**
   * Send a frame about the drawing as it is now. Resolves with the first frame that `answers(frame, n)`
   * takes for the answer to frame `n`; rejects with a Refusal.
   */
  async ask(frame, answers) {
    if (!this.#uplink.flush()) throw new Refusal("lost");
    return this.#pending.add(this.#socket.send(frame), answers);
  }

  #changed() {
    if (this.#socket.state !== "open") {
      this.#uplink.open = false;
      this.#pending.lost();
      this.latency.restart();
    }
    this.dispatchEvent(new Event("state"));
  }

  #receive(frame) {
    this.#pending.heard(frame);
    switch (frame.type) {
      case "hello":
        return this.#hello(frame);
      case "prediction":
        return this.#predicted(frame);
      case "error":
        return this.#refused(frame);
      case "version":
        return this.#swapped(frame);
      case "receipt":
        return this.#tell(frame.type, frame);
      default: // a newer server may say more than we know
    }
  }

  #hello(frame) {
    if (frame.protocol !== PROTOCOL) {
      this.#outdated = true;
      this.stop();
      return;
    }
    this.#drawing.limits = frame.limits;
    this.#version = frame.version;
    this.#tell("hello", frame);
    this.#uplink.start(frame.charset);
    this.dispatchEvent(new Event("state"));
  }

  /** Told of the same version again: more processes have it. */
  #swapped(frame) {
    frame.before = this.#version;
    this.#version = frame.version;
    this.#tell("version", frame);
    if (frame.before === frame.version) return;
    this.#uplink.renew();
    this.#tell("swap", frame);
  }

  #predicted(frame) {
    this.latency.covered(frame.covers, this.#now());
    if (this.#uplink.coverage.answered(frame.covers)) this.#tell("prediction", frame);
  }

  #refused(frame) {
    if (this.#pending.refused(frame)) return;
    this.latency.refused(frame.n);
    switch (frame.code) {
      case "gap":
        return this.#uplink.resend();
      case "unavailable":
        this.#uplink.resend(ASK_AGAIN);
        break;
      case "rate":
        this.#uplink.slowDown();
        break;
      default: // limit, or what a page that fits its server never hears
        this.#uplink.giveUp();
    }
    this.#tell("problem", frame);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
