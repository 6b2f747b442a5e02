// The first part of the page: figures, what is computed now, trouble, curves: overview.js.
import assert from "node:assert/strict";
import {test} from "node:test";
import {asked, open, server, settle} from "./small_dom.mjs";
import {mining, NOW_MS, page} from "./states.mjs";

const root = open(page);
const {showCurves, showFigures, showNow, showTrouble} = await import("./page/overview.js");
const text = (id) => root.querySelector(`#${id}`).textContent;

// "Reputation" -> {value: "12.50 this epoch", note: "25.0 an hour", kind: ""}
function tiles(state) {
  showFigures(state);
  return Object.fromEntries(root.querySelector("#tiles").children.map((tile) => [tile.querySelector("dt").textContent, {
    value: tile.querySelector("dd").textContent.replaceAll("\u00a0", " "),
    note: tile.querySelector("p").textContent.replaceAll("\u00a0", " "), kind: tile.querySelector("p").className}]));
}

test("all figures that a miner looks for are there", () => {
  const shown = tiles(mining());
  assert.deepEqual(shown.Reputation, {value: "12.50 this epoch", note: "25.0 an hour", kind: ""});
  assert.deepEqual(shown.Accuracy, {value: "93.0 %", note: "the target is 95 %", kind: "warn"});
  assert.deepEqual(shown.Success, {value: "75 %", note: "30 of 40 evolved score over 0.7", kind: ""});
  assert.deepEqual(shown.Forecast, {value: "95.8 M RAO a day", note: "at the rate of this epoch", kind: ""});
  assert.deepEqual(shown.Balance, {value: "7.65 M RAO", note: "11.9 M RAO more pending", kind: ""});
  assert.deepEqual(shown["Best score"], {value: "0.9012", note: "best of the pool 0.9500", kind: ""});
  assert.deepEqual(shown.Evaluated, {value: "12,345", note: "12 leases submitted", kind: ""});
  assert.deepEqual(shown.Evolved, {value: "56", note: "1 lease refused, 2 expired", kind: ""});
});

test("a rate of nothing is no rate, and 95 % is good", () => {
  const none = mining();
  Object.assign(none.miner.stats, {evaluations_finalised: 0, evolutions_finalised: 0, accuracy_rate: 0, success_rate: 0});
  assert.deepEqual(tiles(none).Accuracy, {value: "–", note: "none judged yet", kind: ""});
  assert.deepEqual(tiles(none).Success, {value: "–", note: "no evolution judged yet", kind: ""});
  const good = mining();
  good.miner.stats.accuracy_rate = 0.95;
  assert.equal(tiles(good).Accuracy.kind, "good");
});

test("what a pool does not tell is a dash or the driver's own count", () => {
  const state = mining({supervisor: null});
  state.miner.stats = null;
  state.miner.balance = null;
  state.miner.counters = {evaluations_submitted: 9, evolutions_submitted: 2, best_score: 0.5};
  const shown = tiles(state);
  assert.equal(shown.Evaluated.value, "9");
  assert.equal(shown.Evolved.value, "2");
  assert.equal(shown["Best score"].value, "0.5000");
  assert.deepEqual(shown.Reputation, {value: "–", note: "the pool has told nothing yet", kind: ""});
  assert.deepEqual(shown.Balance, {value: "–", note: "the pool has told nothing yet", kind: ""});
  assert.equal(shown.Forecast.note, "nothing earned in this epoch yet");
  assert.doesNotMatch(text("tiles"), /NaN|undefined|null/);
  assert.doesNotMatch(JSON.stringify(tiles({status: "idle", now_ms: NOW_MS})), /NaN|undefined|null/);
});

test("from one TAO on money is in TAO", () => {
  const rich = mining();
  rich.supervisor.forecast.rao_per_day = 14.4e9;
  rich.miner.stats.balance_rao = 2.5e9;
  rich.miner.balance = {};
  assert.equal(tiles(rich).Forecast.value, "14.400 TAO a day");
  assert.deepEqual(tiles(rich).Balance, {value: "2.500 TAO", note: "8.00 M RAO paid in all", kind: ""});
});

test("a forecast knows the cap, and practice earns nothing", () => {
  const capped = mining();
  capped.supervisor.forecast.is_capped = true;
  assert.equal(tiles(capped).Forecast.note, "at the pool's cap for one miner");
  const practice = mining();
  practice.supervisor.task = "practice";
  assert.deepEqual(tiles(practice).Forecast, {value: "–", note: "practice earns nothing of worth", kind: ""});
});

test("figures that the pool told long ago have their age", () => {
  const age = root.querySelector("#figures-age");
  tiles(mining());
  assert.equal(age.hidden, true);
  const state = mining();
  state.miner.stats_ms = NOW_MS - 2 * 3600000;
  tiles(state);
  assert.equal(age.hidden, false);
  assert.match(age.textContent, /^As the pool told it 2 h 0 min ago, at .*; it has told nothing since\.$/);
  tiles(mining());
  assert.equal(age.hidden, true);
});

