// Requests to the API: JSON or a form goes out, JSON comes back, whatever fails is one error.

const WITHIN = 10_000; // ms

/** What the server, or the way to it, refused; `status` is 0 when nothing came back. */
export class HttpError extends Error {
  constructor(status, error) {
    super(error?.message ?? `status ${status}`);
    this.status = status;
    this.error = error;
  }
}

/** `body` is FormData, or anything that JSON can say. Rejects with HttpError. */
export async function request(method, url, body) {
  const options = { method, signal: AbortSignal.timeout(WITHIN) };
  if (body instanceof FormData) options.body = body;
  else if (body) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let response;
  let answer;
  try {
    response = await fetch(url, options);
    answer = response.status === 204 ? null : await response.json();
  } catch {
    throw new HttpError(response?.ok === false ? response.status : 0);
  }
  if (!response.ok) throw new HttpError(response.status, answer.error);
  return answer;
}

/** Predict from strokes (nested lists) or from a picture (a Blob). */
export function predict(url, { strokes, picture }, charset) {
  if (!picture) return request("POST", url, { strokes, charset });
  const form = new FormData();
  form.append("file", picture, "picture");
  form.append("charset", charset);
  return request("POST", url, form);
}
