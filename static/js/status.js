// The header: the connection, with the banner when it is gone for more than a moment, and the model
// version.

import { keepFocus } from "./dialogs.js";
import { request } from "./http.js";
import { connection, unreachable } from "./words.js";

const BANNER_AFTER = 1_500; // ms: a blink of the network is nobody's business
const REFRESH = 500;
const SLOW = 250; // ms of round trip …
const SLOW_AFTER = 3_000; // … for so long
const MEANWHILE = "You can keep drawing; recognition resumes when the connection is back.";
const OUTDATED = "This page is out of date. Reload it to go on.";
const NOTE_FOR = 3_000; // ms in which another version is pointed out

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
    const text = connection(state, { wait, overHttp: this.overHttp });
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
    write(name, connection(state, { overHttp: this.overHttp }));
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

/** The model version that answers, and the dialog that tells about it once somebody opens it. */
export class Versions {
  #badge;
  #body;
  #url;
  #version = null;

  constructor(live, badge, body, url) {
    this.#badge = badge;
    this.#body = body;
    this.#url = url;
    for (const type of ["hello", "version"]) {
      live.addEventListener(type, ({ detail }) => (this.version = detail.version));
    }
  }

  /** The version that answers; a change is pointed out for a moment. */
  set version(version) {
    if (version === this.#version) return;
    const swapped = this.#version !== null && version !== null;
    this.#version = version;
    this.#badge.querySelector(".number").textContent = version ?? "–";
    this.#badge.classList.toggle("new", swapped);
    if (swapped) setTimeout(() => this.#badge.classList.remove("new"), NOTE_FOR);
  }

  /** Fetch what is known and fill the dialog. */
  async load() {
    try {
      const [known, { description }] = await Promise.all([request("GET", this.#url), import("./model.js")]);
      this.#body.replaceChildren(...description(known));
    } catch {
      this.#body.textContent = "The details could not be loaded. Try again.";
    }
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
