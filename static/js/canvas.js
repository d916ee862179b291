// The canvas element: pointer events in, ink on screen. The drawing itself is in strokes.js, who may
// draw in pointers.js.

import { PEN, SIDE } from "./strokes.js";
import { strokeCount } from "./words.js";

export class Canvas {
  #element;
  #context;
  #drawing;
  #pointers;
  #started;
  #stroke = null; // the stroke under the pen
  #painted = 0; // its samples that are on the canvas
  #frame = null;

  /** `started(pointerType)` is called before a person's stroke begins. */
  constructor(element, drawing, pointers, started) {
    this.#element = element;
    this.#context = element.getContext("2d");
    this.#drawing = drawing;
    this.#pointers = pointers;
    this.#started = started;
    this.#listen();
    this.#follow();
  }

  /** Paint everything again: the strokes, the size or the colours have changed. */
  repaint() {
    const pixels = this.#element.width;
    this.#context.resetTransform();
    this.#context.clearRect(0, 0, pixels, pixels);
    prepare(this.#context, pixels, getComputedStyle(this.#element).color);
    for (const { samples } of this.#drawing.strokes) paint(this.#context, samples);
    this.#stroke = this.#drawing.strokes.at(-1);
    this.#painted = this.#stroke?.samples.length ?? 0;
    this.#element.ariaLabel = strokeCount(this.#drawing.strokes.length);
  }

  #listen() {
    const on = (type, handler, options) => this.#element.addEventListener(type, handler, options);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("lostpointercapture", (event) => this.#up(event));
    on("pointercancel", (event) => this.#pointers.up(event) && this.#drawing.cancel());
    on("contextmenu", (event) => event.preventDefault());
    // Or a tablet takes quick strokes for handwriting into a text field, and drops them.
    on("touchmove", (event) => event.preventDefault(), { passive: false });
  }

  /** Keep up with the drawing, the size and the theme. */
  #follow() {
    this.#drawing.addEventListener("ink", () => this.#schedule());
    this.#drawing.addEventListener("end", () => this.repaint());
    this.#drawing.addEventListener("edit", () => this.repaint());
    const sizes = new ResizeObserver(([entry]) => this.#resize(entry));
    try {
      sizes.observe(this.#element, { box: "device-pixel-content-box" }); // also tells of zoom
    } catch {
      sizes.observe(this.#element); // not every browser has that box
    }
    new MutationObserver(() => this.repaint()).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.repaint());
    }
  }

  #resize(entry) {
    const pixels = Math.round(entry.contentRect.width * devicePixelRatio);
    if (pixels === this.#element.width) return;
    this.#element.width = this.#element.height = pixels;
    this.repaint();
  }

  #down(event) {
    const verdict = this.#pointers.down(event);
    if (verdict === "drop" || verdict === "restart") this.#drawing.cancel();
    if (verdict !== "start" && verdict !== "restart") return;
    this.#started(event.pointerType);
    if (!this.#drawing.begin(...this.#place(event, this.#element.getBoundingClientRect()))) return;
    try {
      this.#element.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already; its up or cancel follows.
    }
  }

  #move(event) {
    if (!this.#pointers.draws(event)) return;
    const box = this.#element.getBoundingClientRect();
    const events = event.getCoalescedEvents?.() ?? [];
    const samples = (events.length > 0 ? events : [event]).map((each) => this.#place(each, box));
    this.#drawing.extend(samples);
  }

  #up(event) {
    if (this.#pointers.up(event)) this.#drawing.end();
  }

  #place({ clientX, clientY }, { left, top, width, height }) {
    const { clientLeft, clientTop } = this.#element; // borders
    const scale = (length, border) => SIDE / (length - 2 * border);
    return [
      (clientX - left - clientLeft) * scale(width, clientLeft),
      (clientY - top - clientTop) * scale(height, clientTop),
    ];
  }

  /** Paint what the pen left since the last animation frame. */
  #schedule() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      const stroke = this.#drawing.strokes.at(-1);
      if (!stroke) return;
      if (stroke !== this.#stroke) this.#painted = 0;
      this.#stroke = stroke;
      paint(this.#context, stroke.samples, this.#painted);
      this.#painted = stroke.samples.length;
    });
  }
}

/** Get a context ready for painting on `pixels` device pixels a side, which become SIDE units. */
function prepare(context, pixels, colour) {
  context.setTransform(pixels / SIDE, 0, 0, pixels / SIDE, 0, 0);
  context.lineWidth = PEN;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = colour;
}

/** Paint `samples` as curves through their middles; the first `done` are on the canvas already. */
function paint(context, samples, done = 0) {
  const first = Math.max(0, done - 2);
  context.beginPath();
  if (samples.length === 1) {
    context.arc(...samples[0], PEN / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.moveTo(...(first === 0 ? samples[0] : middle(samples[first - 1], samples[first])));
  for (let index = first; index < samples.length - 1; index += 1) {
    context.quadraticCurveTo(...samples[index], ...middle(samples[index], samples[index + 1]));
  }
  context.lineTo(...samples.at(-1));
  context.stroke();
}

function middle([x1, y1], [x2, y2]) {
  return [(x1 + x2) / 2, (y1 + y2) / 2];
}
