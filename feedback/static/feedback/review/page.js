// The parts of the page around the card: buttons, counts, panels and the voice.

const NEEDS_AN_ITEM = ["approve", "reject", "relabel", "skip", "reveal", "replay"];

export class Page {
  #find;
  #region;
  #state;

  /** `state` is asked for {empty, selected, undoable, unsent, blind, awake, calm} whenever the page is refreshed. */
  constructor(find, region, place, state) {
    this.#find = find;
    this.#region = region;
    this.place = place;
    this.#state = state;
  }

  /** Have a screen reader say something when it has the time, also what it has just said. */
  say(text) {
    const voice = this.#find("#voice");
    voice.textContent = voice.textContent === text ? `${text}\u00a0` : text;
  }

  focus() {
    this.#region.focus({ preventScroll: true });
  }

  refresh() {
    const { empty, selected, undoable, unsent, blind, awake } = this.#state();
    this.#enable(!empty);
    this.#find("#selection").hidden = !selected;
    this.#find("#selected-count").textContent = `${selected} selected`;
    this.#find("#undoable").textContent = undoable ? `(${undoable})` : "";
    this.#find("#saving").textContent = unsent ? `saving ${unsent} …` : "";
    this.#region.classList.toggle("blind", blind);
    this.#region.classList.toggle("awake", awake);
    this.place.blind = blind;
  }

  /** Have buttons act only where there is something that they act on. */
  #enable(on) {
    const buttons = NEEDS_AN_ITEM.map((name) => this.#find(`.deciding [data-command="${name}"]`));
    // A button that is disabled would take the focus with it, and the keys with the focus.
    if (!on && buttons.includes(document.activeElement)) this.focus();
    for (const button of buttons) button.disabled = !on;
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
