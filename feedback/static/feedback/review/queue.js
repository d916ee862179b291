// What waits for the moderator: the items in order, where we are and what is selected. Knows
// nothing about the page or the server.

export class Queue extends EventTarget {
  #items = [];
  #position = 0;
  #selected = new Set();
  #known = new Set(); // whatever was here once is not added again: it was decided
  #takes = 0;

  get items() {
    return this.#items;
  }

  get current() {
    return this.#items[this.#position] ?? null;
  }

  get position() {
    return this.#position;
  }

  /** How many items come after the current one. */
  get left() {
    return Math.max(0, this.#items.length - this.#position - 1);
  }

  /** The current item and the `count` after it. */
  ahead(count) {
    return this.#items.slice(this.#position, this.#position + 1 + count);
  }

  /** Append the items that are new here. */
  add(items) {
    const fresh = items.filter(({ id }) => !this.#known.has(id));
    for (const { id } of fresh) this.#known.add(id);
    this.#items.push(...fresh);
    if (fresh.length) this.#changed();
    return fresh.length;
  }

  /** How often something was taken out. */
  get takes() {
    return this.#takes;
  }

  /** Have what is not here any more added again when it comes. */
  forget() {
    this.#known = new Set(this.#items.map(({ id }) => id));
  }

  next() {
    this.#go(this.#position + 1);
  }

  previous() {
    this.#go(this.#position - 1);
  }

  goTo(id) {
    const index = this.#items.findIndex((item) => item.id === id);
    if (index >= 0) this.#go(index);
  }

  /** Put the current item last. */
  skip() {
    const [item] = this.#items.splice(this.#position, 1);
    if (!item) return;
    this.#items.push(item);
    this.#clamp();
    this.#changed();
  }

  /** Remove items; returns what `putBack` needs. */
  take(ids) {
    this.#takes += 1;
    const wanted = new Set(ids);
    const taken = [];
    this.#items.forEach((item, index) => wanted.has(item.id) && taken.push({ item, index }));
    const before = taken.filter(({ index }) => index < this.#position).length;
    this.#items = this.#items.filter(({ id }) => !wanted.has(id));
    for (const id of wanted) this.#selected.delete(id);
    this.#position -= before;
    this.#clamp();
    this.#changed();
    return taken;
  }

  /** Undo a `take`; the first of the items becomes the current one, or `current` stays it. */
  putBack(taken, current = null) {
    if (!taken.length) return;
    const { id: shown } = current ?? taken[0].item;
    const back = new Set(taken.map(({ item }) => item.id));
    // A look at the server may have found them before its answer to the undoing was here.
    this.#items = this.#items.filter(({ id }) => !back.has(id));
    for (const id of back) this.#known.add(id);
    for (const { item, index } of taken) this.#items.splice(Math.min(index, this.#items.length), 0, item);
    this.#position = this.#items.findIndex(({ id }) => id === shown);
    this.#changed();
  }

  get selected() {
    return [...this.#selected];
  }

  isSelected(id) {
    return this.#selected.has(id);
  }

  /** Select the current item, or take it out of the selection; returns whether it is in now. */
  toggle() {
    const { current } = this;
    if (!current) return false;
    if (!this.#selected.delete(current.id)) this.#selected.add(current.id);
    this.#changed();
    return this.#selected.has(current.id);
  }

  #go(index) {
    const allowed = Math.max(0, Math.min(index, this.#items.length - 1));
    if (allowed === this.#position) return;
    this.#position = allowed;
    this.#changed();
  }

  #clamp() {
    this.#position = Math.max(0, Math.min(this.#position, this.#items.length - 1));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
