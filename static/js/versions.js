// The model version in the header, and the dialog that tells about it once somebody opens it.

import { request } from "./http.js";

const NOTE_FOR = 3_000; // ms

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
