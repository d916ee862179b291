// What is said after a decision, and where it was refused.

const DONE = { approve: "Approved", reject: "Rejected", relabel: "Approved" };

/** A decision in words, and what comes next (a text, or null when nothing is left). */
export function announcement({ action, label, taken }, next) {
  const many = taken.length > 1 ? ` ${taken.length} items` : "";
  return `${DONE[action]}${many}${as(label)}. ${then(next)}`;
}

/** The same of a decision that did not come about for the items with the ids `refused`. */
export function refusal({ action, label, taken, refused }, next) {
  const not = `not ${DONE[action].toLowerCase()}${as(label)}`;
  if (taken.length === 1) return `Drawing ${taken[0].item.short} was ${not}. ${then(next)}`;
  const [count, verb] = [refused.length, refused.length === 1 ? "was" : "were"];
  return `${count} of ${taken.length} items ${verb} ${not}. ${then(next)}`;
}

function as(label) {
  return label ? ` as ${label}` : "";
}

function then(next) {
  return next ? `Next: ${next}.` : "Nothing is left.";
}
