// Promises about the files themselves: no inline code, no foreign address, what is fetched when.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

function read(folder, ending) {
  const directory = new URL(`../${folder}/`, import.meta.url);
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name, text: readFileSync(new URL(name, directory), "utf8") }));
}

const scripts = read("static/js", ".js");
const styles = read("static/css", ".css");
const pages = read("templates", ".html");

test("templates have no inline script, style or handler", () => {
  for (const { name, text } of pages) {
    assert.doesNotMatch(text, /<style|\sstyle=|\son[a-z]+=|="javascript:/i, name);
    for (const [tag] of text.matchAll(/<script[^>]*>/g)) assert.match(tag, /src=/, name);
  }
});

test("nothing is fetched from elsewhere", () => {
  for (const { name, text } of [...scripts, ...styles, ...pages]) {
    const addresses = text.matchAll(/(?:https?:)?\/\/[a-z0-9][^\s"'`)]*/gi);
    for (const [address] of addresses) {
      const known = address.startsWith("http://www.w3.org/") || text.includes(`// ${address.slice(2)}`);
      assert.ok(known, `${name}: ${address}`);
    }
  }
});

test("every module opens with what it is for, and stays small", () => {
  for (const { name, text } of scripts) {
    assert.match(text, /^\/\/ [A-Z"]/, name);
    assert.ok(text.split("\n").length <= 200, name);
  }
});

test("no module has to wait for another one's to arrive before it is fetched", () => {
  const imports = (name) => {
    const { text } = scripts.find((script) => script.name === name);
    return [...text.matchAll(/from "\.\/(.+?)";/g)].map(([, imported]) => imported);
  };
  const { text } = pages.find(({ name }) => name === "draw.html");
  const preloaded = [...text.matchAll(/modulepreload" href="\{% static 'js\/(.+?)'/g)].map(([, name]) => name);
  const direct = imports("draw.js");
  const reached = new Set(direct);
  for (const name of reached) imports(name).forEach((imported) => reached.add(imported));
  assert.deepEqual(preloaded, [...reached].filter((name) => !direct.includes(name)).sort());
});

test("what few people ask for is not fetched until they do", () => {
  const later = ["model.js", "picture.js", "samples.js", "sees.js", "training.js"];
  for (const { name, text } of scripts.filter(({ name }) => !later.includes(name))) {
    for (const module of later) assert.ok(!text.includes(`from "./${module}"`), `${name}: ${module}`);
  }
  const asks = {
    "draw.js": ["samples.js"],
    "mine.js": ["training.js"],
    "tools.js": ["sees.js"],
    "upload.js": ["picture.js"],
    "status.js": ["model.js"],
  };
  for (const { name, text } of scripts) {
    for (const module of asks[name] ?? []) assert.ok(text.includes(`import("./${module}")`), module);
  }
});

test("state knows no page: modules without it run here", async () => {
  const stateful = ["strokes", "sync", "live", "socket", "pointers", "frames", "storage", "throttle"];
  for (const name of stateful) {
    const { text } = scripts.find((script) => script.name === `${name}.js`);
    assert.doesNotMatch(text, /\bdocument\b|\bwindow\b/, name);
  }
});
