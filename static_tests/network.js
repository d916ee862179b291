// What the browser says of the network, for one test.

/** Return a function that has `navigator.onLine` say so, until test `t` has ended. */
export function network(t) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator"); // older Nodes have none
  t.after(() => (before ? Object.defineProperty(globalThis, "navigator", before) : delete globalThis.navigator));
  return (onLine) =>
    Object.defineProperty(globalThis, "navigator", { value: { onLine }, configurable: true });
}
