// "My corrections": what I sent, what became of it, and taking it back. What happens to it is decided
// in desk.js, the list itself is in corrections.js.

import { LISTED } from "./corrections.js";
import { keepFocus } from "./dialogs.js";
import { thumbnail } from "./recent.js";
import { receipt, waiting } from "./words.js";

export class Mine {
  #body;
  #count;
  #corrections;
  #outbox;
  #desk;
  #list;
  #row;
  #runs;
  #training = null; // the promise of who tells how far it is

  /**
   * `body` is the dialog's, with a template for a row; `count` is where their number is told;
   * `runs()` returns the promise of the training runs.
   */
  constructor(body, count, corrections, outbox, desk, runs) {
    this.#body = body;
    this.#count = count;
    this.#corrections = corrections;
    this.#outbox = outbox;
    this.#desk = desk;
    this.#runs = runs;
    this.#list = body.querySelector("ul");
    this.#row = body.querySelector("template").content.firstElementChild;
    body.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button?.value) this.#remove(button);
      else if (button) this.#act(button.dataset.act);
    });
    for (const store of [corrections, outbox]) store.addEventListener("change", () => this.refresh());
    this.refresh();
  }

  /** The dialog is about to show. */
  open() {
    this.#confirm();
    this.#desk.load();
  }

  refresh() {
    const { items } = this.#corrections;
    const unsent = this.#outbox.items.length;
    const same = `.corrections [value="${document.activeElement.value}"]`;
    keepFocus(() => {
      this.#list.replaceChildren(...items.map((item) => this.#item(item)));
      this.#find(".unsent").hidden = unsent === 0;
      this.#find("[data-act=delete]").hidden = items.length === 0;
    }, same);
    this.#find(".none").hidden = items.length + unsent > 0;
    this.#find(".unsent p").textContent = waiting(unsent, this.#outbox.passing);
    this.#count.textContent = items.length < LISTED ? items.length + unsent || "" : `${LISTED}+`;
    this.#follow();
  }

  #act(act) {
    if (act === "send") this.#desk.sendAgain();
    if (act === "discard") this.#desk.discard();
    if (act === "forget-all") this.#desk.forget();
    if (act === "delete-all") this.#desk.withdrawAll();
    if (act !== "send" && act !== "discard") this.#confirm(act);
  }

  /** Ask whether they are sure to `act`, or stop asking; the focus goes to the harmless answer. */
  #confirm(act) {
    let next = this.#find("[data-act=forget]");
    for (const question of this.#body.querySelectorAll(".sure")) {
      question.hidden = question.dataset.asks !== act;
      if (!question.hidden) next = question.lastElementChild;
    }
    this.#find(".calm").hidden = next.dataset.act === "keep";
    next.focus();
  }

  /** How far training is, once something of mine is in it and the dialog shows. */
  async #follow() {
    const training = ({ status }) => status === "training";
    const wanted = () => this.#body.parentNode.open && this.#corrections.items.some(training);
    if (!wanted()) return;
    const show = (text) => (this.#find(".training").textContent = text);
    this.#training ??= import("./training.js").then(({ Training }) => new Training(this.#runs, wanted, show));
    // Not loaded: each row says "In training" all the same, and the next change tries again.
    (await this.#training.catch(() => (this.#training = null)))?.follow();
  }

  async #remove(button) {
    const place = [...this.#list.children].indexOf(button.closest("li"));
    await this.#desk.withdraw(button.value);
    const { children } = this.#list;
    const next = children[Math.min(place, children.length - 1)]?.querySelector("button");
    (next ?? this.#find("[data-act=forget]")).focus();
  }

  #item(item) {
    const row = this.#row.cloneNode(true);
    const find = (selector) => row.querySelector(selector);
    const { id, label, said = label, predicted, status, image, strokes, created } = item;
    if (image) find("img").src = image;
    else if (strokes) find(".tile").replaceChildren(thumbnail(strokes));
    find("strong").textContent = said;
    find(".opinion").textContent = opinion(said, predicted);
    find(".status").textContent = receipt(item);
    find(".status").dataset.status = status;
    find(".hint").textContent = moment(created);
    find("button").value = id;
    find("button").ariaLabel = `Delete the correction to ${said}`;
    return row;
  }

  #find(selector) {
    return this.#body.querySelector(selector);
  }
}

function opinion(label, predicted) {
  if (predicted === null) return "was not recognised";
  return predicted === label ? "was right" : `was taken for ${predicted}`;
}

function moment(created) {
  return new Date(created).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
