// "What the network sees", while a switch is on: what is on show as the server's own raster, 28x28,
// and once the pen rests, which of its ink decided. Fetched when it is first asked for.

import { Latest } from "./throttle.js";

const INTERVAL = 250; // ms between requests
const REST = 350; // ms without a change after which it is worth asking what decided
export const LOOK = "28 × 28 pixels. Lift the pen to see which ink decides.";
const NO_REASON = "Which ink decides cannot be asked at the moment.";

export class Sees {
  #drawing;
  #switch;
  #image;
  #hint;
  #ask;
  #changes = 0; // of what is on show: an older one's reasons would be a lie
  #rested = false;
  #timer = null;
  #reasons = null; // the answer that says what decided, while it holds
  #latest = new Latest(() => this.#request(), INTERVAL);

  /**
   * `subject()` is what is on show: {strokes} or {picture}, or nothing. `look(subject)` and
   * `explain(subject)` return promises of an answer with `image`, the latter's with what decided;
   * `personal()` tells if the answer on show is the person's own memory's.
   */
  constructor(section, { drawing, live, subject, look, explain, personal }) {
    this.#drawing = drawing;
    this.#switch = section.querySelector("input");
    this.#image = section.querySelector("img");
    this.#hint = section.querySelector(".hint");
    this.#ask = { subject, look, explain, personal };
    const refresh = () => this.refresh();
    drawing.watch(refresh);
    live.addEventListener("version", refresh);
    // A correction, or taking it back, changes who answers for the same ink.
    live.addEventListener("prediction", () => this.#reasons && this.#say(because(this.#reasons, personal())));
    document.addEventListener("change", ({ target }) => {
      if (target === this.#switch || target.name === "charset") refresh();
    });
    refresh();
  }

  /** Something has changed: what is on show, what it may be, who answers, or the switch. */
  refresh() {
    this.#changes += 1;
    this.#rested = false;
    this.#reasons = null;
    clearTimeout(this.#timer);
    if (!this.#shows) return this.#hide();
    // A picture has its raster beside it, and does not change: there is only the reason to ask for.
    if (this.#shows.picture) this.#hide();
    else this.#latest.request();
    if (!this.#drawing.drawing) this.#timer = setTimeout(() => this.#rest(), REST);
  }

  get #shows() {
    return this.#switch.checked && this.#ask.subject();
  }

  #rest() {
    this.#rested = true;
    this.#latest.request();
  }

  async #request() {
    const subject = this.#shows;
    if (!subject) return;
    const [changes, rested] = [this.#changes, this.#rested];
    if (subject.picture && !rested) return;
    const ask = rested ? this.#ask.explain : this.#ask.look;
    try {
      const answer = await ask(subject);
      // While the pen moves an older raster will do, but not that of something else.
      const over = subject.picture || this.#shows.picture;
      if (!this.#shows || ((rested || over) && changes !== this.#changes)) return;
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

/** An answer of `explain`; `personal`: the person's own corrections made another answer of it. */
export function because({ label, abstain, decisive }, personal) {
  if (label === null) return LOOK;
  const ink = personal ? `The network alone sees ${label} in the bright ink.` : `Bright ink speaks for ${label}, striped against it.`;
  return `${ink} ${most(decisive, abstain ? [label, null] : [label])}`;
}

/** `already`: what it is read as with that ink. */
function most(decisive, already) {
  if (!decisive) return "No single part decides.";
  const ink = `framed ink (${decisive.where})`;
  if (already.includes(decisive.label)) return `The ${ink} counts most.`;
  return `Without the ${ink} it would be ${decisive.label ?? "unsure"}.`;
}
