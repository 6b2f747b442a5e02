// The queue and the log: queue.js, log.js.
import assert from "node:assert/strict";
import {test} from "node:test";
import {asked, open, server, settle} from "./small_dom.mjs";
import {mining, page} from "./states.mjs";

const root = open(page, "http://127.0.0.1:8124/#secret-of-this-session");
const {showQueue} = await import("./page/queue.js");
const {addLines, showLog, startLog} = await import("./page/log.js");
const part = (id) => root.querySelector(`#${id}`);
const cells = (id) => part(id).querySelectorAll("tr").map((row) => row.children.map((cell) => cell.textContent));

test("the queue shows jobs, and workers with what they do", () => {
  const state = mining();
  state.workers.push({name: "w2", job: null, paused: "too hot: 91 degrees", connected: true},
    {name: "w3", job: 7, kind: "evaluate", paused: "", connected: false, lease_left_ms: 90000, progress: {done: 0, total: 0}});
  part("queue").hidden = false;
  showQueue(state);
  assert.deepEqual(part("jobs").children.map((tile) => tile.querySelector("dd").textContent), ["2", "1", "2", "40"]);
  assert.deepEqual(cells("workers").slice(1), [
    ["w1", "evolve", "25 of 50 generations", "50 s"], ["w2", "rests: too hot: 91 degrees", "–", "–"],
    ["w3", "evaluate, silent", "–", "1 min 30 s"]]);
  assert.equal(part("aside-card").hidden, true);
  showQueue(mining({workers: []}));
  assert.equal(part("workers").textContent, "None is here.");
});

test("a job that was set aside can be tried again or let go, and a refusal is told", async () => {
  showQueue(mining({set_aside: [{job: 9, kind: "evolve", reason: "lost three times"}]}));
  assert.equal(part("aside-card").hidden, false);
  const [again, away] = part("aside").querySelectorAll("button");
  server.answer = () => ({job: 9});
  await again.click();
  assert.equal(asked.at(-1).path, "/queue/retry");
  assert.deepEqual(asked.at(-1).body, {job: 9});
  server.answer = () => ({status: 404, body: {detail: "job 9 is not set aside"}});
  await away.click();
  assert.equal(asked.at(-1).path, "/queue/discard");
  assert.match(part("aside-failed").textContent, /job 9 is not set aside/);
});

const line = (cursor, level = "info", more = {}) => ({cursor, time_ms: Date.now(), level, program: "driver", id: "DRIVER-LEASE", message: `message ${cursor}`, ...more});
const lines = () => part("lines").children.map((one) => one.querySelectorAll("span")[2].textContent);

test("the log is read when it is looked at, and goes on from there", async () => {
  startLog();
  part("log").hidden = true;
  await showLog();
  addLines({lines: [line(1)], cursor: 1});
  assert.deepEqual(lines(), []);
  part("log").hidden = false;
  server.answer = () => ({lines: [line(1), line(2)], cursor: 2});
  await showLog();
  addLines({lines: [line(2), line(3)], cursor: 3}); // one of them is there already
  assert.deepEqual(lines(), ["LEASE  message 1", "LEASE  message 2", "LEASE  message 3"]);
});

test("an id of another program keeps its name", () => {
  addLines({lines: [line(4, "info", {program: "worker", id: "DRIVER-ODD"})], cursor: 4});
  assert.equal(lines().at(-1), "DRIVER-ODD  message 4");
});

test("warnings alone can be asked for", async () => {
  server.answer = () => ({lines: [line(5, "warn")], cursor: 5});
  part("level").value = "warn";
  await part("level").dispatch("change");
  await settle();
  assert.match(asked.at(-1).path, /level=warn$/);
  addLines({lines: [line(6), line(7, "error")], cursor: 7});
  assert.deepEqual(lines(), ["LEASE  message 5", "LEASE  message 7"]);
});

test("the list does not grow for ever", () => {
  addLines({lines: Array.from({length: 700}, (_, i) => line(10 + i, "warn")), cursor: 800});
  assert.equal(lines().length, 500);
  assert.equal(lines().at(-1), "LEASE  message 709");
});

test("a log that could not be had is asked for again", async () => {
  part("level").value = "info";
  server.answer = () => new Error("away");
  await part("level").dispatch("change");
  await settle();
  server.answer = () => ({lines: [line(900)], cursor: 900});
  await showLog();
  assert.deepEqual(lines(), ["LEASE  message 900"]);
});
