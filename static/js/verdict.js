// What a person says about the answer on show: that it is right, or what it should have been. Once for
// each drawing, however often it comes back: another label takes the place of what was said, the same one
// does nothing. Knows no page and no wire.

import { LABELS } from "./ranking.js";

const UNDO_FOR = 5_000; // ms
const SLOW = 800; // ms of sending
const EARLY = ["waiting", "pending"]; // nobody has decided: something else can be said instead
const UUID = "10000000-1000-4000-8000-100000000000"; // version 4; 0, 1 and 8 become random digits

/**
 * Events: `change`. `state` is idle (there is nothing to judge), ready, choosing (they said that it
 * is wrong), sending, or said; then `outcome` is the receipt. `undoable` is whether it can be undone: for a
 * while once it is said, and while it is being sent if that takes long.
 */
export class Verdict extends EventTarget {
  state = "idle";
  subject = null; // the answer to judge: {key, label, probabilities, charset, stale, …}
  undoable = false;
  #submit;
  #withdraw;
  #told = new Map(); // by the key of a drawing what was said of it: {id, label, outcome}
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

  get outcome() {
    return this.#said?.outcome ?? null;
  }

  get #said() {
    return this.#told.get(this.subject?.key);
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
   * newly answered or back again: what was said about it stands.
   */
  offer(subject) {
    const same = subject !== null && subject.key === this.subject?.key;
    this.subject = subject;
    if (same) this.#tell();
    else this.#become();
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
    if (!LABELS.includes(label)) return;
    if (this.open) this.#send(label);
    else if (label !== this.#said?.label && EARLY.includes(this.outcome?.status)) this.#send(label, this.#said);
  }

  /** A receipt came: perhaps it is about what was just said. */
  receipt({ id, status, version, serving, paused, label, said = label }) {
    const told = [...this.#told.values()].find(({ outcome }) => outcome?.id === id);
    if (!told) return;
    Object.assign(told.outcome, { status, version, serving, paused, label, said });
    if (told === this.#said) this.#tell();
  }

  /** Correction `id` was taken back, or (null) all of them: then nothing was said. */
  gone(id) {
    for (const [key, { outcome }] of this.#told) {
      if (outcome && (id ?? outcome.id) === outcome.id) this.#note(key);
    }
  }

  async undo() {
    if (!this.undoable) return;
    const { key } = this.subject;
    const said = this.#said;
    clearTimeout(this.#timer);
    this.undoable = false;
    this.#tell();
    if ((await this.#withdraw(said.id)) && said === this.#told.get(key)) this.#note(key);
  }

  /** Say it, once what was said `before` is taken back. */
  async #send(label, before = null) {
    const { key, ...subject } = this.subject;
    const said = { id: uuid(), label, outcome: null };
    this.#note(key, said);
    const free = !before || (await this.#withdraw(before.id));
    if (said !== this.#told.get(key)) return; // undone
    if (!free) return this.#note(key, before);
    const correction = { ...subject, id: said.id, label, predicted: subject.label };
    const confirms = !before && label === subject.label;
    const outcome = await this.#submit({ ...correction, confirms, moved: key !== this.subject?.key });
    if (said !== this.#told.get(key)) return;
    if (outcome) said.outcome = { label, confirms, ...outcome };
    this.#note(key, outcome && said, outcome !== null);
  }

  /** Of the drawing `key` this is what was `said`, or nothing. */
  #note(key, said, undoable) {
    if (said) this.#told.set(key, said);
    else this.#told.delete(key);
    if (key === this.subject?.key) this.#become("ready", undoable); // else the list tells what became of it
  }

  /** What was said stands; without that, it is `open`. */
  #become(open = "ready", undoable = false) {
    const said = this.#said;
    this.state = said ? (said.outcome ? "said" : "sending") : this.subject ? open : "idle";
    this.undoable = undoable;
    clearTimeout(this.#timer);
    const turn = () => {
      this.undoable = !undoable;
      this.#tell();
    };
    if (undoable) this.#timer = setTimeout(turn, UNDO_FOR);
    else if (this.state === "sending") this.#timer = setTimeout(turn, SLOW);
    this.#tell();
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
