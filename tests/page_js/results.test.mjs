// Leases that are over: results.js.
import assert from "node:assert/strict";
import {test} from "node:test";
import {asked, open, server, settle} from "./small_dom.mjs";
import {mining, page} from "./states.mjs";

const root = open(page);
const {showResults, startResults} = await import("./page/results.js");
const list = root.querySelector("#result-list"), older = root.querySelector("#older");
const account = mining().miner.account;
startResults(() => account);

const result = (cursor, more = {}) => ({cursor, time_ms: Date.now(), run: "r", key: `lease/${account}/${cursor}`, state: "submitted", reason: "",
  record: {lease_id: `lease-${cursor}`, evaluations: 3, evolutions: 1}, ...more});
async function refresh(results, cursor, changes) {
  server.answer = () => ({results, cursor});
  root.querySelector("#results").hidden = false;
  showResults(mining(changes));
  await settle();
}
const shown = () => list.children.map((one) => one.dataset.cursor);

test("without any, it says when there will be one", async () => {
  await refresh([], null, {successful_submissions: 0});
  assert.equal(root.querySelector("#no-results").hidden, false);
  assert.equal(older.hidden, true);
});

test("the newest come first, and only this miner's", async () => {
  await refresh([result(9), result(8, {key: "lease/another@0/8"}), result(7)], 7, {successful_submissions: 1});
  assert.deepEqual(shown(), ["9", "7"]);
  assert.equal(root.querySelector("#no-results").hidden, true);
  assert.equal(older.hidden, false);
  await refresh([result(11), result(9), result(7)], 7, {successful_submissions: 2});
  assert.deepEqual(shown(), ["11", "9", "7"]);
  const before = asked.length;
  await refresh([], 7, {successful_submissions: 2}); // nothing has changed: nothing is asked
  assert.equal(asked.length, before);
});

test("older ones are added, and a failure is said and may be tried again", async () => {
  server.answer = () => new Error("no connection");
  await older.click();
  assert.equal(root.querySelector("#older-failed").textContent, "Not now: no connection.");
  assert.equal(older.disabled, false);
  server.answer = () => ({results: [result(5)], cursor: null});
  await older.click();
  assert.match(asked.at(-1).path, /cursor=7$/);
  assert.equal(root.querySelector("#older-failed").textContent, "");
  assert.deepEqual(shown(), ["11", "9", "7", "5"]);
  assert.equal(older.hidden, true);
});

test("a list that could not be had is asked for again", async () => {
  server.answer = () => ({status: 503, body: {detail: "the state is not known yet"}});
  showResults(mining({refused_submissions: 5}));
  await settle();
  await refresh([result(12)], null, {refused_submissions: 5});
  assert.equal(shown()[0], "12");
});

async function opened(one) {
  await refresh([one], null, {unpaid_results: one.cursor});
  const item = list.children[0];
  item.open = true;
  await item.dispatch("toggle");
  return item;
}

test("an evolved algorithm shows what changed against its parent, and what the pool said", async () => {
  const item = await opened(result(20, {record: {lease_id: "lease-20", evaluations: 1, evolutions: 1,
    evolved: [{score: 0.8123, algorithm_dsl: "def Setup():\n  s1 = 2\n", parents: [{id: 4, algorithm_dsl: "def Setup():\n  s1 = 1\n"}]}],
    answer: {evolutions: [{status: "accepted"}]}, submission: {evaluations: [{algorithm_id: 17, score: 0.512345678}]}}}));
  assert.match(item.textContent, /1 evaluated, 1 evolved, best 0\.8123/);
  assert.match(item.textContent, /Evolved: 0\.8123, 2 lines changed against #4; the pool: accepted/);
  assert.deepEqual(item.querySelector(".code").children.map((one) => one.textContent), ["  def Setup():", "-   s1 = 1", "+   s1 = 2"]);
  assert.equal(item.querySelector(".plus").textContent, "+   s1 = 2");
  assert.match(item.textContent, /Evaluated: 1#170\.512346/);
});

test("a lease that ran out says by how much, and one that was refused says why", async () => {
  const reason = "the lease ran out before the pool acknowledged the submission, 7 s ago";
  const late = await opened(result(21, {state: "expired", reason, record: {lease_id: "l", cause: "ran_out", late_ms: 7000,
    left_out: [{job: "evolve/0", reason: "cancelled"}]}}));
  assert.equal(late.querySelector(".why").textContent, reason);
  assert.equal(late.querySelector(".pill").className, "pill warn");
  assert.match(late.textContent, /Left outevolve\/0: cancelled/);
  const refused = await opened(result(22, {state: "refused", reason: "window is over", record: {}}));
  assert.equal(refused.querySelector(".why").textContent, "window is over");
  assert.equal(refused.querySelector(".pill").className, "pill bad");
  assert.match(refused.textContent, /Nothing was sent\./);
});

test("what was not paid names mine, the median and the tolerance", async () => {
  const item = await opened(result(23, {key: `unpaid/${account}/evaluation/12`, state: "unpaid", reason: "outside consensus",
    record: {kind: "evaluation", algorithm_id: 12, score: 0.5, median: 0.7, tolerance: 0.1}}));
  assert.match(item.textContent, /Algorithm #12: you said 0\.500000, the consensus is 0\.700000; within 10 % of it would have been paid\./);
  const evolution = await opened(result(24, {key: `unpaid/${account}/evolution/13`, state: "unpaid",
    record: {kind: "evolution", algorithm_id: 13, median: 0.61, reward_threshold: 0.7}}));
  assert.match(evolution.textContent, /Algorithm #13: the consensus is 0\.610000; from 0\.7 on it would have been paid\./);
});

test("a record that cannot be read is shown as far as it goes", async () => {
  const item = await opened(result(25, {record: null}));
  assert.match(item.textContent, /0 evaluated, 0 evolved/);
});
