// Which ink decided, in words: only what the server has tried out by wiping ink. Pure.

export const LOOK = "28 × 28 pixels. Lift the pen to see which ink decides.";
export const NO_REASON = "Which ink decides cannot be asked at the moment.";

/** An answer of `explain`; `personal`: the person's own corrections made another answer of it. */
export function because({ label, abstain, decisive }, personal) {
  if (label === null) return LOOK;
  const ink = personal ? `The network alone sees ${label} in the bright ink.` : `Bright ink speaks for ${label}, striped against it.`;
  return `${ink} ${most(decisive, abstain ? [label, null] : [label])}`;
}

/** `already`: what it is read as with that ink. */
function most(decisive, already) {
  if (!decisive) return "No single part decides.";
  const ink = `framed ink (${decisive.where})`;
  if (already.includes(decisive.label)) return `The ${ink} counts most.`;
  return `Without the ${ink} it would be ${decisive.label ?? "unsure"}.`;
}
