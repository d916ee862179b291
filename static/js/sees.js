// "What the network sees": the drawing as the server's own raster, 28x28, while a switch is on.

import { Latest } from "./latest.js";

const INTERVAL = 250; // ms between requests

export class Sees {
  #drawing;
  #switch;
  #image;
  #ask;
  #latest = new Latest(() => this.#request(), INTERVAL);

  /** `ask(strokes)` returns the promise of an answer with `image`. */
  constructor(section, drawing, ask) {
    this.#drawing = drawing;
    this.#switch = section.querySelector("input");
    this.#image = section.querySelector("img");
    this.#ask = ask;
    this.#switch.addEventListener("change", () => this.refresh());
    for (const type of ["ink", "end", "edit"]) drawing.addEventListener(type, () => this.refresh());
  }

  get on() {
    return this.#switch.checked;
  }

  toggle() {
    this.#switch.click();
  }

  refresh() {
    if (this.on && !this.#drawing.empty) this.#latest.request();
    else this.#image.hidden = true;
  }

  async #request() {
    if (!this.on || this.#drawing.empty) return;
    try {
      const { image } = await this.#ask(this.#drawing.points());
      this.#image.src = image;
      this.#image.hidden = !this.on || this.#drawing.empty;
    } catch {
      this.#image.hidden = true; // an old picture would be a lie; the header tells of the connection
    }
  }
}
