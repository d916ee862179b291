// Thumbnails of the last drawings; choosing one brings it back. The list itself is in storage.js.

import { PEN, SIDE } from "./strokes.js";

const SVG = "http://www.w3.org/2000/svg";

export class Recent {
  #list;
  #empty;
  #forget;
  #history;
  #chosen;

  /** `chosen(drawing)` is told which one a person wants back. */
  constructor(section, history, chosen) {
    this.#list = section.querySelector("ul");
    this.#empty = section.querySelector(".hint");
    this.#forget = section.querySelector("button");
    this.#history = history;
    this.#chosen = chosen;
    this.#forget.addEventListener("click", () => {
      history.forget();
      this.refresh();
    });
    this.refresh();
  }

  add(strokes, label) {
    this.#history.add(strokes, label);
    this.refresh();
  }

  refresh() {
    const { drawings } = this.#history;
    this.#list.replaceChildren(...drawings.map((drawing) => this.#item(drawing)));
    this.#empty.hidden = drawings.length > 0;
    this.#forget.ariaDisabled = drawings.length === 0;
  }

  #item(drawing) {
    const button = document.createElement("button");
    button.title = button.ariaLabel = name(drawing);
    button.append(thumbnail(drawing.strokes));
    button.addEventListener("click", () => this.#chosen(drawing));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }
}

function name({ label, strokes }) {
  const of = label === null ? "not recognised" : `of ${label}`;
  return `Drawing ${of}, ${strokes.length} ${strokes.length === 1 ? "stroke" : "strokes"}`;
}

/** Lines in the colour of the text, so that they follow the theme. */
export function thumbnail(strokes) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${SIDE} ${SIDE}`);
  svg.ariaHidden = true;
  const path = document.createElementNS(SVG, "path");
  // A stroke of one point becomes a line of no length, which the round cap makes a dot.
  const lines = strokes.map((points) => `M${points.join("L")}L${points.at(-1)}`);
  path.setAttribute("d", lines.join(""));
  path.setAttribute("stroke-width", PEN * 1.2);
  svg.append(path);
  return svg;
}
