// A websocket of JSON frames that comes back by itself. Numbers what it sends, keeps within the
// server's frame rate, and takes a silent connection for a dead one. Knows nothing of drawings.

import { offline } from "./words.js";

const ANSWER_WITHIN = 5_000; // ms from a frame, or from connecting, to the next sign of life
const IF_OFFLINE = 2_000; // the same where the browser says that there is no network
const PROBE_AFTER = 25_000; // ms of silence before asking: shorter than proxies' idle timeouts
const CHECK_EVERY = 1_000;
const STABLE_AFTER = 10_000; // ms open before failures are counted from one again
const FRAMES_PER_SECOND = 50;
const CONGESTED = 8_192; // bytes that the browser could not send yet

// How long to wait before the next attempt to connect: a second at most for a while, because what was
// killed is back within seconds; then a share of the time that it took so far. With jitter, so
// that many pages that lost the same server do not come back in step.
const FIRST = 500; // ms, as all of these before jitter
const SOON = 1_000;
const SHARE = 1 / 15; // of the time without a connection: four seconds after a minute
const LONGEST = 30_000;
const RESTART = 2_000; // the server said that it restarts or is overloaded: so long at least
const SPREAD = 6_000; // and up to so much longer
const POLICY = 5_000; // the server threw us out: not at once again
const CLOSE_POLICY = 1008;
const CLOSE_RESTART = [1012, 1013];

/** Handlers: `state(name)`, `message(frame)`, `probe()` returning a frame that the server answers. */
export class Socket {
  state = "waiting"; // connecting, open, waiting (until `retryAt`) or stopped
  failures = 0; // since the connection was last stable
  retryAt = 0;
  #url;
  #handlers;
  #connect;
  #now;
  #random;
  #socket = null;
  #n = 0;
  #sent = []; // times of the frames of the last second
  #heard = 0;
  #asked = null; // when the oldest frame without an answer was sent
  #opened = null;
  #lostAt = 0; // when the connection was last stable
  #retry = null;
  #check = null;

  constructor(url, handlers, { connect, now, random } = {}) {
    this.#url = url;
    this.#handlers = handlers;
    this.#connect = connect ?? ((address) => new WebSocket(address));
    this.#now = now ?? (() => performance.now());
    this.#random = random ?? Math.random;
  }

  /** Connect now, whatever the back-off says; does nothing while a connection is up or coming. */
  start() {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    this.#check ??= setInterval(() => this.#checkAlive(), CHECK_EVERY);
    this.#n = 0;
    this.#opened = null;
    this.#asked = this.#heard = this.#now();
    const socket = this.#connect(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#opened = this.#heard = this.#asked = this.#now();
      this.#become("open");
    };
    socket.onmessage = ({ data }) => {
      this.#heard = this.#now();
      this.#asked = null;
      this.#handlers.message(JSON.parse(data));
    };
    socket.onclose = ({ code }) => this.#lost(code);
    this.#become("connecting");
  }

  /** For good: nothing reconnects. */
  stop() {
    this.#abandon();
    clearTimeout(this.#retry);
    clearInterval(this.#check);
    this.#check = null;
    this.#become("stopped");
  }

  /** Whether a frame may go now. */
  get ready() {
    const now = this.#now();
    this.#sent = this.#sent.filter((time) => now - time < 1000);
    return (
      this.state === "open" &&
      this.#sent.length < FRAMES_PER_SECOND &&
      this.#socket.bufferedAmount < CONGESTED
    );
  }

  /** Send a frame and return its number. Only while open. */
  send(frame) {
    const now = this.#now();
    this.#n += 1;
    this.#sent.push(now);
    this.#asked ??= now;
    this.#socket.send(JSON.stringify({ ...frame, n: this.#n }));
    return this.#n;
  }

  /** Find out now whether the connection is alive. */
  probe() {
    if (this.state === "open") this.send(this.#handlers.probe());
    else if (this.state === "waiting") this.start();
  }

  #checkAlive() {
    // By the clock and not by counting checks: a sleeping laptop runs none.
    const now = this.#now();
    if (!this.#socket) return;
    if (this.#asked !== null) {
      if (now - this.#asked > (offline() ? IF_OFFLINE : ANSWER_WITHIN)) this.#lost(1006);
    } else if (now - this.#heard > PROBE_AFTER) this.probe();
  }

  #lost(code) {
    this.#abandon();
    const now = this.#now();
    const stable = this.#opened !== null && now - this.#opened > STABLE_AFTER;
    this.failures = stable ? 1 : this.failures + 1;
    if (this.failures === 1) this.#lostAt = now;
    const wait = delay(now - this.#lostAt, code, this.#random);
    this.retryAt = now + wait;
    this.#retry = setTimeout(() => this.start(), wait);
    this.#become("waiting");
  }

  #abandon() {
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #become(state) {
    this.state = state;
    this.#handlers.state(state);
  }
}

/** Milliseconds to wait, `away` ms after the last stable connection, after a close with `code`. */
export function delay(away, code = 1006, random = Math.random) {
  const longest = Math.min(LONGEST, Math.max(away ? SOON : FIRST, away * SHARE));
  // Half of it at least: shorter waits would not find the server sooner, only ask it more often.
  const wait = (longest * (1 + random())) / 2;
  if (CLOSE_RESTART.includes(code)) return wait + RESTART + random() * SPREAD;
  return code === CLOSE_POLICY ? wait + POLICY : wait;
}
