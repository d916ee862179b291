// The answer line under the canvas, and the polite voice that reads it out.

import { announcement, answer, invitation } from "./words.js";

const SPEAK_AFTER = 800; // ms without a change: never once a frame

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
