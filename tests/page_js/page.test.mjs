// The whole page: what it does with the sidecar's events, orders, tabs, colours: page.js.
import assert from "node:assert/strict";
import {mock, test} from "node:test";
import {asked, FakeEvents, open, server, settle} from "./small_dom.mjs";
import {mining, NOW_MS, page} from "./states.mjs";

// Time goes on when a test says so.
let now = NOW_MS;
mock.method(Date, "now", () => now);
const ticks = [];
globalThis.setInterval = (tick) => ticks.push(tick);
function pass(ms) {
  now += ms;
  for (const tick of ticks) tick();
}

const root = open(page, "http://127.0.0.1:8124/#secret-of-this-session");
server.answer = () => ({time_ms: [], results: [], lines: [], rows: [], cursor: null});
await import("./page/page.js");
const part = (id) => root.querySelector(`#${id}`);
const stream = () => FakeEvents.opened.at(-1);
const tell = (state) => stream().send("state", state);
const idle = (changes = {}) => mining({status: "idle", supervisor: {status: "idle", task: "pool", since_ms: NOW_MS, failure: "", ...changes}});

test("before the first state nothing can be pressed", () => {
  assert.equal(part("controls").hidden, true);
  assert.equal(part("stop").disabled, true);
});

test("the head says what runs, where, since when, and as whom", () => {
  tell(mining());
  assert.equal(part("status").textContent, "Mining");
  assert.match(part("since").textContent, /^since \d\d:\d\d:\d\d, 1 h 0 min$/);
  assert.equal(part("where").textContent, "http://p:1 as 5Grwva…ERHp");
  assert.equal(part("controls").hidden, false);
  assert.equal(part("start").disabled, true);
  assert.equal(part("stop").disabled, false);
  assert.equal(part("pause").hidden, false);
  assert.equal(document.title, "Mining – poolminer");
  const away = mining();
  away.miner.pool_is_away = true;
  tell(away);
  assert.match(part("where").textContent, /http:\/\/p:1 \(does not answer\)/);
});

test("every status has a word; one that is not known is shown as it is", () => {
  const words = {mining: "Mining", idle: "Idle", starting: "Starting", stopping: "Stopping", failed: "Failed", paused: "Paused", strange: "strange"};
  for (const [status, word] of Object.entries(words)) {
    tell(mining({status}));
    assert.equal(part("status").textContent, word);
  }
});

test("a sidecar without a supervisor can be watched, not steered", () => {
  tell(mining({supervisor: null}));
  assert.equal(part("controls").hidden, true);
});

test("start sends the chosen task, and waits for the supervisor's answer", async () => {
  tell(idle());
  const [pool, practice] = document.getElementsByName("task");
  pool.checked = false;
  practice.checked = true;
  practice.value = "practice";
  server.answer = (path) => path === "/order" ? {number: 7} : {time_ms: []};
  const done = part("start").click();
  await settle();
  assert.deepEqual(asked.filter((one) => one.path === "/order").at(-1).body, {action: "start", task: "practice"});
  assert.equal(part("start").disabled, true);
  tell(idle({answered: {number: 6, ok: true}})); // of an earlier order
  await settle();
  assert.equal(part("start").disabled, true);
  tell(idle({answered: {number: 7, ok: false, message: "the pool's key is missing"}}));
  await done;
  assert.equal(part("notice").textContent, "the pool's key is missing");
  assert.equal(part("notice").className, "notice bad");
  assert.equal(part("start").disabled, false);
});

test("the next order takes the refusal away; one that is not taken is told", async () => {
  server.answer = () => ({status: 503, body: {detail: "no supervisor here"}});
  tell(mining());
  await part("stop").click();
  await settle();
  assert.equal(part("notice").textContent, "no supervisor here");
  server.answer = (path) => path === "/order" ? {number: 8} : {time_ms: []};
  const done = part("stop").click();
  await settle();
  tell(idle({answered: {number: 8, ok: true}}));
  await done;
  assert.equal(part("notice").hidden, true);
});

