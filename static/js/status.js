// The connection in the header, and the banner when it is gone for more than a moment.

import { keepFocus } from "./focus.js";
import { connection, unreachable } from "./words.js";

const BANNER_AFTER = 1_500; // ms: a blink of the network is nobody's business
const REFRESH = 500;
const SLOW = 250; // ms of round trip …
const SLOW_AFTER = 3_000; // … for so long
const MEANWHILE = "You can keep drawing; recognition resumes when the connection is back.";
const OUTDATED = "This page is out of date. Reload it to go on.";

export class Status {
  overHttp = false;
  #live;
  #chip;
  #banner;
  #say;
  #lostAt = performance.now();
  #slowSince = null;

  /** `say` reads a sentence out politely. */
  constructor(live, chip, banner, say) {
    this.#live = live;
    this.#chip = chip;
    this.#banner = banner;
    this.#say = say;
    const edge = banner.parentElement;
    edge.lastElementChild.addEventListener("click", () => keepFocus(() => (edge.hidden = true)));
    live.addEventListener("state", () => this.refresh());
    setInterval(() => this.refresh(), REFRESH);
    this.refresh();
  }

  refresh() {
    const { state } = this.#live;
    const up = state === "open" || this.overHttp;
    if (up) this.#lostAt = null;
    else this.#lostAt ??= performance.now();

    const wait = this.#live.retryAt - performance.now();
    const text = connection(state, { online: navigator.onLine, wait, overHttp: this.overHttp });
    this.#chip.dataset.state = up ? "up" : state === "connecting" ? "coming" : "down";
    write(this.#chip.querySelector(".state"), text);
    write(this.#chip.querySelector(".latency"), this.#latency(state));
    keepFocus(() => this.#warn(this.#warning(state)));
  }

  /** Write the round trips into the dialog's list. */
  describe(list) {
    const { latency, state } = this.#live;
    const ms = (value) => (value === null ? "–" : `${Math.round(value)} ms`);
    const [name, ...trips] = list.querySelectorAll("dd");
    write(name, connection(state, { online: navigator.onLine, overHttp: this.overHttp }));
    [0.5, 0.95, 1].forEach((share, index) => write(trips[index], ms(latency.quantile(share))));
  }

  #latency(state) {
    const median = this.#live.latency.quantile(0.5);
    if (state !== "open" || median === null) return "";
    const now = performance.now();
    this.#slowSince = median > SLOW ? (this.#slowSince ?? now) : null;
    const slow = this.#slowSince !== null && now - this.#slowSince > SLOW_AFTER;
    return slow ? "slow" : `${Math.round(median)} ms`;
  }

  #warning(state) {
    if (state === "outdated") return OUTDATED;
    if (this.#lostAt === null || performance.now() - this.#lostAt < BANNER_AFTER) return "";
    return `${unreachable()} ${MEANWHILE}`;
  }

  #warn(text) {
    if (this.#banner.textContent === text) return;
    this.#banner.textContent = text;
    const outdated = text === OUTDATED; // reconnecting would not help
    this.#banner.nextElementSibling.hidden = outdated;
    this.#banner.parentElement.hidden &&= text && !outdated; // dismissed until it is back
    if (!text) this.#say("Connected again.");
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
