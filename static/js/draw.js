// Joins the parts of the page; everything that it does is done elsewhere.

import { Bars } from "./bars.js";
import { Canvas } from "./canvas.js";
import { Correcting } from "./correcting.js";
import { Notices, openDialog, prepareDialogs } from "./dialogs.js";
import { Answer, Display, Overdue } from "./display.js";
import { Fallback } from "./fallback.js";
import { predict } from "./http.js";
import { Live } from "./live.js";
import { Pointers } from "./pointers.js";
import { Recent } from "./recent.js";
import { Status, Versions } from "./status.js";
import { History, storage } from "./storage.js";
import { Drawing } from "./strokes.js";
import { prepareCharset, prepareShortcuts, prepareTools, Seeing } from "./tools.js";
import { Upload } from "./upload.js";
import { problem } from "./words.js";

const find = (selector) => document.querySelector(selector);
const page = find("main");
const urls = page.dataset;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const UNKNOWN = "unknown";
let charset = "all";
let trouble = ""; // what was last said of a picture that could not be read
let device = UNKNOWN; // what the drawing was made with
let player = null; // of samples, once one was asked for

const drawing = new Drawing();
const pointers = new Pointers();
const notices = new Notices(find("#notice"));
const ask = (source, url = urls.predict) => predict(url, source, charset);

const live = new Live(new URL(urls.socket, location.href.replace(/^http/, "ws")), drawing, charset);
const bars = new Bars(document.querySelectorAll(".sides .row"), document.querySelectorAll("#letters .row"));
const answer = new Answer(find("#answer"), find("#voice"));
const display = new Display(bars, answer, drawing, charset);
const status = new Status(live, find("#connection"), find("#banner"), (text) => answer.say(text));
find("#reconnect").addEventListener("click", () => live.check());
const versions = new Versions(live, find("#model"), find("#model-dialog .body"), urls.versions);
const recent = new Recent(find("#recent"), new History(storage("sessionStorage")), ({ strokes, label }) => {
  upload.hide();
  keep();
  drawing.load(strokes);
  display.label = label; // until it is answered anew, which may take a connection
});
const upload = new Upload(find("#stage"), find("#file"), {
  ask: (picture) => ask({ picture }),
  shown: (prediction) => {
    notices.withdraw(trouble); // it was about the picture before
    display.showPicture(prediction);
    covered();
  },
  hidden: () => {
    display.hidePicture();
    covered();
  },
  failed: (text) => notices.show((trouble = text)),
  notLoaded,
});
const fallback = new Fallback(drawing, (strokes) => ask({ strokes }), {
  prediction: predicted,
  works: (works) => {
    status.overHttp = works;
    follow();
  },
});
new Canvas(find("#canvas"), drawing, pointers, (pointerType) => {
  device = pointerType || UNKNOWN;
  player?.stop();
});
pointers.addEventListener("palm", () => {
  const useFinger = { name: "Use finger too", act: () => (pointers.fingers = true) };
  notices.show("Pen in use: touch does not draw, so that your hand can rest.", useFinger);
});

const overdue = new Overdue(drawing, () => live.caughtUp || fallback.caughtUp, () => {
  display.late();
  correcting.refresh();
});

function predicted(prediction) {
  display.prediction(prediction);
  correcting.refresh();
  overdue.answered();
}

/** What is on the canvas goes to the recent drawings before it is replaced. */
function keep() {
  device = UNKNOWN;
  player?.stop();
  recent.add(drawing.points(), display.label);
}

// Whoever leaves the page and comes back finds the drawing there, unless the browser kept it all.
addEventListener("pagehide", ({ persisted }) => {
  if (!persisted) keep();
});

/** Who answers: the socket, else HTTP after it failed twice, else nobody. */
function follow() {
  const open = live.state === "open";
  fallback.active = !open && live.failures > 1 && live.state !== "outdated";
  if (!fallback.active) status.overHttp = false;
  display.answered = open || status.overHttp;
  status.refresh();
}

/** What not everybody asks for is fetched when somebody does. */
function notLoaded() {
  notices.show("This could not be loaded. Try again, or reload the page.");
}

/** What can be looked at: the picture once it is answered, else the drawing beneath it. */
function subject() {
  if (upload.open) return upload.answered && { picture: upload.answered.image };
  return !drawing.empty && { strokes: drawing.points() };
}

/** A picture covers the drawing, is answered, or is gone. */
function covered() {
  correcting.refresh();
  refreshTools();
  seeing.refresh();
}

const commands = {
  undo: () => (upload.open ? upload.hide() : drawing.undo()),
  redo: () => upload.open || drawing.redo(),
  clear: () => {
    if (upload.open) return upload.hide();
    keep();
    drawing.clear();
  },
  upload: () => find("#file").click(),
  sample: async () => {
    const samples = await import("./samples.js").catch(notLoaded);
    if (!samples) return;
    upload.hide();
    keep();
    const labels = samples.sampleLabels(charset);
    player ??= new samples.Player(drawing);
    player.play(samples.sample(labels[Math.floor(Math.random() * labels.length)]), calm.matches);
  },
  sees: () => seeing.toggle(),
  help: () => openDialog("help-dialog"),
  close: () => {
    if (correcting.verdict.state === "choosing") correcting.verdict.choose(false);
    else upload.hide();
  },
  correct: () => correcting.verdict.confirm(),
  incorrect: () => correcting.verdict.choose(),
  name: (label) => correcting.verdict.name(label),
};

live.addEventListener("state", follow);
live.addEventListener("prediction", ({ detail }) => predicted(detail));
live.addEventListener("problem", ({ detail }) => {
  const text = problem(detail);
  if (text) notices.show(text);
});
drawing.addEventListener("ink", () => {
  if (drawing.full) notices.show(problem({ code: "limit" }));
});
for (const type of ["online", "offline", "pageshow"]) addEventListener(type, () => live.check());
document.addEventListener("visibilitychange", () => document.hidden || live.check());

// After the listeners above: it looks at what they have shown.
const correcting = new Correcting(page, find("#corrections-dialog .body"), {
  ...{ live, fallback, drawing, display, upload, notices },
  device: () => device,
});

const refreshTools = prepareTools(commands, drawing, upload);
const asked = () => correcting.verdict.state === "choosing";
prepareShortcuts(commands, find("#drawing"), find("#single-keys"), asked);
prepareDialogs({
  "corrections-dialog": () => correcting.mine.open(),
  "model-dialog": () => versions.load(),
  "connection-dialog": () => status.describe(find("#connection-dialog dl")),
});
prepareCharset(find("#charset"), (chosen) => {
  page.dataset.charset = live.charset = display.charset = charset = chosen;
  if (upload.open) upload.ask();
  correcting.refresh();
});
const explain = (source) => ask(source, urls.explain);
const personal = () => (upload.open ? upload.answered : display.newest)?.personal;
const seeing = new Seeing(find("#sees"), { drawing, live, subject, look: ask, explain, personal }, notLoaded);
live.start();
