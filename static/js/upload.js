// Pictures in place of drawings: by button, drop and paste. Shows the picture beside what the
// network makes of it. How a picture is made small is in picture.js, fetched with the first one; the
// request is in http.js.

import { keepFocus } from "./dialogs.js";

export class Upload {
  #stage;
  #view;
  #original;
  #seen;
  #handlers;
  #file = null;
  answered = null; // what was answered about the picture on show: {key, image, label, …}

  /**
   * `stage` is where files are dropped and pictures are shown. Handlers: `ask(blob)` returns the
   * promise of an answer; `shown(answer | null)`, `hidden()`, `failed(text)` and `notLoaded()` are told.
   */
  constructor(stage, input, handlers) {
    this.#stage = stage;
    this.#view = stage.querySelector(".picture");
    [this.#original, this.#seen] = this.#view.querySelectorAll("img");
    this.#handlers = handlers;
    input.addEventListener("change", () => {
      if (input.files.length > 0) this.take(input.files);
      input.value = ""; // the same file may be chosen again
    });
    this.#view.lastElementChild.addEventListener("click", () => this.hide());
    document.addEventListener("paste", ({ clipboardData }) => {
      if (clipboardData.files.length > 0) this.take(clipboardData.files);
    });
    this.#listenForDrops();
  }

  get open() {
    return !this.#view.hidden;
  }

  /** Show the first picture of `files` and ask what it is. */
  async take(files) {
    const taken = [...files]; // now: the browser empties its list as soon as the event is over
    const module = await import("./picture.js").catch(this.#handlers.notLoaded);
    if (!module) return;
    try {
      this.#file = await module.shrink(module.firstPicture(taken));
    } catch {
      return this.#fail(module.UNREADABLE);
    }
    URL.revokeObjectURL(this.#original.src);
    this.#original.src = URL.createObjectURL(this.#file);
    this.#view.hidden = false;
    // Pasted on a page that was not touched yet: keys are for the drawing area.
    if (document.activeElement === document.body) this.#view.lastElementChild.focus({ preventScroll: true });
    await this.ask();
  }

  /** Ask about the picture on show: it or the character set is new, or else what was said of it. */
  async ask(anew = true) {
    const file = this.#file;
    if (anew) {
      this.#seen.hidden = true;
      this.answered = null;
      this.#handlers.shown(null);
    }
    try {
      const answer = await this.#handlers.ask(file);
      if (file !== this.#file || !this.open) return;
      this.#seen.src = answer.image;
      this.#seen.hidden = false;
      const { label, probabilities, charset, personal } = answer;
      this.answered = { key: this.#original.src, image: file, label, probabilities, charset, personal };
      this.#handlers.shown(answer);
    } catch (error) {
      const { failure } = await import("./picture.js"); // which made it small, so it is there
      // The answer on show stays, and so does a picture that came after this one.
      if (anew && file === this.#file) this.#fail(failure(error.status, error.error));
    }
  }

  /** A file cannot be read: it takes the place of the picture before, whose answer is not its own. */
  #fail(text) {
    this.hide();
    this.#handlers.failed(text);
  }

  hide() {
    if (!this.open) return;
    keepFocus(() => (this.#view.hidden = true), "canvas");
    this.#file = null;
    this.answered = null;
    this.#handlers.hidden();
  }

  #listenForDrops() {
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    const mark = (over) => this.#stage.classList.toggle("dropping", over);
    document.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      mark(true);
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? mark(false));
    document.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      mark(false);
      this.take(event.dataTransfer.files);
    });
  }
}
