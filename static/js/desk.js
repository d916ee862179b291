// Everything that happens to corrections between this page and the server: sent, sent again, taken
// back, forgotten. Says in words what a person has to know; where that is shown is elsewhere.

import { tellNews } from "./corrections.js";
import { HttpError, request } from "./http.js";
import { Latest } from "./throttle.js";
import { kept, offline, refused, waiting } from "./words.js";

const FINAL = [400, 403, 404, 409, 413, 415, 422]; // the server has read it and never takes it
const REFRESH_EVERY = 2_000; // ms, however often a tab is looked at or another one tells
const LATER = { unavailable: 507, rate: 429 }; // refusals of the socket that HTTP would meet as well

export class Desk {
  #url;
  #live;
  #outbox;
  #corrections;
  #tell;
  #latest = new Latest(() => this.load(), REFRESH_EVERY);
  #sending = new Set(); // ids of what is said and neither stored nor refused nor waiting

  /** `tell(text, action)` shows a note, perhaps with something to press. */
  constructor(url, live, outbox, corrections, tell) {
    this.#url = url;
    this.#live = live;
    this.#outbox = outbox;
    this.#corrections = corrections;
    this.#tell = tell;
    live.addEventListener("hello", () => this.#greeted());
    tellNews(live, corrections, tell);
  }

  /**
   * Send {id, label, charset, device, strokes | image}, and `confirms` if it is what was answered:
   * over the socket, else over HTTP, else it waits here, and is kept here from the start: this page may go
   * away. Resolves with the receipt, {status: "waiting"} if it waits, or null where it is refused for good.
   */
  async submit(correction) {
    const { id } = correction;
    this.#sending.add(id);
    this.#outbox.add({ ...body(correction), sending: true });
    try {
      return this.#stored(correction, await this.#send(correction));
    } catch (error) {
      if (this.#outbox.withdrew(id)) return null;
      if (FINAL.includes(error.status)) {
        this.#outbox.remove(id);
        this.#tell(refused(error));
        return null;
      }
      const fits = this.#outbox.add(body(correction));
      this.#offer(kept(error.status, fits));
      return fits ? { id, status: "waiting" } : null;
    } finally {
      this.#sending.delete(id);
    }
  }

  /** Send what waits. */
  async sendAgain() {
    this.#outbox.adopt(this.#sending);
    if (this.#outbox.items.length === 0) return;
    let outcome = "";
    await this.#outbox.flush(async (correction) => {
      try {
        if (this.#stored(correction, await request("POST", this.#url, correction))) outcome ||= "Sent. Thank you.";
        return true;
      } catch (error) {
        if (this.#outbox.withdrew(correction.id)) return true;
        outcome = kept(error.status);
        if (!FINAL.includes(error.status)) return false;
        this.#corrections.remove(correction.id); // what was said of the drawing is not so
        outcome = refused(error);
        return true;
      }
    });
    if (this.#outbox.items.length > 0) this.#offer(outcome);
    else if (outcome) this.#tell(outcome);
  }

  /** Take one back; resolves with whether that was possible. What is not stored yet never will be. */
  withdraw(id) {
    return this.#try(() => (this.#unstored.includes(id) ? this.#takeBack([id]) : this.#erase(id)));
  }

  /** Forget what waits. */
  discard() {
    this.#takeBack(this.#outbox.items.map(({ id }) => id));
  }

  withdrawAll() {
    return this.#try(async () => {
      this.#takeBack(this.#unstored);
      await this.#delete(this.#url);
      this.#corrections.clear();
      this.#tell("Your corrections are deleted.");
    });
  }

  /** Empty the personal memory. */
  forget() {
    return this.#try(async () => {
      await this.#live.ask({ type: "forget" }, ({ type, covers }, n) => type === "prediction" && covers >= n);
      this.#tell("Forgotten: you are answered like everybody else.");
    });
  }

  /** Ask the server how my corrections are. */
  load() {
    this.#outbox.adopt(this.#sending); // without a socket nothing greets
    return this.#corrections.load().catch(() => {}); // what is known stays; the header tells why
  }

  /** The same, unless there can be none. */
  refresh() {
    if (this.#corrections.any) this.#latest.request();
  }

  async #send(correction) {
    const { id, label, confirms, device, strokes, moved } = correction;
    try {
      // The socket's drawing is this one, unless they have `moved` on; a picture it does not have.
      if (strokes && !moved && !offline()) {
        const verdict = { type: "verdict", ...(confirms ? { correct: true } : { label }), id, device };
        return await this.#live.ask(verdict, (frame) => frame.type === "receipt" && frame.id === id);
      }
    } catch ({ code }) {
      if (LATER[code]) throw new HttpError(LATER[code]);
    }
    return request("POST", this.#url, body(correction));
  }

  #delete(url) {
    return request("DELETE", url).catch((error) => {
      if (error.status !== 404) throw error; // then it is gone already
    });
  }

  #erase(id) {
    return this.#delete(`${this.#url}/${id}`).then(() => this.#corrections.remove(id));
  }

  get #unstored() {
    return [...new Set([...this.#sending, ...this.#outbox.unsent])];
  }

  #takeBack(ids) {
    this.#outbox.withdraw(ids);
    for (const id of ids) this.#corrections.remove(id);
    this.#settle();
  }

  /** What was taken back may be on the server: an answer can have come too late, or comes yet. */
  #settle() {
    return this.#outbox.settle((id) => this.#erase(id).then(() => true, ({ status }) => status === 403));
  }

  /** What was said and could not be sent is sent now: each has its id, so it counts once. */
  async #greeted() {
    await this.#settle();
    await this.sendAgain();
    this.refresh();
  }

  /** Point out what waits, and offer to send it. */
  #offer(why) {
    const { items, passing } = this.#outbox;
    this.#tell(`${why} ${waiting(items.length, passing)}`.trim(), { name: "Send again", act: () => this.sendAgain() });
  }

  /** Returns the receipt, or null if it was taken back meanwhile. */
  #stored({ id, label, predicted = null, strokes }, receipt) {
    if (this.#outbox.withdrew(id)) {
      this.#settle();
      return null;
    }
    this.#outbox.remove(id);
    this.#corrections.add({ label, predicted, strokes, created: new Date().toISOString(), ...receipt });
    return receipt;
  }

  async #try(task) {
    try {
      await task();
    } catch (error) {
      this.#tell(refused(error));
      return false;
    }
    return true;
  }
}

/** Over HTTP the label goes, also of what was right: a later model may answer otherwise. */
function body({ id, label, charset, device, strokes, image }) {
  return { id, label, charset, device, ...(strokes ? { strokes } : { image }) };
}
