// A notice that must not be missed: it stays until it is closed.

export class Notice {
  #root;
  #closed;

  /** `root` is an alert region; `closed` is called after the person has closed a notice. */
  constructor(root, closed) {
    this.#root = root;
    this.#closed = closed;
  }

  /** `link`, where there is one, leads to what helps: {text, href}. */
  show(text, link = null) {
    const words = document.createElement("p");
    words.textContent = text;
    if (link) words.append(" ", anchor(link));
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

/** A link as an element. */
export function anchor({ text, href }) {
  const element = document.createElement("a");
  element.textContent = text;
  element.href = href;
  return element;
}
