// Dialogs: a button with data-opens="id" opens one, a click beside it closes it. While one is open all
// else is inert, so what the page tells people goes into it.

const notes = () => document.getElementById("notes");

/** Make the buttons and dialogs of the page work; `fill` has, by id, what to do before one shows. */
export function prepareDialogs(fill) {
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.addEventListener("click", () => openDialog(button.dataset.opens, fill));
  }
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // the backdrop: its content is in a child
    });
    dialog.addEventListener("close", () => document.body.append(notes()));
  }
}

export function openDialog(id, fill = {}) {
  const dialog = document.getElementById(id);
  if (dialog.open) return;
  document.querySelector("[popover]:popover-open")?.hidePopover();
  fill[id]?.();
  dialog.append(notes());
  dialog.showModal();
}
