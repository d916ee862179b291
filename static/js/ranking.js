// Probabilities put in order and into text. Pure.

const DIGITS = [..."0123456789"];
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];
export const LABELS = [...DIGITS, ...LETTERS];

export const SIDE_ROWS = 10; // five on each side of the canvas
const LIKELY = 5;
const MARGIN = 0.005; // of a percent that rounds to 0 or 100 without being it

const GROUPS = ["0o", "1li", "5s", "2z", "9gq", "6b"]; // as in recognizer/alphabet.py

/** "97 %", and never "0 %" or "100 %": no answer is that certain, though its number may round to it. */
export function percent(share) {
  if (share < MARGIN) return "<1 %";
  if (share >= 1 - MARGIN) return ">99 %";
  return `${Math.round(share * 100)} %`;
}

/** Labels that nobody can tell from `label` without a hint, itself included. */
export function lookalikes(label) {
  return GROUPS.find((group) => group.includes(label)) ?? label;
}

/** Labels with their shares, the most probable first; ties in alphabetical order. */
export function ranked(probabilities) {
  const pairs = LABELS.map((label, index) => ({ label, share: probabilities[index] }));
  return pairs.sort((a, b) => b.share - a.share);
}

/**
 * What a drawing may be if it is not `wrong`: the likeliest few of the character set, most probable
 * first, and all others in alphabetical order; of the other set too, in which somebody may have drawn.
 */
export function choices(charset, probabilities, wrong = null) {
  const allowed = { digits: DIGITS, letters: LETTERS }[charset] ?? LABELS;
  const likely = ranked(probabilities)
    .map(({ label }) => label)
    .filter((label) => label !== wrong && allowed.includes(label))
    .slice(0, LIKELY);
  return { likely, others: LABELS.filter((label) => label !== wrong && !likely.includes(label)) };
}

/** The labels at the sides: the digits in order, or with letters only the ten most probable. */
export function sides(charset, probabilities) {
  if (charset !== "letters") return DIGITS;
  if (!probabilities) return LETTERS.slice(0, SIDE_ROWS);
  return ranked(probabilities)
    .filter(({ label }) => LETTERS.includes(label))
    .slice(0, SIDE_ROWS)
    .map(({ label }) => label);
}
