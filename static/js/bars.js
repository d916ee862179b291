// Symbols with their bars and percentages: ten at the sides of the canvas, 26 letters in a grid.

import { LABELS, percent, sides } from "./ranking.js";

const UNKNOWN = "–";

class Row {
  #element;
  #symbol;
  #bar;
  #percent;
  #told = "";

  constructor(element) {
    this.#element = element;
    this.#symbol = element.querySelector(".symbol");
    this.#bar = element.querySelector("progress");
    this.#percent = element.querySelector(".percent");
    this.label = this.#symbol.textContent;
  }

  set label(label) {
    this.name = label;
    if (this.#symbol.textContent === label) return;
    this.#symbol.textContent = label;
    this.#bar.ariaLabel = label;
  }

  /** `share` is 0…1, or null when there is none to show. */
  show(share, best) {
    this.#element.classList.toggle("best", best);
    this.#element.classList.toggle("faint", share === null || share < 0.005);
    const text = share === null ? "" : percent(share);
    const told = text && `${this.name}: ${text}`; // with its symbol: it names the row, also aloud
    // What looks the same stays untouched: most of 36 rows, in most frames while the pen moves.
    if (told === this.#told) return;
    this.#told = this.#element.title = told;
    this.#bar.ariaValueText = text || null;
    this.#percent.textContent = text || UNKNOWN;
    const width = Math.round(share * 100); // in whole percents too: one number wherever it is told
    this.#bar.value = width;
    this.#bar.style.setProperty("--share", width / 100);
  }
}

export class Bars {
  #sides;
  #letters;

  constructor(sides, letters) {
    this.#sides = [...sides].map((element) => new Row(element));
    this.#letters = [...letters].map((element) => new Row(element));
  }

  /** Show a prediction; while the pen is down (`settled` false) no row changes its place. */
  show(prediction, charset, settled) {
    if (settled || charset !== "letters") this.#arrange(charset, prediction.probabilities);
    for (const row of [...this.#sides, ...this.#letters]) {
      const share = prediction.probabilities[LABELS.indexOf(row.name)];
      row.show(share, row.name === prediction.label);
    }
  }

  /** No numbers: nothing is drawn, or nobody answers. */
  clear(charset) {
    this.#arrange(charset, null);
    for (const row of [...this.#sides, ...this.#letters]) row.show(null, false);
  }

  #arrange(charset, probabilities) {
    sides(charset, probabilities).forEach((label, index) => {
      this.#sides[index].label = label;
    });
  }
}
