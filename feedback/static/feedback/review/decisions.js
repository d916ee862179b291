// Decisions: the next item is shown at once, the server is told behind it, one after the other.
// What it refuses comes back as a conflict. What still waits then goes back into the queue, like
// what did not reach the server.

export const UNDO_DEPTH = 20;

export class Decisions extends EventTarget {
  #queue;
  #client;
  #history = []; // {action, label, taken, events: Map of id → event}, oldest first
  #last = Promise.resolve(); // of the requests, which are sent in order
  #unsent = 0;

  constructor(queue, client) {
    super();
    this.#queue = queue;
    this.#client = client;
  }

  get undoable() {
    return this.#history.length;
  }

  /** How many requests the server has not answered yet. */
  get unsent() {
    return this.#unsent;
  }

  /** Decide on items of the queue; `details` may have `label` and `reason`. */
  decide(action, ids, details = {}) {
    this.#unsent += 1; // before the queue changes: who looks at the server then looks too early
    const taken = this.#queue.take(ids);
    if (!taken.length) {
      this.#unsent -= 1;
      return this.#last;
    }
    const entry = { action, ...details, taken, events: new Map() };
    this.#history.push(entry);
    if (this.#history.length > UNDO_DEPTH) this.#history.shift();
    this.#tell("decided", entry);
    const send = async () => {
      const items = taken.map(({ item }) => item.id);
      const result = await this.#client.decide(action, items, details);
      for (const { id, event } of result.decided) entry.events.set(id, event);
      if (!entry.events.size) this.#forget(entry);
      // Behind the moderator's back: the item that they look at stays the current one.
      this.#queue.putBack(stillWaiting(taken, result.conflicts), this.#queue.current);
      this.#refused(entry, result.conflicts.map(({ id }) => id));
      this.#settled(result);
    };
    return this.#inTurn(send, () => {
      this.#forget(entry);
      this.#queue.putBack(taken);
      this.#refused(entry, taken.map(({ item }) => item.id));
      return taken;
    });
  }

  /** Take back the last decision: its items are put back and the first is shown. */
  undo() {
    const entry = this.#history.pop();
    if (!entry) {
      this.#tell("nothing");
      return this.#last;
    }
    this.#unsent += 1;
    const send = async () => {
      if (!entry.events.size) return; // the decision itself was refused
      const result = await this.#client.undo([...entry.events.values()]);
      const back = new Set(result.decided.map(({ id }) => id));
      const taken = entry.taken.filter(({ item }) => back.has(item.id));
      this.#queue.putBack(taken);
      if (taken.length) this.#tell("undone", { ...entry, taken });
      this.#settled(result);
    };
    return this.#inTurn(send, () => {
      this.#history.push(entry);
      return [];
    });
  }

  #settled(result) {
    for (const conflict of result.conflicts) this.#tell("conflict", conflict);
    this.#tell("settled", result);
  }

  /** What was said at once, before the server had answered, is not so for these. */
  #refused(entry, ids) {
    if (ids.length) this.#tell("refused", { ...entry, refused: ids });
  }

  #forget(entry) {
    this.#history = this.#history.filter((other) => other !== entry);
  }

  /** Send what `unsent` counts already; `recover` puts right what could not be, and returns what is back. */
  #inTurn(send, recover) {
    this.#tell("sending");
    const done = () => {
      this.#unsent -= 1;
    };
    this.#last = this.#last.then(send).then(done, (error) => {
      done();
      this.#tell("failed", { error, taken: recover() });
    });
    return this.#last.then(() => this.#tell("sent"));
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Of items that were taken, those that can still be decided, with the places that they have now. */
function stillWaiting(taken, conflicts) {
  const waiting = new Set(conflicts.filter(({ waits }) => waits).map(({ id }) => id));
  const back = taken.filter(({ item }) => waiting.has(item.id));
  const gone = (place) => taken.filter(({ item, index }) => index < place && !waiting.has(item.id)).length;
  return back.map(({ item, index }) => ({ item, index: index - gone(index) }));
}
