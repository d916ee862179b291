// Short notes at the edge of the page that go away by themselves and move nothing.

const SHOWN_FOR = 6_000; // ms

export class Notices {
  #element;
  #text;
  #button;
  #timer = null;
  #act = () => {};

  constructor(element) {
    this.#element = element;
    this.#text = element.querySelector(".text");
    this.#button = element.querySelector("button");
    this.#button.addEventListener("click", () => {
      this.hide();
      this.#act();
    });
  }

  /** Show `text`; with an `action`, {name, act}, it stays until it is answered or replaced. */
  show(text, action = null) {
    clearTimeout(this.#timer);
    this.#text.textContent = text;
    this.#button.hidden = action === null;
    this.#button.textContent = action?.name ?? "";
    this.#act = action?.act ?? (() => {});
    this.#element.classList.add("shown");
    if (!action) this.#timer = setTimeout(() => this.hide(), SHOWN_FOR);
  }

  hide() {
    this.#element.classList.remove("shown");
    this.#button.hidden = true;
    this.#text.textContent = "";
  }
}
