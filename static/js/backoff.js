// How long to wait before the next attempt to connect: a second at most for a while, because what was
// killed is back within seconds; then a share of the time that it took so far. With jitter, so
// that many pages that lost the same server do not come back in step.

const FIRST = 500; // ms, as all of these before jitter
const SOON = 1_000;
const SHARE = 1 / 15; // of the time without a connection: four seconds after a minute
const LONGEST = 30_000;
const RESTART = [2_000, 8_000]; // the server said that it restarts or is overloaded
const POLICY = 5_000; // the server threw us out: not at once again
const CLOSE_POLICY = 1008;
const CLOSE_RESTART = [1012, 1013];

/** Milliseconds to wait, `away` ms after the last stable connection, after a close with `code`. */
export function delay(away, code = 1006, random = Math.random) {
  const longest = Math.min(LONGEST, Math.max(away ? SOON : FIRST, away * SHARE));
  // Half of it at least: shorter waits would not find the server sooner, only ask it more often.
  const wait = (longest * (1 + random())) / 2;
  if (CLOSE_RESTART.includes(code)) return wait + RESTART[0] + random() * (RESTART[1] - RESTART[0]);
  return code === CLOSE_POLICY ? wait + POLICY : wait;
}
