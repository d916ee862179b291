// What keys and buttons do.

import { describe } from "./strip.js";
import { skipped } from "./words.js";

const BLIND_READING = "blind reading"; // the audit's word; the charts count agreement by it

/** The commands by name. `page` has what they act on; see review.js. */
export function commandsFor({ queue, decisions, cards, client, keys, blindness, page }) {
  const name = (on) => {
    keys.naming = on;
    page.naming(on);
  };

  function decide(action, label) {
    const { current } = queue;
    if (!current) return undefined;
    const details = {};
    if (blindness.on) {
      if (!label) return page.say("Blind: name the character with L, or reveal it with V.");
      details.reason = BLIND_READING;
    }
    if (!label) return decisions.decide(action, [current.id], details);
    if (label === current.label) return decisions.decide("approve", [current.id], details);
    return decisions.decide("relabel", [current.id], { ...details, label });
  }

  function decideSelection(action) {
    if (blindness.on) return page.say("Blind: a selection is decided with Blind switched off.");
    return decisions.decide(action, queue.selected);
  }

  const inWords = () => queue.current && describe(queue.current, blindness.on);

  function move(go) {
    go();
    if (queue.current) page.say(inWords());
  }

  return {
    next: () => move(() => queue.next()),
    previous: () => move(() => queue.previous()),
    approve: () => decide("approve"),
    reject: () => decide("reject"),
    relabel: () => queue.current && name(true),
    cancel: () => name(false),
    label: (label) => {
      name(false);
      decide("relabel", label);
    },
    skip: () => {
      const { current } = queue;
      if (!current) return;
      cards.drop(current.id);
      client.leases([], [current.id]).catch(() => {}); // it runs out by itself
      queue.skip();
      page.say(skipped(inWords()));
    },
    undo: () => decisions.undo(),
    select: () => page.say(queue.toggle() ? "Selected." : "Not selected any more."),
    approveSelected: () => decideSelection("approve"),
    rejectSelected: () => decideSelection("reject"),
    replay: () => page.replay(),
    reveal: () => {
      if (!blindness.on) return;
      blindness.reveal();
      page.refresh();
      page.say(describe(queue.current, false));
    },
    filter: () => page.openFilter(),
    help: () => page.openHelp(),
  };
}
