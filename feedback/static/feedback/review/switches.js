// What a moderator switches on and off, remembered in this browser.

const DEFAULTS = { keys: true, blind: false };

export class Switches extends EventTarget {
  #boxes;

  /** `boxes` has a checkbox for each name. */
  constructor(boxes) {
    super();
    this.#boxes = boxes;
    for (const [name, box] of Object.entries(boxes)) {
      box.checked = read(name) ?? DEFAULTS[name];
      box.addEventListener("change", () => this.#changed(name));
    }
  }

  get keys() {
    return this.#boxes.keys.checked;
  }

  get blind() {
    return this.#boxes.blind.checked;
  }

  /** Switch the keys on. */
  wake() {
    if (this.keys) return;
    this.#boxes.keys.checked = true;
    this.#changed("keys");
  }

  #changed(name) {
    try {
      localStorage.setItem(`review-${name}`, this.#boxes[name].checked ? "on" : "off");
    } catch {
      // Storage is forbidden: it holds for this page only.
    }
    this.dispatchEvent(new Event("change"));
  }
}

function read(name) {
  try {
    const value = localStorage.getItem(`review-${name}`);
    return value === null ? null : value === "on";
  } catch {
    return null;
  }
}
