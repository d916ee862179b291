// Keeps the focus where something can be done with it.

/**
 * Run `change`. If what had the focus does not show any more, the first element of selector `next` that does gets it,
 * by default a button of what is told; else what closes the open dialog, else the drawing area. Nothing scrolls.
 */
export function keepFocus(change, next = "#notes button") {
  const { activeElement: before, body } = document;
  change();
  // Browsers differ in when they take the focus away from what is hidden: now, or a frame later.
  const now = document.activeElement;
  if (before === body || (now !== body && now.checkVisibility())) return;
  const places = [next, "dialog[open] button", "canvas"].flatMap((one) => [...document.querySelectorAll(one)]);
  places.find((place) => place.checkVisibility()).focus({ preventScroll: true });
}
