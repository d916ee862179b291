// What the page says, in words. Pure, but for asking whether there is a network at all.

import { lookalikes, percent, ranked } from "./ranking.js";

const INVITATION = {
  digits: "Draw a digit",
  letters: "Draw a letter",
  all: "Draw a digit or a letter",
};
const STATES = {
  waiting: "Kept here, not sent",
  pending: "Waiting for review",
  approved: "Approved, waiting for training",
  paused: "Approved, learning is paused",
  rejected: "Rejected",
  revoked: "Approval withdrawn",
  training: "In training",
};
const CANDIDATE = 0.15; // share from which a guess is worth naming
const LOOKALIKE = 0.02; // the same for one that looks like the likeliest
const CANDIDATES = 3;
const RIVAL = 0.25; // share from which an answer does not hide that it may be what looks like it
export const AGAIN = "Try again in a moment.";

export function invitation(charset) {
  return INVITATION[charset];
}

/** The answer for the eye: {label, share} when there is one, otherwise {text}. */
export function answer(prediction) {
  if (prediction.label !== null) {
    const { label, confidence, probabilities } = prediction;
    const rival = ranked(probabilities)[1];
    const open = rival.share >= RIVAL && lookalikes(label).includes(rival.label);
    return { label, share: percent(confidence) + (open ? `, or ${rival.label}` : "") };
  }
  if (prediction.several) return { text: "More than one character?" };
  const names = candidates(prediction);
  if (names.length === 0) return { text: "Not sure what this is" };
  return { text: `Not sure: ${names.length === 1 ? "maybe " : ""}${either(names)}` };
}

/** The answer for the ear. */
export function announcement(prediction) {
  const { label, share, text } = answer(prediction);
  if (text) return text.endsWith("?") ? text : `${text}.`;
  return `Looks like ${label}, ${spoken(share)}${prediction.personal ? ", learned from you" : ""}.`;
}

/** What the live connection complains of; null for what it puts right by itself. */
export function problem({ code, message }) {
  if (code === "limit") return "This drawing is full. Clear it to start another.";
  if (code === "rate") return "Too much at once: slowing down.";
  if (code === "unavailable") return "Recognition is not available right now; keep drawing.";
  if (code === "empty") return null;
  return sentence(message);
}

/** Where a correction stands, and as what if that is not what was `said`. */
export function receipt({ status, version, serving, label, said = label, paused }) {
  const spread = serving ? `, on ${serving[0]} of ${serving[1]} servers` : "";
  const state = status === "live" ? `Live in version ${version}${spread}` : (STATES[paused ? "paused" : status] ?? sentence(status));
  return said === label ? state : `A reviewer says ${label}, ${state.toLowerCase()}`;
}

/** What a verdict came to, for who gave it and sees answers of `charset`. */
export function said(outcome, charset = "all") {
  if (outcome.status !== "pending") return receipt(outcome);
  if (outcome.confirms) return "Thanks, counted";
  const own = /\d/.test(outcome.label) ? "Digits" : "Letters";
  const here = charset === "all" || charset === own.toLowerCase();
  return receipt(outcome) + (here ? "" : `. It counts with ${own} or All.`);
}

/** Another version answers, perhaps `again`, and so many of my corrections are new in it. */
export function swapped(version, count, again) {
  const live = `Version ${version} is live`;
  if (again) return `${live} again.`;
  return count ? `${live}. It learned from your correction${count > 1 ? "s" : ""}.` : `${live}.`;
}

/** Corrections of mine that moved on. */
export function news(items) {
  if (items.length > 1) return `${items.length} of your corrections moved on.`;
  return `Your correction to ${items[0].said ?? items[0].label}: ${receipt(items[0]).toLowerCase()}.`;
}

/** Why the server did not do what was asked about corrections. */
export function refused({ status, error }) {
  return status >= 500 || !error?.message ? `That was not possible. ${AGAIN}` : sentence(error.message);
}

/** What keeps a correction from the server, and whether it `fits` where it waits. */
export function kept(status, fits = true) {
  const room = fits ? "" : " No room here for this one: say it again once others are sent.";
  if (status === 429) return `That was too often.${room}`;
  return `${status ? "Corrections cannot be stored right now." : unreachable()}${room}`;
}

export function offline() {
  return globalThis.navigator?.onLine === false;
}

/** Why nothing comes back: in the same words wherever it is told. */
export function unreachable() {
  return offline() ? "You are offline." : "The server cannot be reached.";
}

/** So many wait, and, `passing`, no longer than the page. */
export function waiting(count, passing) {
  const where = passing ? "until this page closes" : "here";
  return count === 1 ? `1 correction waits ${where}.` : `${count} corrections wait ${where}.`;
}

/** "Connected", "Reconnecting (12 s)", … */
export function connection(state, { wait = 0, overHttp = false } = {}) {
  if (state === "open") return "Connected";
  if (state === "outdated") return "Out of date";
  if (overHttp) return "Connected, slower";
  if (offline()) return "Offline";
  if (state === "waiting" && wait >= 1000) return `Reconnecting (${Math.round(wait / 1000)} s)`;
  return state === "waiting" ? "Reconnecting" : "Connecting";
}

export function strokeCount(count) {
  if (count === 0) return "Drawing area, empty";
  return `Drawing area, ${count} ${count === 1 ? "stroke" : "strokes"}`;
}

/** What it may be: the likely ones, and with the likeliest those that look like it. */
function candidates({ probabilities }) {
  const order = ranked(probabilities);
  if (order[0].share < CANDIDATE) return [];
  const group = lookalikes(order[0].label);
  return order
    .filter(({ label, share }) => share >= (group.includes(label) ? LOOKALIKE : CANDIDATE))
    .slice(0, CANDIDATES)
    .map(({ label }) => label);
}

function either(names) {
  return names.length < 3 ? names.join(" or ") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function spoken(share) {
  return share.replace("<", "less than ").replace(">", "more than ").replace(" %", " percent");
}

export function sentence(message) {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
