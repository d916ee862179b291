// Cards of the current item and the next ones, fetched ahead so that a decision shows the next at
// once. What is here is kept for this moderator on the server (a lease), renewed while the page is
// in view and let go with it.

const RENEW_EVERY = 45_000; // ms; a lease lasts two minutes

export class Cards {
  #client;
  #build;
  #cards = new Map(); // id → {card: promise, age: decisions that had been made when it was asked for}
  #decisions = 0;

  /** `build` turns an answer of the server into what is shown. */
  constructor(client, build) {
    this.#client = client;
    this.#build = build;
  }

  /** The card of an item, from here or from the server. */
  get(id) {
    if (!this.#cards.has(id)) {
      const entry = { card: this.#fetch(id), age: this.#decisions };
      this.#cards.set(id, entry);
      entry.card.catch(() => this.#cards.get(id) === entry && this.#cards.delete(id));
    }
    return this.#cards.get(id).card;
  }

  /** A decision was made: the record and the neighbours that cards tell of may be others now. */
  outdate() {
    this.#decisions += 1;
  }

  /** Whether a card that is here was asked for before the last decision was made. */
  isOutdated(id) {
    return this.#cards.has(id) && this.#cards.get(id).age < this.#decisions;
  }

  /** The card of an item as it is now; the one that is here stays. */
  async renewed(id) {
    const entry = this.#cards.get(id);
    const { age } = entry;
    entry.age = this.#decisions; // nobody else has to ask meanwhile
    try {
      return await this.#fetch(id);
    } catch (error) {
      entry.age = age;
      throw error;
    }
  }

  /** Have the cards of these items here, and no others. */
  keep(items) {
    const wanted = new Set(items.map(({ id }) => id));
    for (const id of this.ids) if (!wanted.has(id)) this.#cards.delete(id);
    for (const id of wanted) this.get(id).catch(() => {}); // whoever shows it hears of it
  }

  /** Fetch an item anew the next time. */
  drop(id) {
    this.#cards.delete(id);
  }

  #fetch(id) {
    return this.#client.card(id).then(this.#build);
  }

  get ids() {
    return [...this.#cards.keys()];
  }

  /** Keep the leases for as long as the page is looked at; `renewed` hears how they are. */
  start(renewed) {
    const renew = () => {
      if (document.hidden || !this.#cards.size) return;
      this.#client.leases(this.ids, []).then(renewed, () => {}); // the next decision tells
    };
    setInterval(renew, RENEW_EVERY);
    document.addEventListener("visibilitychange", renew);
    addEventListener("pagehide", () => this.#client.leave(this.ids));
  }
}
