// Blind mode: what was said about a drawing is hidden until the moderator has named it or asks.

export class Blindness {
  #switches;
  #queue;
  #revealed = null; // id of the one item of which all is shown

  constructor(switches, queue) {
    this.#switches = switches;
    this.#queue = queue;
  }

  /** Whether the current item is hidden at the moment. */
  get on() {
    const { current } = this.#queue;
    return this.#switches.blind && current !== null && this.#revealed !== current.id;
  }

  reveal() {
    this.#revealed = this.#queue.current?.id ?? null;
  }
}
