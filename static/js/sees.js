// "What the network sees", while a switch is on: the drawing as the server's own raster, 28x28, and
// once the pen rests, which of its ink decided. Fetched when it is first asked for.

import { Latest } from "./latest.js";
import { because, LOOK, NO_REASON } from "./why.js";

const INTERVAL = 250; // ms between requests
const REST = 350; // ms without a change after which it is worth asking what decided

let sees = null;

/** Start with it; once is enough. `parts` is what the constructor says. */
export function see(section, parts) {
  sees ??= new Sees(section, parts);
}

class Sees {
  #drawing;
  #switch;
  #image;
  #hint;
  #ask;
  #changes = 0; // of the drawing: an older one's reasons would be a lie
  #rested = false;
  #timer = null;
  #reasons = null; // the answer that says what decided, while it holds
  #latest = new Latest(() => this.#request(), INTERVAL);

  /**
   * `look(strokes)` and `explain(strokes)` return promises of an answer with `image`, the latter's
   * with what decided; `personal()` tells if the answer on show is the person's own memory's.
   */
  constructor(section, { drawing, live, look, explain, personal }) {
    this.#drawing = drawing;
    this.#switch = section.querySelector("input");
    this.#image = section.querySelector("img");
    this.#hint = section.querySelector(".hint");
    this.#ask = { look, explain, personal };
    const refresh = () => this.refresh();
    for (const type of ["ink", "end", "edit"]) drawing.addEventListener(type, refresh);
    live.addEventListener("version", refresh);
    // A correction, or taking it back, changes who answers for the same ink.
    live.addEventListener("prediction", () => this.#reasons && this.#say(because(this.#reasons, personal())));
    document.addEventListener("change", ({ target }) => {
      if (target === this.#switch || target.name === "charset") refresh();
    });
    refresh();
  }

  /** Something has changed: the drawing, what it may be, who answers, or the switch. */
  refresh() {
    this.#changes += 1;
    this.#rested = false;
    this.#reasons = null;
    clearTimeout(this.#timer);
    if (!this.#shows) return this.#hide();
    this.#latest.request();
    if (!this.#drawing.drawing) this.#timer = setTimeout(() => this.#rest(), REST);
  }

  get #shows() {
    return this.#switch.checked && !this.#drawing.empty;
  }

  #rest() {
    this.#rested = true;
    this.#latest.request();
  }

  async #request() {
    if (!this.#shows) return;
    const [changes, rested] = [this.#changes, this.#rested];
    const ask = rested ? this.#ask.explain : this.#ask.look;
    try {
      const answer = await ask(this.#drawing.points());
      if (!this.#shows || (rested && changes !== this.#changes)) return;
      this.#reasons = rested ? answer : null;
      this.#show(answer, rested ? because(answer, this.#ask.personal()) : LOOK);
    } catch {
      if (rested && changes === this.#changes) this.#say(NO_REASON);
      else if (!rested) this.#hide(); // an old picture would be a lie
    }
  }

  #show({ image, picture }, text) {
    this.#image.src = picture ?? image;
    this.#image.hidden = false;
    this.#say(text);
  }

  #hide() {
    this.#image.hidden = true;
    this.#say(LOOK);
  }

  #say(text) {
    this.#hint.textContent = text;
  }
}
