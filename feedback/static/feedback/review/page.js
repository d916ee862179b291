// The parts of the page around the card: buttons, counts, panels and the voice.

export class Page {
  #find;
  #region;
  #state;

  /** `state` is asked for {selected, undoable, unsent, blind, awake, calm} whenever the page is refreshed. */
  constructor(find, region, place, state) {
    this.#find = find;
    this.#region = region;
    this.place = place;
    this.#state = state;
  }

  /** Have a screen reader say something when it has the time. */
  say(text) {
    this.#find("#voice").textContent = text;
  }

  focus() {
    this.#region.focus({ preventScroll: true });
  }

  refresh() {
    const { selected, undoable, unsent, blind, awake } = this.#state();
    this.#find("#selection").hidden = !selected;
    this.#find("#selected-count").textContent = `${selected} selected`;
    this.#find("#undoable").textContent = undoable ? `(${undoable})` : "";
    this.#find("#saving").textContent = unsent ? `saving ${unsent} …` : "";
    this.#region.classList.toggle("blind", blind);
    this.#region.classList.toggle("awake", awake);
    this.place.blind = blind;
  }

  /** Show or hide the symbols of which one is to be named. */
  naming(on) {
    this.#find("#symbols").hidden = !on;
    this.#find('[data-command="relabel"]').setAttribute("aria-expanded", String(on));
    if (on) this.say("Press the right character, or Escape.");
  }

  replay() {
    this.place.replay(this.#state().calm);
  }

  openFilter() {
    this.#find("#filters").open = true;
    this.#find("#filters select").focus();
  }

  /** Close the filter if it is open; returns whether it was. */
  closeFilter() {
    const filters = this.#find("#filters");
    if (!filters.open) return false;
    filters.open = false;
    this.focus();
    return true;
  }

  openHelp() {
    this.#find("#help").showModal();
  }
}
