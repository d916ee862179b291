import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { remember, storage } from "../static/js/storage.js";

const define = (descriptor) => Object.defineProperty(globalThis, "localStorage", { configurable: true, ...descriptor });

afterEach(() => delete globalThis.localStorage);

test("a choice is kept", () => {
  const values = new Map();
  define({ value: { setItem: (key, value) => values.set(key, value) } });
  remember("charset", "digits");
  assert.deepEqual([...values], [["charset", "digits"]]);
});

test("a storage that is full or forbidden does not stop who chooses", () => {
  const setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  define({ value: { setItem } });
  remember("charset", "digits");
  const get = () => {
    throw new DOMException("forbidden", "SecurityError");
  };
  define({ get });
  remember("charset", "digits");
  assert.equal(storage("localStorage").getItem("charset"), null);
});