test("the lease's bar counts jobs that are begun, and its time is told", () => {
  showNow(mining());
  const bars = root.querySelector("#lease").querySelectorAll(".progress");
  assert.equal(bars[0].getAttribute("aria-valuenow"), "38"); // (1 + 25 / 50) of 4
  assert.equal(bars[0].querySelector("i").style.width, "37.5%");
  assert.equal(bars[1].getAttribute("aria-valuenow"), "50");
  assert.match(text("lease"), /12 min left/);
  assert.match(text("lease"), /1 of 4 jobs done; 7 to evaluate, 2 seeds to evolve from/);
  assert.match(text("lease"), /evolving25 of 50 generations/);
  assert.match(text("lease"), /best 0\.8000, 653 k candidates a second/);
  assert.match(text("lease"), /3 threads, 71 % of 4 processors, 67 °C, on battery, 81 %/);
  const over = mining();
  over.miner.lease.deadline_ms = NOW_MS - 65000;
  over.miner.lease.jobs_done = 4;
  showNow(over);
  assert.match(text("lease"), /over for 1 min 5 s/);
  assert.match(text("lease"), /all done; to be acknowledged by the pool/);
  assert.equal(root.querySelector("#lease").querySelector(".progress").getAttribute("aria-valuenow"), "100");
});

test("who rests says why, and who does nothing says what could be done", () => {
  const resting = mining({workers: [{name: "w", run: "r", job: null, paused: "on battery"}]});
  showNow(resting);
  assert.match(text("lease"), /Resting: on battery/);
  const bare = {workers: [], miner: null};
  const words = {
    paused: /^Paused: nothing is computed until you resume\.$/, mining: /^Waiting for work\.$/,
    idle: /Start mines for the pool of the settings; practice needs no pool/, failed: /^Nothing is being computed\.$/,
  };
  for (const [status, said] of Object.entries(words)) {
    showNow(mining({...bare, status, supervisor: {status}}));
    assert.match(text("lease"), said);
  }
});

// "Trouble" as {message, remedy, kind} of each entry.
function troubles(state) {
  showTrouble(state);
  return root.querySelector("#errors").querySelectorAll(".trouble").map((one) => ({
    message: one.querySelectorAll("p")[0].textContent, remedy: one.querySelectorAll("p")[1]?.textContent, kind: one.className}));
}
const line = (more) => ({time_ms: NOW_MS - 60000, level: "warn", program: "driver", id: "DRIVER-X", message: "m", remedy: "", ...more});

test("trouble names the cause and the remedy, once", () => {
  const state = mining({errors: [line({message: "cannot connect to http://p:1", remedy: "Is it up? `poolminer doctor` looks."}), line({message: "other"})]});
  state.miner.trouble = "cannot connect to http://p:1";
  const shown = troubles(state);
  assert.equal(shown.length, 2);
  assert.match(shown[0].message, /^since .*cannot connect to http:\/\/p:1$/);
  assert.equal(shown[0].remedy, "Is it up? poolminer doctor looks.");
  assert.equal(shown[0].kind, "trouble error");
  assert.match(shown[1].message, /driver {2}other$/);
});

test("what is over says until when, and no remedy", () => {
  const [shown] = troubles(mining({errors: [line({over_ms: NOW_MS - 30000, remedy: "wait"})]}));
  assert.match(shown.message, / to \d\d:\d\d:\d\d driver {2}m$/);
  assert.equal(shown.remedy, undefined);
  assert.equal(shown.kind, "trouble");
  assert.deepEqual(troubles(mining({errors: [line({time_ms: NOW_MS - 3700000})]})), []);
  assert.match(text("errors"), /^None in the last hour\.$/);
});

test("mining that ended by itself says why", () => {
  const state = mining({status: "failed"});
  state.supervisor.failure = "the worker was killed by signal 9";
  const [shown] = troubles(state);
  assert.equal(shown.message, "the worker was killed by signal 9");
  assert.match(shown.remedy, /start again when it is mended/);
});

test("what was done for nothing says why, and what to do, a day long", () => {
  const row = (more) => ({time_ms: NOW_MS - 5000, state: "expired", reason: "", remedy: "", ...more});
  const shown = troubles(mining({not_paid: [
    row({reason: "the lease ran out before the pool acknowledged the submission, 7 s ago", remedy: "fewer generations"}),
    row({reason: "it ran out 12 s ago, while no driver was there", remedy: "fewer generations"}),
    row({state: "unpaid", reason: "outside consensus: 0.5 here, the median is 0.7, the tolerance 0.07", remedy: "compare datasets"}),
    row({reason: "fourth"}), row({time_ms: NOW_MS - 25 * 3600000, reason: "old"})]}));
  assert.equal(shown.length, 3);
  assert.match(shown[0].message, /expired {2}the lease ran out .* 7 s ago$/);
  assert.equal(shown[0].remedy, "fewer generations");
  assert.equal(shown[1].remedy, undefined); // said just above
  assert.match(shown[2].message, /unpaid {2}outside consensus: 0\.5 here, the median is 0\.7, the tolerance 0\.07$/);
  assert.equal(shown[2].remedy, "compare datasets");
});

test("curves are asked for when there may be something new, and again after a failure", async () => {
  const history = () => asked.filter((one) => one.path.startsWith("/history")).length;
  server.answer = () => new Error("away");
  showCurves(mining());
  await settle();
  assert.equal(history(), 1);
  server.answer = () => ({time_ms: [NOW_MS - 60000, NOW_MS], best_score: [0.7, 0.8], reputation_total: [1, 2], accuracy: [null, 1], balance_rao: [0, 5]});
  showCurves(mining());
  await settle();
  showCurves(mining());
  assert.equal(history(), 2);
  assert.match(asked.at(-1).path, /account=5Hot%400123456789abcdef&from_ms=\d+$/);
  assert.equal(root.querySelector("#plots").children.length, 4);
  const later = mining();
  later.miner.stats_ms = NOW_MS;
  showCurves(later);
  await settle();
  assert.equal(history(), 3);
  assert.equal(root.querySelector("#plots").children.length, 4); // the same, not four more
});
