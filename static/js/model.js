// What the model dialog says about the version that answers. Fetched when it is first opened.

const KEPT = 20; // versions in the history
const SVG = "http://www.w3.org/2000/svg";

// What people ask first of all that a card holds, the anchor's or a learned one's; the rest is for
// programs.
const FIGURES = {
  "Right for writers it has never seen": {
    "Digits, set to digits": "validation.strokes_digit.top1_hinted",
    "Lower-case letters, set to letters": "validation.strokes_lower.top1_hinted",
    "Capital letters, set to letters": "validation.strokes_upper.top1_hinted",
    "Strokes of all kinds, set to all": "validation.strokes.top1",
    "The same, among its first three guesses": "validation.strokes.top3",
  },
  // Whatever a learned version's gate had: people's handwriting, or only our own parametric one.
  "Right in its gate’s drawings": { "This version": "base", "The one before": "base_before" },
  "Right on the corrections it learned, told digit or letter": { "This version": "taught", "The one before": "taught_before" },
  "Right on them, set to all": { "This version": "taught_unaided", "The one before": "taught_unaided_before" },
};

/** The dialog's content, from what GET versions answers. */
export function description({ serving, versions }) {
  const current = versions.find(({ number }) => number === serving);
  if (!current) return [make("p", "No model is loaded right now.")];
  const parts = figures(current.metrics).flatMap(([title, pairs]) => [make("h3", title), listed(pairs)]);
  return [listed(facts(current)), ...parts, ...history(learned(versions))];
}

/** The last versions that learned, the oldest first, as [number, share right, corrections]. */
export function learned(versions) {
  return versions
    .filter(({ metrics }) => metrics.base >= 0)
    .map(({ number, metrics }) => [number, metrics.base, metrics.corrections])
    .sort(([a], [b]) => a - b)
    .slice(-KEPT);
}

/** The points of a line through `shares`, which fills a square of 100 units. */
export function line(shares) {
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  const x = (index) => (100 * index) / (shares.length - 1);
  const y = (share) => (100 * (most - share)) / (most - least || 1);
  return shares.map((share, index) => [x(index), y(share)].map(Math.round).join()).join(" ");
}

/** How they fared, as a line and as the same numbers; of one there is no history. */
function history(rows) {
  if (rows.length < 2) return [];
  const svg = document.createElementNS(SVG, "svg");
  const look = { width: "100%", height: "48", overflow: "visible", fill: "none", stroke: "currentcolor", "stroke-width": 2 };
  put(svg, { viewBox: "0 0 100 100", preserveAspectRatio: "none", ...look });
  svg.ariaHidden = true; // the table says it
  const path = document.createElementNS(SVG, "polyline");
  put(path, { points: line(rows.map(([, share]) => share)), "vector-effect": "non-scaling-stroke" });
  svg.append(path);
  const table = make("table");
  table.createTHead().append(row("th", ["Version", "Right", "Corrections"]));
  const body = table.createTBody();
  for (const [number, share, taught] of rows.toReversed()) body.append(row("td", [number, percentage(share), taught]));
  return [make("h3", "What was learned"), svg, table];
}

function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

function row(tag, texts) {
  const element = make("tr");
  for (const text of texts) element.append(make(tag, text));
  return element;
}

/** What a card says in words, as [name, text]. */
export function facts({ number, name, created, architecture, metrics }) {
  const parameters = architecture.parameters?.toLocaleString("en");
  return [
    ["Version", `${number} (${name})`],
    ["Trained", day(created)],
    ["Network", architecture.name?.toUpperCase()],
    ["Parameters", parameters],
    ["Corrections learned", metrics.corrections],
  ].filter(([, value]) => value);
}

/** The figures that a card's metrics have, as [title, [[name, percentage], …]]. */
export function figures(metrics) {
  const percentages = ([name, path]) => {
    const share = path.split(".").reduce((part, key) => part?.[key], metrics);
    return share >= 0 ? [[name, percentage(share)]] : [];
  };
  return Object.entries(FIGURES)
    .map(([title, paths]) => [title, Object.entries(paths).flatMap(percentages)])
    .filter(([, pairs]) => pairs.length > 0);
}

function percentage(share) {
  return `${(share * 100).toFixed(1)} %`;
}

function day(created) {
  return new Date(created).toLocaleDateString("en-GB", { dateStyle: "long" });
}

function listed(pairs) {
  const list = make("dl");
  for (const [name, value] of pairs) list.append(make("dt", name), make("dd", value));
  return list;
}

function make(tag, text = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
