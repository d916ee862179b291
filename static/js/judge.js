// The buttons that say whether the answer is right, the row of what it may be instead, and the bars,
// which can be pressed for the same. What comes of it is decided in verdict.js.

import { keepFocus } from "./dialogs.js";
import { choices } from "./ranking.js";
import { said } from "./words.js";

export class Judge {
  #page;
  #verdict;
  #correct;
  #incorrect;
  #undo;
  #said;
  #picker;
  #notices;
  #note = ""; // what a note tells instead
  #width = 0; // of the window that the row was last brought within reach of
  #scrolled = []; // where the page was before it made room for the row, and after

  /** `page` contains all of it; `notices` tells what became of it where that is out of sight. */
  constructor(page, verdict, notices) {
    const find = (selector) => page.querySelector(selector);
    this.#page = page;
    this.#verdict = verdict;
    this.#notices = notices;
    [this.#correct, this.#incorrect, this.#undo] = page.querySelectorAll("#verdict button");
    this.#said = find(".said");
    this.#picker = find("#picker");
    this.#correct.addEventListener("click", () => verdict.confirm());
    this.#incorrect.addEventListener("click", () => verdict.choose());
    this.#undo.addEventListener("click", () => verdict.undo());
    page.addEventListener("click", ({ target }) => {
      const row = target.closest(".row");
      const choice = target.closest("#picker button");
      if (row) verdict.name(row.querySelector(".symbol").textContent);
      else if (choice?.value) verdict.name(choice.value);
      else if (choice) verdict.choose(false);
    });
    // By its width: a phone's bars come and go while somebody scrolls.
    addEventListener("resize", () => innerWidth === this.#width || this.#reach());
    // What takes the place of a button that goes.
    const next = "#verdict [aria-controls], #verdict .plain";
    verdict.addEventListener("change", () => keepFocus(() => this.#refresh(), next));
    this.#refresh();
  }

  #refresh() {
    const { state, subject, outcome, confirmable, open, undoable } = this.#verdict;
    const choosing = state === "choosing";
    this.#page.dataset.judging = state;
    this.#correct.ariaDisabled = !confirmable;
    this.#incorrect.ariaDisabled = !open;
    this.#incorrect.ariaExpanded = choosing;
    const text = outcome ? said(outcome, subject.charset) : undoable ? "Sending …" : "";
    this.#correct.hidden = this.#incorrect.hidden = text !== "";
    this.#undo.hidden = !undoable;
    if (this.#said.textContent !== text) this.#said.textContent = text;
    // What waits here is told by a note anyway.
    this.#remind(undoable && outcome?.status !== "waiting" ? text : "");
    if (choosing && this.#picker.hidden) this.#ask();
    else if (!choosing && !this.#picker.hidden) this.#close();
  }

  /** A note says `text`, for as long as there is any, if the place for it is out of sight. */
  #remind(text) {
    const { top, bottom } = this.#undo.parentNode.getBoundingClientRect();
    const note = top < 0 || bottom > innerHeight ? text : "";
    if (note === this.#note) return;
    if (note) this.#notices.show(note, { name: "Undo", act: () => this.#verdict.undo() });
    else this.#notices.withdraw(this.#note);
    this.#note = note;
  }

  /** Open the row and bring the likeliest within reach. */
  #ask() {
    const { charset, probabilities, label } = this.#verdict.subject;
    const { likely, others } = choices(charset, probabilities, label);
    const [first, rest] = this.#picker.querySelectorAll("div");
    first.replaceChildren(...likely.map(button));
    rest.replaceChildren(...others.map(button));
    const before = scrollY;
    this.#picker.hidden = false;
    first.firstChild.focus({ preventScroll: true });
    this.#reach();
    this.#scrolled = [before, scrollY];
  }

  #reach() {
    this.#width = innerWidth;
    this.#picker.scrollIntoView({ block: "nearest" });
  }

  #close() {
    this.#picker.hidden = true;
    const [before, after] = this.#scrolled;
    if (scrollY === after) scrollTo({ top: before });
  }
}

function button(label) {
  const element = document.createElement("button");
  element.value = element.textContent = label;
  return element;
}
