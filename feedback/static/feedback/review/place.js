// Where the large card is: puts a card in it, keeps the focus, replays its strokes.

import { anchor } from "./notice.js";
import { Replay } from "./replay.js";

export class Place {
  #root;
  #region;
  #card = null;
  #replay = null;
  id = null;

  constructor(root, region) {
    this.#root = root;
    this.#region = region;
  }

  /** Turn the server's answer into an element, whose pictures start to load at once. */
  static build({ html }) {
    const holder = document.createElement("div");
    holder.innerHTML = html; // made by our own template, which escapes
    return holder.firstElementChild;
  }

  show(id, card) {
    this.#put(card);
    this.id = id;
    this.#card = card;
    this.#replay = new Replay(card);
  }

  /** Bring what is told beside the drawing up to date; drawing, replay and focus stay as they are. */
  update(card) {
    const [old, fresh] = [this.#card, card].map((one) => one.querySelector(".around"));
    if (!old.isEqualNode(fresh) && !old.contains(document.activeElement)) old.replaceWith(fresh);
    this.#card.querySelector(".contradicted")?.remove();
    const contradicted = card.querySelector(".contradicted");
    if (contradicted) this.#card.prepend(contradicted);
  }

  empty() {
    this.#message("Nothing waits here. Well done!");
  }

  /** Say what went wrong, with a link to what helps where there is one. */
  fail({ message, link = null }) {
    this.#message(message, link);
  }

  /** Show the card anew even if it is that of the same item. */
  forget() {
    this.id = null;
  }

  replay(calm) {
    this.#replay?.play(calm);
  }

  /** Hide what was said about the drawing. */
  set blind(blind) {
    this.#root.classList.toggle("blind", blind);
  }

  /** Show the leases as they are now: id → text. */
  lease(leases) {
    const lease = leases[this.id];
    const line = this.#card?.querySelector(".lease");
    if (!lease || !line) return;
    line.textContent = lease.text;
    line.dataset.mine = lease.mine ? "yes" : "no";
  }

  #message(text, link = null) {
    const words = document.createElement("p");
    words.className = "empty";
    words.textContent = text;
    if (link) words.append(" ", anchor(link));
    this.#put(words);
    this.id = null;
    this.#card = this.#replay = null;
  }

  #put(element) {
    this.#replay?.stop();
    const focused = this.#root.contains(document.activeElement);
    this.#root.replaceChildren(element);
    this.#root.setAttribute("aria-busy", "false");
    if (focused) this.#region.focus({ preventScroll: true });
  }
}
