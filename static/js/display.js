// What is on show at the sides and in the answer line: a prediction, an invitation, or neither.
// The picture on show, if there is one, goes before the drawing.

const WAITING = "Waiting for the connection";
const LATE = "Waiting for an answer";

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
