// The HTTP way to a prediction: one drawing or one picture, one answer.

const WITHIN = 10_000; // ms

/** What the server, or the way to it, refused; `status` is 0 when nothing came back. */
export class PredictError extends Error {
  constructor(status, error) {
    super(error?.message ?? `status ${status}`);
    this.status = status;
    this.error = error;
  }
}

/** Predict from strokes (nested lists) or from a picture (a Blob). Rejects with PredictError. */
export async function predict(url, { strokes, picture }, charset) {
  const request = { method: "POST", signal: AbortSignal.timeout(WITHIN) };
  if (picture) {
    request.body = new FormData();
    request.body.append("file", picture, "picture");
    request.body.append("charset", charset);
  } else {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify({ strokes, charset });
  }
  let response;
  let body;
  try {
    response = await fetch(url, request);
    body = await response.json();
  } catch {
    throw new PredictError(response?.ok === false ? response.status : 0);
  }
  if (!response.ok) throw new PredictError(response.status, body.error);
  return body;
}
