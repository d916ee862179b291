// What is on show at the sides and in the answer line: a prediction, an invitation, or neither.
// The picture on show, if there is one, goes before the drawing.

import { announcement, answer, invitation } from "./words.js";

const WAITING = "Waiting for the connection";
const LATE = "Waiting for an answer";
const SPEAK_AFTER = 800; // ms without a change: never once a frame
const PATIENCE = 1_500; // ms that ink waits for its answer

/** The answer line under the canvas, and the polite voice that reads it out. */
export class Answer {
  #line;
  #label;
  #share;
  #text;
  #mine;
  #voice;
  #timer = null;

  constructor(line, voice) {
    this.#line = line;
    this.#label = line.querySelector(".label");
    this.#share = line.querySelector(".share");
    this.#text = line.querySelector(".text");
    this.#mine = line.querySelector(".mine");
    this.#voice = voice;
  }

  show(prediction) {
    this.#write(answer(prediction), "", prediction.personal);
    this.say(announcement(prediction));
  }

  invite(charset) {
    this.#write({ text: invitation(charset) }, "quiet");
    this.say("");
  }

  wait(text) {
    this.#write({ text }, "quiet");
  }

  /** Read `text` out, unless something newer comes within a moment. */
  say(text) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#voice.textContent = text;
    }, SPEAK_AFTER);
  }

  #write({ label = "", share = "", text = "" }, mood = "", personal = false) {
    this.#line.dataset.mood = label ? "sure" : mood;
    this.#label.textContent = label;
    this.#share.textContent = share && `— ${share}`;
    this.#text.textContent = text;
    this.#mine.hidden = !personal;
  }
}

export class Display {
  newest = null; // answer for the drawing, while there is somebody to answer
  label = null; // that it gave, kept for the thumbnail
  #bars;
  #answer;
  #drawing;
  #charset;
  #picture = false;
  #answered = false;
  #late = false;

  constructor(bars, answer, drawing, charset) {
    this.#bars = bars;
    this.#answer = answer;
    this.#drawing = drawing;
    this.#charset = charset;
    drawing.addEventListener("edit", () => this.#edited());
    drawing.addEventListener("end", () => this.refresh());
    this.refresh();
  }

  get charset() {
    return this.#charset;
  }

  set charset(charset) {
    this.#charset = charset;
    this.newest = null;
    this.refresh();
  }

  /** Whether somebody answers: without that, numbers would be stale. */
  get answered() {
    return this.#answered;
  }

  set answered(answered) {
    if (answered === this.#answered) return;
    this.#answered = answered;
    this.newest = null;
    this.refresh();
  }

  prediction(prediction) {
    if (this.#drawing.empty) return;
    this.newest = prediction;
    this.#late = false;
    this.label = prediction.label;
    if (!this.#picture) this.#show();
  }

  /** The answer to the newest ink does not come: the one on show is stale. */
  late() {
    this.#late = true;
    this.newest = null;
    this.refresh();
  }

  /** An uploaded picture is on show, with its answer once there is one. */
  showPicture(prediction = null) {
    this.#picture = true;
    if (!prediction) {
      this.#bars.clear(this.#charset);
      this.#answer.wait("Looking at your picture");
      return;
    }
    this.#bars.show(prediction, this.#charset, true);
    this.#answer.show(prediction);
  }

  hidePicture() {
    this.#picture = false;
    this.refresh();
  }

  refresh() {
    if (this.#picture) return;
    if (this.newest) return this.#show();
    this.#bars.clear(this.#charset);
    if (this.#drawing.empty) this.#answer.invite(this.#charset);
    else if (!this.#answered) this.#answer.wait(WAITING);
    else if (this.#late) this.#answer.wait(LATE);
  }

  #show() {
    if (this.#picture) return;
    this.#bars.show(this.newest, this.#charset, !this.#drawing.drawing);
    this.#answer.show(this.newest);
  }

  #edited() {
    if (!this.#drawing.empty) return;
    this.newest = null;
    this.label = null;
    this.refresh();
  }
}

/**
 * Tells when ink waits too long for its answer: what is on show is stale by then. Knows the drawing, and of
 * answers only that one came.
 */
export class Overdue {
  #covered;
  #tell;
  #timer = null;

  /** `covered()`: whether everything that is drawn is answered; `tell()` is called when it is overdue. */
  constructor(drawing, covered, tell) {
    this.#covered = covered;
    this.#tell = tell;
    drawing.watch(() => this.#wait());
  }

  /** An answer came; where it is not about everything, another one is due. */
  answered() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#covered()) this.#wait();
  }

  #wait() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (!this.#covered()) this.#tell();
    }, PATIENCE);
  }
}
