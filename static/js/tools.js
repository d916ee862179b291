// The buttons that run commands, and the switch between character sets.

import { remember, storage } from "./storage.js";

const KEY = "charset";

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
      if (known !== undefined) button.setAttribute("aria-disabled", String(!known));
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
  const kept = chosen(storage("localStorage").getItem(KEY) ?? "");
  if (kept) kept.checked = true;
  group.addEventListener("change", ({ target }) => {
    remember(KEY, target.value);
    changed(target.value);
  });
  changed(group.querySelector("input:checked").value);
}
