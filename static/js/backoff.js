// How long to wait before the next attempt to connect: exponential, with full jitter, so that many
// pages that lost the same server do not come back in step.

const FIRST = 500; // ms
const LONGEST = 8_000; // while it may be a restart: nobody should wait much longer than that takes
const RESTARTING = 12; // failures: most of a minute
const OUTAGE = 30_000; // the longest after that
const RESTART = [2_000, 8_000]; // the server said that it restarts or is overloaded
const POLICY = 5_000; // the server threw us out: not at once again
const CLOSE_POLICY = 1008;
const CLOSE_RESTART = [1012, 1013];

/** Milliseconds to wait after failure number `failure` (1, 2, …), a close with `code`. */
export function delay(failure, code = 1006, random = Math.random) {
  const longest = failure > RESTARTING ? OUTAGE : LONGEST;
  const jitter = random() * Math.min(longest, FIRST * 2 ** (failure - 1));
  if (CLOSE_RESTART.includes(code)) return jitter + RESTART[0] + random() * (RESTART[1] - RESTART[0]);
  if (code === CLOSE_POLICY) return jitter + POLICY;
  return jitter;
}
