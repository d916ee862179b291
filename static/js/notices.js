// Short notes at the edge of the page that go away by themselves and move nothing.

import { keepFocus } from "./focus.js";

const SHOWN_FOR = 6_000; // ms

export class Notices {
  #element;
  #text;
  #button; // the action's; the other one is for closing
  #timer = null;
  #act; // of what is shown, if there is an action

  constructor(element) {
    this.#element = element;
    this.#text = element.querySelector(".text");
    const [button, close] = element.querySelectorAll("button");
    this.#button = button;
    close.addEventListener("click", () => this.hide());
    button.addEventListener("click", () => {
      this.hide();
      this.#act();
    });
  }

  /** Show `text`; with an `action`, {name, act}, it stays until it is answered, closed or replaced. */
  show(text, action = null) {
    clearTimeout(this.#timer);
    this.#text.textContent = text;
    keepFocus(() => (this.#button.hidden = action === null));
    this.#button.textContent = action?.name ?? "";
    this.#act = action?.act;
    this.#element.classList.add("shown");
    if (!action) this.#timer = setTimeout(() => this.hide(), SHOWN_FOR);
  }

  /** Take `text` back, if it is what is shown. */
  withdraw(text) {
    if (this.#text.textContent === text) this.hide();
  }

  hide() {
    keepFocus(() => this.#element.classList.remove("shown"));
    this.#text.textContent = "";
  }
}
