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
  #idle;
  #refilling = false;

  /** `counter` is the element that says how many wait; `idle` tells whether nothing is being saved. */
  constructor(queue, client, cards, place, counter, idle) {
    this.#queue = queue;
    this.#client = client;
    this.#cards = cards;
    this.#place = place;
    this.#counter = counter;
    this.#idle = idle;
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
      await this.freshen();
    } catch (error) {
      if (this.#queue.current !== current) return undefined;
      if (error.status === 404) this.#queue.take([current.id]); // deleted by who drew it
      else this.#place.fail(error);
    }
    return undefined;
  }

  /** Have the card that is shown, which was fetched ahead, tell what was decided since. */
  async freshen() {
    const { id } = this.#place;
    if (id === null || id !== this.#queue.current?.id || !this.#idle() || !this.#cards.isOutdated(id)) return;
    try {
      const card = await this.#cards.renewed(id);
      if (this.#place.id === id) this.#place.update(card);
    } catch (error) {
      // What is shown was right when it was fetched, and whatever is wrong now the next decision tells.
      if (!("status" in error)) throw error;
    }
  }

  /** Ask for more before the queue runs dry. */
  async refill() {
    if (this.#queue.items.length < this.waiting) await this.look();
  }

  /** Look for more while little is left, whatever the counter says; returns how many have come. */
  async look() {
    const { left, items, takes } = this.#queue;
    if (this.#refilling || left >= REFILL_BELOW) return 0;
    this.#refilling = true;
    const idle = this.#idle();
    try {
      const answer = await this.#client.queue(Math.min(items.length + PAGE, MOST));
      if (idle && this.#idle()) {
        this.waiting = answer.waiting; // else it counts what is under way
        // Nothing was decided meanwhile: what is listed although it was, somebody has taken back.
        if (takes === this.#queue.takes) this.#queue.forget();
      }
      return this.#queue.add(answer.items);
    } catch (error) {
      // The next look or decision tries again. Who waits for work is told what they can do about it.
      if (error.link && !this.#queue.current) this.#place.fail(error);
      return 0;
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
