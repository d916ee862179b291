// What shows over the page: short notes at its edge, and dialogs. A button with data-opens="id" opens one
// of these, a click beside it closes it. While one is open all else is inert, so the notes go into it.
// And where the focus goes when what had it does not show any more.

const SHOWN_FOR = 6_000; // ms
const notes = () => document.getElementById("notes");

/** Make the buttons and dialogs of the page work; `fill` has, by id, what to do before one shows. */
export function prepareDialogs(fill) {
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.addEventListener("click", () => openDialog(button.dataset.opens, fill));
  }
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // the backdrop: its content is in a child
    });
    dialog.addEventListener("close", () => document.body.append(notes()));
  }
}

export function openDialog(id, fill = {}) {
  const dialog = document.getElementById(id);
  if (dialog.open) return;
  document.querySelector("[popover]:popover-open")?.hidePopover();
  fill[id]?.();
  dialog.append(notes());
  dialog.showModal();
}

/** Short notes that go away by themselves and move nothing. */
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

/**
 * Run `change`. If what had the focus does not show any more, the first element of selector `next` that
 * does gets it, by default a button of what is told; else what closes the open dialog, else the drawing
 * area. Nothing scrolls.
 */
export function keepFocus(change, next = "#notes button") {
  const { activeElement: before, body } = document;
  change();
  // Browsers differ in when they take the focus away from what is hidden: now, or a frame later.
  const now = document.activeElement;
  if (before === body || (now !== body && now.checkVisibility())) return;
  const places = [next, "dialog[open] button", "canvas"].flatMap((one) => [...document.querySelectorAll(one)]);
  places.find((place) => place.checkVisibility()).focus({ preventScroll: true });
}