test("pause and resume are the same button", async () => {
  server.answer = () => ({wish: "pause"});
  tell(mining());
  assert.equal(part("pause").textContent, "Pause");
  await part("pause").click();
  assert.deepEqual(asked.at(-1), {path: "/pause", method: "POST", headers: asked.at(-1).headers, body: {wish: "pause"}});
  tell(mining({status: "paused", wish: "pause"}));
  assert.equal(part("pause").textContent, "Resume");
  await part("pause").click();
  assert.deepEqual(asked.at(-1).body, {wish: "auto"});
});

test("arrows, Home and End lead through the tabs; one part is shown at a time", async () => {
  const tabs = root.querySelectorAll("[role=tab]");
  const shown = () => tabs.map((tab) => part(tab.getAttribute("aria-controls"))).filter((one) => !one.hidden).map((one) => one.id);
  assert.deepEqual(shown(), ["overview"]);
  const keys = [["ArrowRight", "results"], ["ArrowRight", "queue"], ["End", "settings"], ["ArrowRight", "overview"],
    ["ArrowLeft", "settings"], ["Home", "overview"]];
  let at = tabs[0];
  for (const [key, id] of keys) {
    await at.dispatch("keydown", {key});
    at = document.activeElement;
    assert.deepEqual(shown(), [id]);
    assert.equal(at.getAttribute("aria-selected"), "true");
    assert.deepEqual(tabs.filter((tab) => tab.tabIndex === 0), [at]);
  }
  await at.dispatch("keydown", {key: "x"});
  assert.deepEqual(shown(), ["overview"]);
});

test("light and dark change places, and the choice is kept", async () => {
  await part("theme").click();
  assert.equal(document.documentElement.dataset.theme, "dark");
  assert.equal(localStorage.getItem("theme"), "dark");
  await part("theme").click();
  assert.equal(document.documentElement.dataset.theme, "light");
});

test("a connection that breaks is said, and made again", () => {
  tell(mining());
  const first = stream();
  first.listeners.error();
  assert.equal(part("status").textContent, "No connection");
  pass(1000);
  assert.equal(stream(), first); // the browser tries by itself
  first.readyState = FakeEvents.CLOSED;
  pass(2000);
  assert.notEqual(stream(), first);
  tell(mining());
  assert.equal(part("status").textContent, "Mining");
});

test("a sidecar that says nothing is no connection", () => {
  const first = stream();
  pass(21000);
  assert.equal(part("status").textContent, "No connection");
  assert.notEqual(stream(), first);
  assert.equal(first.readyState, FakeEvents.CLOSED);
  tell(mining());
});

test("a tab that nobody looks at holds no stream", () => {
  const first = stream();
  document.hidden = true;
  document.dispatch("visibilitychange");
  assert.equal(first.readyState, FakeEvents.CLOSED);
  pass(60000);
  assert.equal(stream(), first);
  document.hidden = false;
  document.dispatch("visibilitychange");
  assert.notEqual(stream(), first);
});

test("who has no token is told how to get it", async () => {
  // Taken once, when the page is loaded: looked at in a page of its own.
  const {execFile} = await import("node:child_process");
  const script = `import {open, server, FakeEvents} from "./small_dom.mjs"; import {mining, page} from "./states.mjs";
    const root = open(page); server.answer = () => ({time_ms: []}); globalThis.setInterval = () => {};
    await import("./page/page.js"); FakeEvents.opened.at(-1).send("state", mining());
    const part = (id) => root.querySelector("#" + id);
    console.log(part("notice").textContent, part("start").disabled, part("stop").disabled, part("pause").disabled);`;
  const said = await new Promise((resolve, reject) => execFile(process.execPath, ["--input-type=module", "-e", script],
    (error, stdout) => error ? reject(error) : resolve(stdout)));
  assert.match(said, /^You can look, and change nothing: .* true true true$/m);
});
