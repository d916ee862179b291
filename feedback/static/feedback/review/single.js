// The page of one correction: its strokes can be replayed.

import { Replay } from "./replay.js";

const button = document.querySelector("#replay");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const replay = new Replay(document.querySelector(".card"));

if (button && replay.possible) {
  button.hidden = false;
  button.addEventListener("click", () => replay.play(calm.matches));
}
