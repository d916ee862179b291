// Which key asks for what. Letters and digits are labels only after L: pressed by themselves they
// are commands or nothing, so a label can never be taken for one.

const COMMANDS = {
  j: "next",
  k: "previous",
  a: "approve",
  r: "reject",
  l: "relabel",
  s: "skip",
  u: "undo",
  x: "select",
  p: "replay",
  v: "reveal",
};
const WITH_SHIFT = { a: "approveSelected", r: "rejectSelected" };
const OTHERS = { ArrowRight: "next", ArrowLeft: "previous", "/": "filter", "?": "help" };
const REPEATING = new Set(["next", "previous"]); // a key held down decides nothing twice

export class Keys {
  /** Whether the next symbol is a label. */
  naming = false;

  /** What a keydown event asks for, as {name} or {name: "label", label}; null when nothing. */
  read(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
    const key = latin(event);
    if (this.naming) return this.#name(key, event.repeat);
    const letter = key.toLowerCase();
    const name = OTHERS[key] ?? (event.shiftKey ? WITH_SHIFT : COMMANDS)[letter];
    if (!name || (event.repeat && !REPEATING.has(name))) return null;
    return { name };
  }

  #name(key, repeat) {
    if (key === "Escape") return { name: "cancel" };
    if (repeat || !/^[0-9a-z]$/i.test(key)) return null;
    return { name: "label", label: key.toLowerCase() };
  }
}

/** The key on a Latin keyboard where the layout in use has other letters. */
function latin({ key, code = "" }) {
  const foreign = key.length === 1 && key > "\u007f";
  return foreign && /^Key[A-Z]$/.test(code) ? code.at(-1).toLowerCase() : key;
}
