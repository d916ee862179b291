// What runs commands: buttons, and keys. With Ctrl or ⌘ everywhere; single letters only while the focus
// is in the drawing area, and only if the person has not switched them off (WCAG 2.1.4). And the switches:
// between character sets, and of "What the network sees".

import { remember, storage } from "./storage.js";

const CHARSET = "charset";
const SINGLE_KEYS = "single-keys";
const NAMES = {
  c: "clear",
  u: "upload",
  s: "sample",
  v: "sees",
  y: "correct",
  n: "incorrect",
  "?": "help",
};
const REPEATING = ["undo", "redo"]; // while a key is held down

/**
 * Let [data-command] buttons run `commands`, and grey out what cannot be done now to `drawing`, or to
 * the picture that `upload` has over it. Returns what to call when that comes or goes.
 */
export function prepareTools(commands, drawing, upload) {
  const buttons = [...document.querySelectorAll("[data-command]")];
  const refresh = () => {
    const { open } = upload;
    const possible = { undo: open || drawing.canUndo, redo: !open && drawing.canRedo, clear: open || !drawing.empty };
    for (const button of buttons) {
      // Not `disabled`: that would take the focus away from who just pressed it.
      const known = possible[button.dataset.command];
      if (known !== undefined) button.ariaDisabled = !known;
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => commands[button.dataset.command]());
  }
  drawing.watch(refresh);
  refresh();
  return refresh;
}

/** The radio group of character sets; `changed(charset)` is told now and at every change. */
export function prepareCharset(group, changed) {
  const chosen = (value) => group.querySelector(`input[value="${value}"]`);
  const kept = chosen(storage("localStorage").getItem(CHARSET) ?? "");
  if (kept) kept.checked = true;
  group.addEventListener("change", ({ target }) => {
    remember(CHARSET, target.value);
    changed(target.value);
  });
  changed(group.querySelector("input:checked").value);
}

/** The key on a Latin keyboard where the layout in use has other letters. */
function latin({ key, code = "" }) {
  return key.length === 1 && key > "\u007f" && /^Key/.test(code) ? code.at(-1) : key;
}

/** The name of what a key asks for, or null. */
export function command(event, singleKeys) {
  const { ctrlKey, metaKey, altKey, shiftKey } = event;
  const key = latin(event);
  const letter = key.toLowerCase();
  if (altKey) return null;
  if (ctrlKey || metaKey) {
    if (letter === "z") return shiftKey ? "redo" : "undo";
    return letter === "y" && !shiftKey ? "redo" : null;
  }
  if (key === "Escape") return "close";
  if (!singleKeys) return null;
  return NAMES[letter] ?? null;
}

/** The character that a key says the drawing is: a digit at any time, a letter while it is asked for. */
export function symbol(event, asked) {
  const { ctrlKey, metaKey, altKey } = event;
  const label = latin(event).toLowerCase();
  const fits = asked ? /^[0-9a-z]$/ : /^[0-9]$/;
  return !ctrlKey && !metaKey && !altKey && fits.test(label) ? label : null;
}

/**
 * Let keys run `commands` (name → function); `region` is the drawing area, `box` the switch. While
 * `asked()`, letters are what the drawing is.
 */
export function prepareShortcuts(commands, region, box, asked) {
  box.checked = storage("localStorage").getItem(SINGLE_KEYS) !== "off";
  box.addEventListener("change", () => remember(SINGLE_KEYS, box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    // Held down, Enter would press a button again and again, and then whatever takes its place.
    if (event.repeat && event.key === "Enter" && event.target.closest("button")) event.preventDefault();
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    const single = box.checked && region.contains(document.activeElement);
    const label = single ? symbol(event, asked()) : null;
    const name = label === null ? command(event, single) : "name";
    if (!name || !commands[name]) return;
    if (name !== "close") event.preventDefault();
    if (!event.repeat || REPEATING.includes(name)) commands[name](label);
  });
}

/** The switch of "What the network sees". What it does is fetched when somebody first asks for it. */
export class Seeing {
  #section;
  #switch;
  #parts;
  #failed;
  #sees = null;

  /** `parts` is what sees.js takes; `failed()` is told where that cannot be fetched. */
  constructor(section, parts, failed) {
    this.#section = section;
    this.#switch = section.querySelector("input");
    this.#parts = parts;
    this.#failed = failed;
    this.#switch.addEventListener("change", () => this.#start());
    this.#start();
  }

  toggle() {
    this.#switch.click();
  }

  /** Something else is on show. */
  refresh() {
    this.#sees?.refresh();
  }

  async #start() {
    if (!this.#switch.checked || this.#sees) return;
    const module = await import("./sees.js").catch(this.#failed);
    if (!module) this.#switch.checked = false;
    else this.#sees ??= new module.Sees(this.#section, this.#parts);
  }
}
