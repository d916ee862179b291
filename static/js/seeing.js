// The switch of "What the network sees". What it does is fetched when somebody first asks for it.

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
