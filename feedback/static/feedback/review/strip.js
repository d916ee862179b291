// The strip of what comes next: one small picture an item, the current one marked.

const SHOWN_BEFORE = 3;
const SHOWN = 48;

export class Strip {
  #list;
  #queue;
  #tiles = new Map(); // id → li

  /** `list` is an ol; a click on a tile goes to its item. */
  constructor(list, queue) {
    this.#list = list;
    this.#queue = queue;
    list.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button) queue.goTo(button.dataset.id);
    });
    queue.addEventListener("change", () => this.show());
  }

  /** Whether the labels are hidden from those who cannot see the pictures either. */
  blind = false;

  show() {
    const { items, position } = this.#queue;
    const from = Math.max(0, position - SHOWN_BEFORE);
    const shown = items.slice(from, from + SHOWN);
    const kept = new Set(shown.map(({ id }) => id));
    for (const id of this.#tiles.keys()) if (!kept.has(id)) this.#tiles.delete(id);
    const tiles = shown.map((item) => this.#tile(item));
    const before = [...this.#list.children];
    if (before.length !== tiles.length || tiles.some((tile, index) => tile !== before[index])) {
      this.#list.replaceChildren(...tiles);
    }
    for (const item of shown) this.#mark(item);
  }

  #tile(item) {
    const known = this.#tiles.get(item.id);
    if (known) return known;
    const tile = document.createElement("li");
    const button = document.createElement("button");
    const picture = document.createElement("img");
    Object.assign(picture, { src: item.thumbnail, width: 56, height: 56, loading: "lazy", className: "ink" });
    button.type = "button";
    button.dataset.id = item.id;
    button.append(picture, document.createElement("span"));
    tile.append(button);
    this.#tiles.set(item.id, tile);
    return tile;
  }

  #mark(item) {
    const button = this.#tiles.get(item.id).firstChild;
    const [picture, text] = button.children;
    const selected = this.#queue.isSelected(item.id);
    picture.alt = describe(item, this.blind) + (selected ? ", selected" : "");
    text.textContent = this.blind ? "?" : `${item.predicted ?? "?"}→${item.label}`;
    text.setAttribute("aria-hidden", "true"); // the picture's text says it
    if (item === this.#queue.current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    button.classList.toggle("selected", selected);
  }
}

/** An item in words. */
export function describe({ short, label, predicted, personal, confidence }, blind) {
  if (blind) return `Drawing ${short}`;
  const who = personal ? "their memory" : "model";
  const said = predicted ? `said ${predicted} ${confidence}` : "was not sure";
  return `Drawing ${short}, user says ${label}, ${who} ${said}`;
}
