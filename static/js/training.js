// How far training is, asked for while somebody wants to know and something of theirs is in it.

const EVERY = 2_000; // ms

export class Training {
  #fetch;
  #wanted;
  #show;
  #busy = false;

  /** `fetch()` returns the promise of the runs; `wanted()` whether to ask; `show(text)` shows it. */
  constructor(fetch, wanted, show) {
    this.#fetch = fetch;
    this.#wanted = wanted;
    this.#show = show;
  }

  /** Ask, and ask again until it is not wanted any more, or not told. */
  async follow() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#wanted()) {
      const answer = await this.#fetch().catch(() => null);
      if (!answer) break; // this server does not tell
      const run = answer.runs.find(({ finished }) => !finished);
      this.#show(run ? progress(run) : "");
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
    this.#show("");
    this.#busy = false;
  }
}

/** How far a run is; it knows its steps once what it needs is loaded. */
function progress({ judging, done, total }) {
  if (judging) return "Being judged";
  return total ? `Training: ${done} of ${total} steps` : "Preparing";
}
