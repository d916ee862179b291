// Everything that happens to corrections between this page and the server: sent, sent again, taken
// back, forgotten. Says in words what a person has to know; where that is shown is elsewhere.

import { HttpError, request } from "./http.js";
import { kept, news, refused, swapped, waiting } from "./words.js";

// The server has read it and will not take it, now or later.
const FINAL = [400, 403, 404, 409, 413, 415, 422];
// Refusals of the socket that HTTP would meet as well, by its status.
const LATER = { unavailable: 507, rate: 429 };

export class Desk {
  #url;
  #live;
  #outbox;
  #corrections;
  #tell;
  #told = null; // the version of which it was said that it learned from me

  /** `tell(text, action)` shows a note, perhaps with something to press. */
  constructor(url, live, outbox, corrections, tell) {
    this.#url = url;
    this.#live = live;
    this.#outbox = outbox;
    this.#corrections = corrections;
    this.#tell = tell;
    live.addEventListener("hello", () => this.#greeted());
    live.addEventListener("receipt", ({ detail }) => corrections.receipt(detail));
    live.addEventListener("version", ({ detail }) => corrections.served(detail));
    live.addEventListener("swap", ({ detail }) => this.#swapped(detail));
    corrections.addEventListener("news", ({ detail }) => this.#moved(detail));
  }

  /**
   * Send {id, label, charset, device, strokes | image}, and `confirms` if it is what was answered:
   * over the socket, else over HTTP, else it waits here; always under its id, so that it counts once.
   * Resolves with the receipt, {status: "waiting"} if it waits, or null where it is refused for good.
   */
  async submit(correction) {
    try {
      const receipt = await this.#send(correction);
      this.#stored(correction, receipt);
      return receipt;
    } catch (error) {
      if (FINAL.includes(error.status)) {
        this.#tell(refused(error));
        return null;
      }
      this.#outbox.add(body(correction));
      this.#offer(kept(error.status));
      return { id: correction.id, status: "waiting" };
    }
  }

  /** Send what waits. */
  async sendAgain() {
    if (this.#outbox.items.length === 0) return;
    let trouble = "";
    await this.#outbox.flush(async (correction) => {
      try {
        this.#stored(correction, await this.#post(correction));
        return true;
      } catch (error) {
        const final = FINAL.includes(error.status);
        trouble = final ? refused(error) : kept(error.status);
        return final;
      }
    });
    if (this.#outbox.items.length > 0) this.#offer(trouble);
    else this.#tell(trouble || "Sent. Thank you.");
  }

  /** Take one back; resolves with whether that was possible. */
  withdraw(id) {
    const waits = this.#outbox.items.some((item) => item.id === id);
    this.#outbox.remove(id);
    return this.#try(async () => {
      // What waits may be stored: its answer can have come too late. Out of reach, it waits no more.
      await this.#delete(`${this.#url}/${id}`).catch((error) => {
        if (!waits) throw error;
      });
      this.#corrections.remove(id);
    });
  }

  /** Forget what waits. */
  discard() {
    for (const { id } of this.#outbox.items) this.withdraw(id);
  }

  withdrawAll() {
    return this.#try(async () => {
      this.#outbox.clear();
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
    return this.#corrections.load().catch(() => {}); // what is known stays; the header tells why
  }

  /** The same, unless there can be none. */
  refresh() {
    if (this.#corrections.any) this.load();
  }

  async #send(correction) {
    const { id, label, confirms, device, strokes } = correction;
    const said = confirms ? { correct: true } : { label };
    try {
      // The socket's drawing is this one; a picture it does not have.
      if (strokes) {
        const verdict = { type: "verdict", ...said, id, device };
        return await this.#live.ask(verdict, (frame) => frame.type === "receipt" && frame.id === id);
      }
    } catch ({ code }) {
      if (LATER[code]) throw new HttpError(LATER[code]);
    }
    return this.#post(body(correction));
  }

  #post(correction) {
    return request("POST", this.#url, correction);
  }

  async #delete(url) {
    try {
      await request("DELETE", url);
    } catch (error) {
      if (error.status !== 404) throw error; // then it is gone already
    }
  }

  /** What was said and could not be sent is sent now: each has its id, so it counts once. */
  async #greeted() {
    await this.sendAgain();
    this.refresh();
  }

  /** A version came, perhaps with something of mine; receipts tell of that too, sooner or later. */
  #swapped({ version }) {
    const { length } = this.#corrections.taught(version);
    if (version !== this.#told) this.#tell(swapped(version, length));
    this.#told = length > 0 ? version : null;
  }

  #moved(items) {
    const [{ status, version }] = items;
    const together = status === "live" && items.every((item) => item.version === version);
    if (!together) return this.#tell(news(items));
    if (version !== this.#told) this.#tell(swapped(version, items.length));
    this.#told = version;
  }

  /** Point out what waits, and offer to send it. */
  #offer(why) {
    const count = this.#outbox.items.length;
    this.#tell(`${why} ${waiting(count)}`.trim(), { name: "Send again", act: () => this.sendAgain() });
  }

  #stored({ label, predicted = null, strokes }, receipt) {
    this.#corrections.add({ label, predicted, strokes, created: new Date().toISOString(), ...receipt });
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
