// What is said after a decision, and where it was refused.

const DONE = { approve: "Approved", reject: "Rejected", relabel: "Approved" };
const DOING = { approve: "Approving", reject: "Rejecting", relabel: "Approving" };

/** A decision in words, and what comes next (a text, or null when nothing is left). */
export function announcement({ action, label, taken }, next) {
  const many = taken.length > 1 ? ` ${taken.length} items` : "";
  return `${DONE[action]}${many}${as(label)}. ${then(next)}`;
}

/** What was put last in words, and what comes next. */
export const skipped = (next) => `Skipped. ${then(next)}`;

/**
 * The same of a decision that did not come about for the items with the ids `refused`. What they are now
 * it does not say: somebody else may have decided the same.
 */
export function refusal({ action, label, taken, refused }, next) {
  const one = taken.length === 1;
  const what = one ? `drawing ${taken[0].item.short}` : `${refused.length} of ${taken.length} items`;
  return `${DOING[action]} ${what}${as(label)} did not count. ${then(next)}`;
}

function as(label) {
  return label ? ` as ${label}` : "";
}

function then(next) {
  return next ? `Next: ${next}.` : "Nothing is left.";
}
