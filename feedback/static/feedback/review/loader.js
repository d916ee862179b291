// Keeps the queue filled and the card of the current item in its place.

const REFILL_BELOW = 20;
const PAGE = 60;
const MOST = 300; // that the server lists at once
const AHEAD = 2;

export class Loader {
  #queue;
  #client;
  #cards;
  #place;
  #counter;
  #refilling = false;

  /** `counter` is the element that says how many wait. */
  constructor(queue, client, cards, place, counter) {
    this.#queue = queue;
    this.#client = client;
    this.#cards = cards;
    this.#place = place;
    this.#counter = counter;
  }

  get waiting() {
    return Number(this.#counter.textContent);
  }

  set waiting(number) {
    this.#counter.textContent = Math.max(0, number);
  }

  /** Show the current item and fetch what comes after it. */
  async show() {
    const { current } = this.#queue;
    this.#cards.keep(this.#queue.ahead(AHEAD));
    if (!current) return this.#place.empty();
    if (this.#place.id === current.id) return undefined;
    try {
      const card = await this.#cards.get(current.id);
      if (this.#queue.current === current) this.#place.show(current.id, card);
    } catch (error) {
      if (this.#queue.current !== current) return undefined;
      if (error.status === 404) this.#queue.take([current.id]); // deleted by who drew it
      else this.#place.fail(error.message);
    }
    return undefined;
  }

  /** Ask for more before the queue runs dry. */
  async refill() {
    const { left, items } = this.#queue;
    if (this.#refilling || left >= REFILL_BELOW || items.length >= this.waiting) return;
    this.#refilling = true;
    try {
      const answer = await this.#client.queue(Math.min(items.length + PAGE, MOST));
      this.waiting = answer.waiting;
      this.#queue.add(answer.items);
    } catch {
      // The next decision tries again.
    } finally {
      this.#refilling = false;
    }
  }

  /** Fetch items anew: they have changed on the server. */
  renew(items) {
    for (const { id } of items) this.#cards.drop(id);
    this.#place.forget();
    return this.show();
  }
}
