// The settings: settings.js.
import assert from "node:assert/strict";
import {test} from "node:test";
import {asked, open, server} from "./small_dom.mjs";
import {page} from "./states.mjs";

const root = open(page, "http://127.0.0.1:8124/#secret-of-this-session");
const {showSettings, startSettings} = await import("./page/settings.js");
const rows = [
  {key: "pool_endpoint", type: "text", value: ["http://a", "http://b"], repeats: true, help: "The pool's address.", source: "file"},
  {key: "threads", type: "integer", value: 0, minimum: 0, maximum: 1024, help: "Threads, `0`: all.", source: "default"},
  {key: "cpu_limit", type: "number", value: 100, minimum: 1, maximum: 100, help: "Percent.", source: "command line"},
  {key: "pause_on_battery", type: "flag", value: true, help: "Rests.", source: "default"},
  {key: "suite", type: "text", value: "first2000", choices: "first2000|resampled", help: "Which.", source: "default"},
  {key: "dataset", type: "text", value: null, default: "synthetic", help: "Data.", source: "unset"},
];
let sent = null, answered = {ok: true};
startSettings(async (body) => { sent = body; return answered; });
const field = (key) => root.querySelector(`#setting-${key}`);
const said = () => root.querySelector("#saved");
async function save() {
  sent = null;
  await root.querySelector("#settings-form").dispatch("submit");
}

test("each setting has a field of its kind, with help and where it comes from", async () => {
  server.answer = () => ({file: "gui_config.json", exists: true, rows});
  root.querySelector("#settings").hidden = false;
  await showSettings();
  assert.equal(field("pool_endpoint").value, "http://a http://b");
  assert.equal(field("threads").getAttribute("type"), "number");
  assert.equal(field("threads").getAttribute("max"), "1024");
  assert.equal(field("pause_on_battery").value, "true");
  assert.deepEqual(field("suite").children.map((one) => one.textContent), ["first2000", "resampled"]);
  assert.equal(field("dataset").getAttribute("placeholder"), "synthetic");
  assert.equal(field("cpu_limit").disabled, true);
  const text = root.querySelector("#settings-form").textContent;
  assert.match(text, /Percent\. Set by the command line\./);
  assert.match(text, /The pool's address\. From the file\./);
  assert.match(text, /They stand in gui_config\.json/);
  for (const label of root.querySelector("#settings-form").querySelectorAll("label")) {
    assert.notEqual(root.querySelector(`#${label.getAttribute("for")}`), null);
  }
});

test("nothing is sent when nothing was changed", async () => {
  await save();
  assert.equal(sent, null);
  assert.equal(said().textContent, "Nothing was changed.");
});

test("what cannot be is told at its field, and not sent", async () => {
  for (const [text, problem] of [["2.5", "threads: a whole number is wanted"], ["2000", "threads: must be from 0 to 1024"],
    ["-1", "threads: must be from 0 to 1024"], ["many", "threads: a whole number is wanted"]]) {
    field("threads").value = text;
    await save();
    assert.equal(sent, null);
    assert.equal(said().textContent, problem);
    assert.equal(said().className, "bad");
    assert.equal(document.activeElement, field("threads"));
  }
});

test("only what was changed is sent, as the file would have it", async () => {
  field("threads").value = " 3 ";
  field("pause_on_battery").value = "false";
  field("pool_endpoint").value = "http://c, http://d";
  field("suite").value = "resampled";
  field("dataset").value = "cifar10";
  await save();
  assert.deepEqual(sent, {action: "settings", changes: {pool_endpoint: ["http://c", "http://d"], threads: 3,
    pause_on_battery: false, suite: "resampled", dataset: "cifar10"}});
  assert.match(said().textContent, /^Saved\. It counts when mining is started the next time/);
  assert.equal(asked.filter((one) => one.path === "/settings").length, 2); // read anew
});

test("an empty field takes the setting away, and a refusal is told", async () => {
  field("pool_endpoint").value = "http://e";
  answered = {ok: false, message: "pool_endpoint: no URL"};
  await save();
  assert.deepEqual(sent.changes, {pool_endpoint: "http://e"});
  assert.equal(said().textContent, "pool_endpoint: no URL");
  assert.equal(said().className, "bad");
  field("pool_endpoint").value = "";
  await save();
  assert.deepEqual(sent.changes, {pool_endpoint: null});
});

test("settings that cannot be had say why, and are asked for again", async () => {
  server.answer = () => ({status: 503, body: {detail: "no supervisor has reported"}});
  await showSettings(true);
  assert.equal(root.querySelector("#settings-form").textContent, "no supervisor has reported");
  server.answer = () => ({file: "gui_config.json", exists: false, error: "gui_config.json: line 3: a comma is missing", rows});
  await showSettings();
  assert.match(root.querySelector("#settings-form").textContent, /line 3: a comma is missing/);
});
