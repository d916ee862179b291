// What a person says about the answer on show: that it is right, or what it should have been. Once
// for each drawing; what they press a second time does nothing. Knows no page and no wire.

import { LABELS } from "./ranking.js";

const UNDO_FOR = 5_000; // ms
const UUID = "10000000-1000-4000-8000-100000000000"; // version 4; 0, 1 and 8 become random digits

/**
 * Events: `change`. `state` is idle (there is nothing to judge), ready, choosing (they said that it
 * is wrong), sending, or said; then `outcome` is the receipt and `undoable` whether it can be undone.
 */
export class Verdict extends EventTarget {
  state = "idle";
  subject = null; // the answer to judge: {key, label, probabilities, charset, stale, …}
  outcome = null;
  undoable = false;
  #submit;
  #withdraw;
  #id = null; // of what was sent about this subject
  #timer = null;

  /**
   * `submit(correction)` returns the promise of a receipt, or of null where it was refused;
   * `withdraw(id)` that of whether it is taken back.
   */
  constructor(submit, withdraw) {
    super();
    this.#submit = submit;
    this.#withdraw = withdraw;
  }

  /** Whether there is an answer that can be called right. */
  get confirmable() {
    return this.state === "ready" && this.subject.label !== null && !this.subject.stale;
  }

  get open() {
    return this.state === "ready" || this.state === "choosing";
  }

  /**
   * There is something to judge, or (null) not any more. Of the same `key` it is the same drawing,
   * newly answered: what was said about it stands.
   */
  offer(subject) {
    const same = subject !== null && subject.key === this.subject?.key;
    this.subject = subject;
    if (same) this.#tell();
    else this.#become(subject ? "ready" : "idle");
  }

  confirm() {
    if (this.confirmable) this.#send(this.subject.label);
  }

  /** Wrong: ask for what it is, or stop asking. */
  choose(choosing = this.state === "ready") {
    if (this.open) this.#become(choosing ? "choosing" : "ready");
  }

  /** It is a `label`, whichever characters were asked for: they may have drawn another one. */
  name(label) {
    if (this.open && LABELS.includes(label)) this.#send(label);
  }

  /** A receipt came: perhaps it is about what was just said. */
  receipt({ id, status, version, serving, paused }) {
    if (this.outcome?.id !== id) return;
    this.outcome = { ...this.outcome, status, version, serving, paused };
    this.#tell();
  }

  /** Correction `id` was taken back, or (null) all of them: then nothing was said. */
  gone(id) {
    if (this.outcome && (id ?? this.outcome.id) === this.outcome.id) this.#become("ready");
  }

  async undo() {
    if (!this.undoable) return;
    const id = this.#id;
    this.#endUndo();
    this.#tell();
    const gone = await this.#withdraw(id);
    if (gone && id === this.#id) this.#become("ready");
  }

  async #send(label) {
    const { key, ...subject } = this.subject;
    const id = uuid();
    this.#become("sending");
    this.#id = id;
    const correction = { ...subject, id, label, confirms: label === subject.label };
    const outcome = await this.#submit({ ...correction, predicted: subject.label });
    if (id !== this.#id) return; // they draw on: the list tells what became of it
    if (outcome === null) return this.#become("ready");
    this.outcome = { confirms: correction.confirms, ...outcome };
    this.undoable = true;
    this.#timer = setTimeout(() => {
      this.undoable = false;
      this.#tell();
    }, UNDO_FOR);
    this.state = "said";
    this.#tell();
  }

  #become(state) {
    this.#endUndo();
    this.#id = null;
    this.outcome = null;
    this.state = state;
    this.#tell();
  }

  #endUndo() {
    clearTimeout(this.#timer);
    this.undoable = false;
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/** `crypto.randomUUID` is missing on pages without TLS. */
function uuid() {
  const random = () => crypto.getRandomValues(new Uint8Array(1))[0];
  return UUID.replace(/[018]/g, (digit) => (digit ^ (random() & (15 >> (digit / 4)))).toString(16));
}
