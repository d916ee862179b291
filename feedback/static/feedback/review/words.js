// What is said after a decision.

const DONE = { approve: "Approved", reject: "Rejected", relabel: "Approved" };

/** A decision in words, and what comes next (a text, or null when nothing is left). */
export function announcement({ action, label, taken }, next) {
  const many = taken.length > 1 ? ` ${taken.length} items` : "";
  const as = label ? ` as ${label}` : "";
  const then = next ? `Next: ${next}.` : "Nothing is left.";
  return `${DONE[action]}${many}${as}. ${then}`;
}
