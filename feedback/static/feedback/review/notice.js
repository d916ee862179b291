// A notice that must not be missed: it stays until it is closed.

export class Notice {
  #root;
  #closed;

  /** `root` is an alert region; `closed` is called after the person has closed a notice. */
  constructor(root, closed) {
    this.#root = root;
    this.#closed = closed;
  }

  show(text) {
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => {
      this.#root.replaceChildren();
      this.#closed();
    });
    this.#root.replaceChildren(words, close);
  }
}
