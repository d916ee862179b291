// A stand-in for the server's side of the protocol: applies frames, refuses gaps, answers when told.

export class Server {
  strokes = [];
  frames = [];
  covers = 0;

  apply(frame) {
    this.frames.push(frame);
    switch (frame.type) {
      case "points":
        this.#append(frame);
        break;
      case "drawing":
        this.strokes = frame.strokes;
        break;
      case "undo":
        this.strokes.pop();
        break;
      case "clear":
        this.strokes = [];
        break;
      case "charset":
        break;
      default:
        throw new Error(`no such frame: ${frame.type}`);
    }
    this.covers = frame.n ?? this.covers;
  }

  #append({ stroke, start, points }) {
    if (stroke > this.strokes.length) throw new RangeError("gap between strokes");
    this.strokes[stroke] ??= [];
    if (start > this.strokes[stroke].length) throw new RangeError("gap between points");
    this.strokes[stroke].splice(start, Infinity, ...points);
  }
}

export const HELLO = {
  type: "hello",
  protocol: 1,
  version: 1,
  charset: "all",
  limits: { strokes: 500, points: 5000 },
};

/** A websocket without a network: `accept`, `say` and `lose` are the other end. */
export class FakeWebSocket {
  static all = [];
  bufferedAmount = 0;
  sent = [];
  closed = false;

  constructor(url) {
    this.url = url;
    FakeWebSocket.all.push(this);
  }

  static get last() {
    return FakeWebSocket.all.at(-1);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  accept() {
    this.onopen();
    this.say(HELLO);
  }

  say(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  lose(code = 1006) {
    this.onclose?.({ code });
  }
}
