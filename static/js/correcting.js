// Joins the parts that are about corrections; everything that it does is done elsewhere.

import { Corrections, LISTED } from "./corrections.js";
import { Desk } from "./desk.js";
import { request } from "./http.js";
import { Judge } from "./judge.js";
import { Mine } from "./mine.js";
import { Outbox, UNSENT } from "./outbox.js";
import { storage } from "./storage.js";
import { Verdict } from "./verdict.js";

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
      async (correction) => this.#said(desk.submit(await readable(correction))),
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
    if (newest && (live.caughtUp || fallback.caughtUp)) {
      const { label, probabilities } = newest;
      const strokes = structuredClone(drawing.points());
      // The same ink is the same drawing, also after Clear and Undo, or for another character set.
      return { key: JSON.stringify(strokes), shown, label, probabilities, charset, device: device(), strokes };
    }
    // Nobody answers any more: there is nothing to call right, but the drawing can be named.
    const known = this.verdict.subject;
    return known?.shown === shown ? { ...known, stale: true } : null;
  }
}

/** A picture goes as text, which can wait in the outbox too. */
async function readable(correction) {
  if (!correction.image) return correction;
  const { dataUrl } = await import("./picture.js"); // which made the picture small, so it is there
  return { ...correction, image: await dataUrl(correction.image) };
}
