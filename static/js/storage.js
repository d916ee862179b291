// The browser's storage, or a stand-in for the life of the page where it is forbidden.

/** `name` is localStorage or sessionStorage. */
export function storage(name) {
  try {
    return globalThis[name];
  } catch {
    const values = new Map();
    return {
      passing: true,
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => values.set(key, value),
    };
  }
}

/** Keep a choice for the next visit. */
export function remember(key, value) {
  try {
    storage("localStorage").setItem(key, value);
  } catch {
    // Full: the choice holds for this page all the same.
  }
}
