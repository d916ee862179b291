// The model version in the header and the dialog that tells about it.

import { request } from "./http.js";

const NOTE_FOR = 3_000; // ms

// What people ask first of all that a card holds; the rest is for programs.
const FIGURES = [
  ["Digits, set to digits", "validation.strokes_digit.top1_hinted"],
  ["Lower-case letters, set to letters", "validation.strokes_lower.top1_hinted"],
  ["Capital letters, set to letters", "validation.strokes_upper.top1_hinted"],
  ["Strokes of all kinds, set to all", "validation.strokes.top1"],
  ["The same, among its first three guesses", "validation.strokes.top3"],
];

export class Versions {
  #badge;
  #body;
  #url;
  #version = null;

  constructor(badge, body, url) {
    this.#badge = badge;
    this.#body = body;
    this.#url = url;
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
      this.#body.replaceChildren(...description(await request("GET", this.#url)));
    } catch {
      this.#body.replaceChildren(make("p", "The details could not be loaded. Try again in a moment."));
    }
  }
}

function description({ serving, versions }) {
  const current = versions.find(({ number }) => number === serving);
  if (!current) return [make("p", "No model is loaded right now.")];
  const list = make("dl");
  for (const [name, value] of facts(current)) list.append(make("dt", name), make("dd", value));
  const scores = figures(current.metrics);
  const parts = [list];
  if (scores.length > 0) parts.push(make("h3", "Right for writers it has never seen"), table(["Drawn", "Right"], scores));
  if (versions.length > 1) {
    parts.push(make("h3", "Versions"));
    parts.push(table(["Version", "Trained"], versions.map((card) => [card.number, day(card.created)])));
  }
  return parts;
}

function facts({ number, name, created, architecture }) {
  const parameters = architecture.parameters?.toLocaleString("en");
  return [
    ["Version", `${number} (${name})`],
    ["Trained", day(created)],
    ["Network", architecture.name?.toUpperCase()],
    ["Parameters", parameters],
  ].filter(([, value]) => value);
}

/** The figures that a card's metrics have, as [name, percentage]. */
export function figures(metrics) {
  return FIGURES.flatMap(([name, path]) => {
    const share = path.split(".").reduce((part, key) => part?.[key], metrics);
    return typeof share === "number" ? [[name, `${(share * 100).toFixed(1)} %`]] : [];
  });
}

function day(created) {
  return new Date(created).toLocaleDateString("en-GB", { dateStyle: "long" });
}

function table(head, rows) {
  const element = make("table");
  const fill = (row, tag, values) => row.append(...values.map((value) => make(tag, value)));
  fill(element.createTHead().insertRow(), "th", head);
  const body = element.createTBody();
  for (const values of rows) fill(body.insertRow(), "td", values);
  return element;
}

function make(tag, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
