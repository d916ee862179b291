// The keyboard. With Ctrl or ⌘ everywhere; single letters only while the focus is in the drawing
// area, and only if the person has not switched them off (WCAG 2.1.4).

import { remember, storage } from "./storage.js";

const KEY = "single-keys";
const NAMES = {
  c: "clear",
  u: "upload",
  s: "sample",
  v: "sees",
  y: "correct",
  n: "incorrect",
  "?": "help",
};

/** The name of what a key asks for, or null. */
export function command({ key, ctrlKey, metaKey, altKey, shiftKey }, singleKeys) {
  if (altKey) return null;
  const letter = key.toLowerCase();
  if (ctrlKey || metaKey) {
    if (letter === "z") return shiftKey ? "redo" : "undo";
    return letter === "y" && !shiftKey ? "redo" : null;
  }
  if (key === "Escape") return "close";
  if (!singleKeys) return null;
  return NAMES[letter] ?? null;
}

/** The character that a key says the drawing is: a digit at any time, a letter while it is asked for. */
export function symbol({ key, ctrlKey, metaKey, altKey }, asked) {
  const label = key.toLowerCase();
  const fits = asked ? /^[0-9a-z]$/ : /^[0-9]$/;
  return !ctrlKey && !metaKey && !altKey && fits.test(label) ? label : null;
}

/**
 * Let keys run `commands` (name → function); `region` is the drawing area, `box` the switch. While
 * `asked()`, letters are what the drawing is.
 */
export function prepareShortcuts(commands, region, box, asked) {
  box.checked = storage("localStorage").getItem(KEY) !== "off";
  box.addEventListener("change", () => remember(KEY, box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    const single = box.checked && region.contains(document.activeElement);
    const label = single ? symbol(event, asked()) : null;
    const name = label === null ? command(event, single) : "name";
    if (!name || !commands[name]) return;
    if (name !== "close") event.preventDefault();
    commands[name](label);
  });
}
