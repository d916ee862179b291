// Joins the parts that are about corrections, and shows what is judged; all else is done elsewhere.

import { Corrections, LISTED } from "./corrections.js";
import { Desk } from "./desk.js";
import { keepFocus } from "./dialogs.js";
import { request } from "./http.js";
import { Mine } from "./mine.js";
import { choices } from "./ranking.js";
import { Outbox, storage, UNSENT } from "./storage.js";
import { Verdict } from "./verdict.js";
import { said } from "./words.js";

export class Correcting {
  verdict;
  mine;
  #parts;

  /** `parts` of the page: live, fallback, drawing, display, upload, notices, and device(). */
  constructor(page, dialog, parts) {
    this.#parts = parts;
    const { live, drawing, notices } = parts;
    const url = page.dataset.corrections;
    const outbox = new Outbox(storage("localStorage"));
    const corrections = new Corrections(() => request("GET", `${url}?limit=${LISTED}`), storage("localStorage"));
    const desk = new Desk(url, live, outbox, corrections, (...note) => notices.show(...note));
    this.verdict = new Verdict(
      async (correction) => {
        try {
          return this.#said(desk.submit(await readable(correction)));
        } catch {
          notices.show("Choose the picture again.");
          return null;
        }
      },
      (id) => this.#said(desk.withdraw(id)),
    );
    const runs = () => request("GET", page.dataset.runs);
    this.mine = new Mine(dialog, page.querySelector(".count"), corrections, outbox, desk, runs);
    new Judge(page, this.verdict, notices);
    live.addEventListener("state", () => this.refresh());
    drawing.watch(() => this.refresh());
    // Another device may have sent some, or taken them back; another tab says so in the storage.
    document.addEventListener("visibilitychange", () => document.hidden || desk.refresh());
    addEventListener("storage", ({ key }) => {
      if (key === UNSENT) this.mine.refresh();
      else desk.refresh();
    });
    corrections.addEventListener("change", () => corrections.items.forEach((item) => this.verdict.receipt(item)));
    corrections.addEventListener("gone", ({ detail }) => this.verdict.gone(detail));
  }

  /** What is on show has changed: is there something to judge? */
  refresh() {
    this.verdict.offer(this.#subject());
  }

  /** The socket answers anew by itself after a verdict, HTTP has to be asked. */
  async #said(promise) {
    const outcome = await promise;
    const { fallback, upload } = this.#parts;
    if (upload.open) upload.ask(false);
    else fallback.again();
    return outcome;
  }

  #subject() {
    const { live, fallback, drawing, display, upload, device } = this.#parts;
    if (upload.open) return upload.answered && { ...upload.answered, device: "upload" };
    if (drawing.drawing || drawing.empty) return null;
    const { charset, newest } = display;
    const shown = drawing.state + charset;
    const answered = newest && (live.caughtUp || fallback.caughtUp);
    const known = this.verdict.subject;
    if (!answered && known?.shown === shown) return { ...known, stale: true };
    if (!answered && display.answered) return null; // yet
    // Where nobody answers there is nothing to call right, but the drawing can be named.
    const { label, probabilities } = answered ? newest : { label: null, probabilities: [] };
    const strokes = structuredClone(drawing.points());
    // The same ink is the same drawing, also after Clear and Undo, or for another character set.
    return { key: JSON.stringify(strokes), shown, label, probabilities, charset, device: device(), strokes };
  }
}

/** A picture goes as text, which can wait in the outbox too. */
async function readable(correction) {
  if (!correction.image) return correction;
  const { dataUrl } = await import("./picture.js"); // which made the picture small, so it is there
  return { ...correction, image: await dataUrl(correction.image) };
}

/**
 * The buttons that say whether the answer is right, the row of what it may be instead, and the bars, which
 * can be pressed for the same. What comes of it is decided in verdict.js.
 */
class Judge {
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
