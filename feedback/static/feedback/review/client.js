// The server's side of the review screen: every change is a POST with the page's CSRF token.

const WITHIN = 15_000; // ms
// In another window somebody else has signed in, or a permission is gone: the page is out of date.
const REFUSED = { 403: "This page may not do that any more." };

/**
 * What the server, or the way to it, refused; `status` is 0 when nothing came back. `link`, where
 * there is one, leads to what helps: {text, href}.
 */
export class ReviewError extends Error {
  constructor(status, message, link = null) {
    super(message);
    this.status = status;
    this.link = link;
  }
}

export class Client {
  #urls;
  #token;

  /** `urls` has queue, card, decide, undo, leases and login; `card` has a zero id to replace. */
  constructor(urls, token) {
    this.#urls = urls;
    this.#token = token;
  }

  /** The first `limit` items that wait. */
  queue(limit) {
    const url = new URL(this.#urls.queue, location.href);
    url.searchParams.set("limit", limit);
    return this.#request(url);
  }

  /** One item, now kept for this moderator if nobody else has it. */
  card(id) {
    return this.#post(this.#urls.card.replace("00000000-0000-0000-0000-000000000000", id), {});
  }

  /** Decide; items that somebody else decided first come back as `conflicts`. */
  decide(action, ids, { label = "", reason = "" }) {
    return this.#post(this.#urls.decide, { action, ids: ids.join(), expected: "pending", label, reason });
  }

  /** Take decisions back, named by their events. */
  undo(events) {
    return this.#post(this.#urls.undo, { events: events.join() });
  }

  /** Keep some items for another while and let others go. */
  leases(keep, release) {
    return this.#post(this.#urls.leases, { keep: keep.join(), release: release.join() });
  }

  /** Let items go while the page is closing. */
  leave(ids) {
    if (ids.length) navigator.sendBeacon(this.#urls.leases, this.#form({ keep: "", release: ids.join() }));
  }

  #post(url, fields) {
    return this.#request(url, { method: "POST", body: this.#form(fields) });
  }

  async #request(url, options = {}) {
    let response;
    try {
      response = await fetch(url, {
        ...options,
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "manual",
        signal: AbortSignal.timeout(WITHIN),
      });
    } catch {
      throw new ReviewError(0, "The server could not be reached.");
    }
    // The one redirect that there is leads to the login page.
    if (response.type === "opaqueredirect") {
      throw new ReviewError(0, "You are not signed in any more.", this.#signIn());
    }
    const body = await response.json().catch(() => null);
    if (response.ok || (response.status === 409 && body?.conflicts)) return body;
    const link = response.status === 403 ? { text: "Load the page again", href: location.href } : null;
    throw new ReviewError(response.status, body?.message ?? REFUSED[response.status] ?? `The server answered ${response.status}.`, link);
  }

  /** The way to sign in and come back to this queue. */
  #signIn() {
    const next = new URLSearchParams({ next: location.pathname + location.search });
    return { text: "Sign in again", href: `${this.#urls.login}?${next}` };
  }

  #form(fields) {
    const form = new FormData();
    form.set("csrfmiddlewaretoken", this.#token);
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return form;
  }
}
