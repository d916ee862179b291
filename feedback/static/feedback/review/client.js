// The server's side of the review screen: every change is a POST with the page's CSRF token.

const WITHIN = 15_000; // ms

/** What the server, or the way to it, refused; `status` is 0 when nothing came back. */
export class ReviewError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Client {
  #urls;
  #token;

  /** `urls` has queue, card, decide, undo and leases; `card` has a zero id to replace. */
  constructor(urls, token) {
    this.#urls = urls;
    this.#token = token;
  }

  /** The first `limit` items that wait. */
  queue(limit) {
    const url = new URL(this.#urls.queue, location.href);
    url.searchParams.set("limit", limit);
    return request(url);
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
    return request(url, { method: "POST", body: this.#form(fields) });
  }

  #form(fields) {
    const form = new FormData();
    form.set("csrfmiddlewaretoken", this.#token);
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return form;
  }
}

async function request(url, options = {}) {
  let response;
  try {
    response = await fetch(url, {
      ...options,
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      redirect: "error", // to the login page, when the session has ended
      signal: AbortSignal.timeout(WITHIN),
    });
  } catch {
    throw new ReviewError(0, "The server could not be reached, or you are not signed in any more.");
  }
  const body = await response.json().catch(() => null);
  if (response.ok || (response.status === 409 && body?.conflicts)) return body;
  throw new ReviewError(response.status, body?.message ?? `The server answered ${response.status}.`);
}
