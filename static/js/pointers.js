// Which pointer draws: one at a time, the pen before the finger, and never two fingers.
// Knows pointer events by their fields only; the page and the drawing are elsewhere.

const SECOND_FINGER = 250; // ms within which a second finger means "no drawing intended"
const PRIMARY = 0;

/**
 * Events: `palm` when touch stops drawing, and whenever a finger did then what would have been drawing
 * and no pen came to say otherwise.
 */
export class Pointers extends EventTarget {
  fingers = true; // whether touch draws; a pen switches it off until the person asks for it
  penSeen = false;
  #active = null; // {id, type, since}
  #touching = new Set();
  #refused = null; // the finger that does not draw: perhaps the hand that holds the pen

  /**
   * A pointer went down: "start" a stroke with it, "restart" (drop the stroke, then start),
   * "drop" the stroke under way, or "ignore" it.
   */
  down({ pointerId, pointerType, button, timeStamp }) {
    if (pointerType === "pen" && !this.penSeen) {
      this.penSeen = true;
      this.fingers = false;
      this.#tell();
    }
    const others = this.#touching.size;
    if (pointerType === "touch") this.#touching.add(pointerId);
    this.#refused = pointerType === "touch" && !this.fingers && !this.#active ? pointerId : null;
    if (button !== PRIMARY) return "ignore";
    if (pointerType === "touch" && (!this.fingers || others > 0)) return this.#secondFinger(timeStamp);
    const palm = this.#active?.type === "touch" && pointerType === "pen";
    if (this.#active && !palm) return "ignore";
    this.#active = { id: pointerId, type: pointerType, since: timeStamp };
    return palm ? "restart" : "start";
  }

  /** Whether this pointer is the one that draws. */
  draws({ pointerId }) {
    return this.#active?.id === pointerId;
  }

  /** A pointer went up or was lost; true if it was the one that draws. */
  up({ pointerId, type }) {
    this.#touching.delete(pointerId);
    if (this.#refused === pointerId) {
      this.#refused = null;
      if (type === "pointerup") this.#tell();
    }
    const drew = this.#active?.id === pointerId;
    if (drew) this.#active = null;
    return drew;
  }

  #tell() {
    this.dispatchEvent(new Event("palm"));
  }

  #secondFinger(timeStamp) {
    const first = this.#active;
    if (first?.type !== "touch" || timeStamp - first.since > SECOND_FINGER) return "ignore";
    this.#active = null;
    return "drop";
  }
}
