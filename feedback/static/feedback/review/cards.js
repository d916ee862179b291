// Cards of the current item and the next ones, fetched ahead so that a decision shows the next at
// once. What is here is kept for this moderator on the server (a lease), renewed while the page is
// in view and let go with it.

const RENEW_EVERY = 45_000; // ms; a lease lasts two minutes

export class Cards {
  #client;
  #build;
  #cards = new Map(); // id → promise of a card

  /** `build` turns an answer of the server into what is shown. */
  constructor(client, build) {
    this.#client = client;
    this.#build = build;
  }

  /** The card of an item, from here or from the server. */
  get(id) {
    if (!this.#cards.has(id)) {
      const card = this.#client.card(id).then(this.#build);
      this.#cards.set(id, card);
      card.catch(() => this.#cards.get(id) === card && this.#cards.delete(id));
    }
    return this.#cards.get(id);
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
