// A clock for tests: time passes only when told, and timers go off on the way.

import { mock } from "node:test";

export class Clock {
  time = 0;

  constructor() {
    mock.timers.reset();
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  }

  now = () => this.time;

  /** Let `ms` milliseconds pass, one at a time. */
  pass(ms) {
    for (let step = 0; step < ms; step += 1) {
      this.time += 1;
      mock.timers.tick(1);
    }
  }
}
