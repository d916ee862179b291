// Joins the parts of the review screen; everything that it does is done elsewhere.

import { Blindness } from "./blindness.js";
import { Cards } from "./cards.js";
import { Client } from "./client.js";
import { commandsFor } from "./commands.js";
import { Decisions } from "./decisions.js";
import { Keys } from "./keys.js";
import { Loader } from "./loader.js";
import { Lookout } from "./lookout.js";
import { Notice } from "./notice.js";
import { Page } from "./page.js";
import { Place } from "./place.js";
import { Queue } from "./queue.js";
import { Strip, describe } from "./strip.js";
import { Switches } from "./switches.js";
import { announcement, refusal } from "./words.js";

const find = (selector) => document.querySelector(selector);
const region = find("#review");
const motion = matchMedia("(prefers-reduced-motion: reduce)");

const queue = new Queue();
const keys = new Keys();
const client = new Client(region.dataset, find("#review [name=csrfmiddlewaretoken]").value);
const decisions = new Decisions(queue, client);
const switches = new Switches({ keys: find("#keys"), blind: find("#blind") });
const blindness = new Blindness(switches, queue);
const strip = new Strip(find("#strip"), queue);
const cards = new Cards(client, Place.build);
const place = new Place(find("#place"), region);
const loader = new Loader(queue, client, cards, place, find("#waiting"), () => !decisions.unsent);
const lookout = new Lookout(async () => {
  const idle = !queue.current;
  if ((await loader.look()) && idle) page.say(`Something has come in: ${describe(queue.current, blindness.on)}.`);
});
const page = new Page(find, region, place, () => ({
  empty: !queue.current,
  selected: queue.selected.length,
  undoable: decisions.undoable,
  unsent: decisions.unsent,
  blind: blindness.on,
  awake: switches.keys,
  calm: motion.matches,
}));
const notice = new Notice(find("#notice"), () => page.focus());
const commands = commandsFor({ queue, decisions, cards, client, keys, blindness, page });

queue.addEventListener("change", () => {
  page.refresh();
  loader.show();
  loader.refill();
});
decisions.addEventListener("decided", ({ detail }) => {
  loader.waiting -= detail.taken.length;
  page.refresh();
  page.say(announcement(detail, queue.current && describe(queue.current, blindness.on)));
});
decisions.addEventListener("refused", ({ detail }) => {
  page.say(refusal(detail, queue.current && describe(queue.current, blindness.on)));
});
decisions.addEventListener("undone", ({ detail }) => {
  loader.renew(detail.taken.map(({ item }) => item));
  page.say(`Undone: ${detail.taken.length === 1 ? "the item is" : "the items are"} back.`);
});
decisions.addEventListener("settled", ({ detail }) => {
  cards.outdate();
  if (decisions.unsent <= 1) loader.waiting = detail.waiting; // else it counts what is under way
});
decisions.addEventListener("sent", () => loader.freshen());
for (const type of ["sending", "sent"]) decisions.addEventListener(type, () => page.refresh());
decisions.addEventListener("conflict", ({ detail }) => notice.show(detail.message));
decisions.addEventListener("failed", ({ detail }) => {
  const { error, taken } = detail;
  loader.waiting += taken.length;
  const back = taken.length === 1 ? " The item is back in the queue." : " The items are back in the queue.";
  notice.show(`Not saved: ${error.message}${taken.length ? back : ""}`, error.link);
});
decisions.addEventListener("nothing", () => page.say("Nothing to undo."));
switches.addEventListener("change", () => {
  strip.blind = switches.blind;
  strip.show();
  page.refresh();
});
find(".switches").addEventListener("change", ({ target }) => {
  // Whoever came by mouse goes on with the keys; whoever came by Tab stays where they are.
  if (!target.matches(":focus-visible")) page.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && page.closeFilter()) return;
  const awake = switches.keys && region.contains(document.activeElement);
  const command = awake && !document.querySelector("dialog[open]") && keys.read(event);
  if (!command) return;
  event.preventDefault();
  commands[command.name](command.label);
});
region.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-command], [data-label]");
  if (!button) return;
  if (button.dataset.label) commands.label(button.dataset.label);
  else commands[button.dataset.command]();
  if (!button.checkVisibility()) page.focus(); // it has gone with what it did
});
find("#wake").addEventListener("click", () => {
  switches.wake();
  page.focus();
});
find("#help-button").addEventListener("click", commands.help);
find("#help").addEventListener("close", () => page.focus());

addEventListener("beforeunload", (event) => decisions.unsent && event.preventDefault());

strip.blind = switches.blind;
queue.add(JSON.parse(find("#items").textContent));
if (!queue.current) loader.show();
page.refresh();
cards.start(({ leases }) => place.lease(leases));
lookout.start();
page.focus();
