// The keyboard. With Ctrl or ⌘ everywhere; single letters only while the focus is in the drawing
// area, and only if the person has not switched them off (WCAG 2.1.4).

import { storage } from "./storage.js";

const KEY = "single-keys";

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
  return { c: "clear", u: "upload", s: "sample", v: "sees", "?": "help" }[letter] ?? null;
}

/** Let keys run `commands` (name → function); `region` is the drawing area, `box` the switch. */
export function prepareShortcuts(commands, region, box) {
  box.checked = storage("localStorage").getItem(KEY) !== "off";
  box.addEventListener("change", () => storage("localStorage").setItem(KEY, box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    const name = command(event, box.checked && region.contains(document.activeElement));
    if (!name || !commands[name]) return;
    if (name !== "close") event.preventDefault();
    commands[name]();
  });
}
