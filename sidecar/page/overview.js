// The first part of the page: figures, the lease that is computed, trouble, curves.

import {byId, clock, decimal, duration, get, make, moment, money, NONE, percent, plural, short, whole, words} from "./dom.js";
import {chart} from "./chart.js";

// ---- figures ----

const TARGET_ACCURACY = 0.95;

function tile(name, value, unit, note, kind) {
  return make("dl", {class: "tile"}, make("dt", {}, name),
    make("dd", {}, value, unit && value !== NONE ? make("small", {}, ` ${unit}`) : null), make("p", {class: kind}, note));
}

function accuracyTile(stats) {
  const judged = stats.evaluations_finalised ?? 0;
  const rate = judged > 0 ? stats.accuracy_rate : undefined;
  const good = rate >= TARGET_ACCURACY;
  return tile("Accuracy", percent(rate), "",
    judged > 0 ? (good ? "above the target of 95\u00a0%" : "the target is 95\u00a0%") : "none judged yet",
    rate === undefined ? undefined : good ? "good" : "warn");
}

function successTile(stats) {
  const judged = stats.evolutions_finalised ?? 0;
  return tile("Success", judged > 0 ? percent(stats.success_rate, 0) : NONE, "",
    judged > 0 ? `${whole(stats.evolutions_over_threshold)} of ${whole(judged)} evolved score over 0.7`
      : "no evolution judged yet");
}

function forecastTile(supervisor) {
  const forecast = supervisor?.forecast;
  if (supervisor?.task === "practice") return tile("Forecast", NONE, "", "practice earns nothing of worth");
  if (!forecast) return tile("Forecast", NONE, "", "nothing earned in this epoch yet");
  const [figure, unit] = money(forecast.rao_per_day);
  return tile("Forecast", figure, `${unit} a day`,
    forecast.is_capped ? "at the pool's cap for one miner" : "at the rate of this epoch");
}

// The pool is asked once a minute. What it told much longer ago is shown with its age.
const OLD_MS = 180000;

function showAge(toldMs, nowMs) {
  const isOld = toldMs > 0 && nowMs - toldMs > OLD_MS;
  byId("figures-age").hidden = !isOld;
  byId("figures-age").textContent = isOld
    ? `As the pool told it ${duration(nowMs - toldMs)} ago, at ${moment(toldMs)}; it has told nothing since.` : "";
}

const UNTOLD = "the pool has told nothing yet";

export function showFigures(state) {
  const miner = state.miner ?? {};
  const stats = miner.stats ?? {}, balance = miner.balance ?? {}, counters = miner.counters ?? {};
  const best = Math.max(stats.best_score ?? 0, counters.best_score ?? 0);
  const pending = balance.estimated_pending_rao, isTold = miner.stats !== undefined && miner.stats !== null;
  const [figure, unit] = money(stats.balance_rao);
  showAge(miner.stats_ms, state.now_ms);
  byId("tiles").replaceChildren(
    tile("Reputation", decimal(stats.reputation, 2), "this epoch", isTold ? `${decimal(stats.reputation_per_hour, 1)} an hour` : UNTOLD),
    accuracyTile(stats), successTile(stats), forecastTile(state.supervisor),
    tile("Balance", figure, unit, !isTold ? UNTOLD : pending === undefined ? `${money(stats.lifetime_rao).join(" ")} paid in all`
      : `${money(pending).join(" ")} more pending`),
    tile("Best score", best > 0 ? decimal(best, 4) : NONE, "", stats.pool?.best_score > 0
      ? `best of the pool ${decimal(stats.pool.best_score, 4)}` : "none in the pool yet"),
    tile("Evaluated", whole(stats.evaluations_submitted ?? counters.evaluations_submitted), "",
      `${plural(state.successful_submissions, "lease")} submitted`),
    tile("Evolved", whole(stats.evolutions_submitted ?? counters.evolutions_submitted), "",
      `${plural(state.refused_submissions, "lease")} refused, ${whole(state.expired_leases)} expired`));
}

// ---- now ----

function bar(share) {
  const width = Math.round(1000 * Math.min(1, Math.max(0, share))) / 10;
  const fill = make("i");
  fill.style.width = `${width}%`;
  return make("div", {class: "progress", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-valuenow": Math.round(width)}, fill);
}

const doing = {evaluate: "evaluating", evolve: "evolving"};

function workerNow(worker) {
  const progress = worker.progress;
  if (worker.paused) return make("div", {class: "worker"}, make("p", {class: "muted"}, `Resting: ${worker.paused}`));
  if (!progress || !(progress.total > 0)) {
    return make("div", {class: "worker"}, make("p", {class: "muted"}, doing[worker.kind] ?? "computing"));
  }
  const facts = [];
  if (progress.best !== undefined) facts.push(`best ${decimal(progress.best, 4)}`);
  if (progress.candidates_per_second !== undefined) facts.push(`${short(progress.candidates_per_second)} candidates a second`);
  return make("div", {class: "worker"},
    make("p", {class: "row"}, make("span", {}, doing[worker.kind] ?? worker.kind),
      make("span", {class: "muted"}, `${whole(progress.done)} of ${whole(progress.total)} ${progress.unit}`)),
    bar(progress.done / progress.total), make("p", {class: "muted"}, facts.join(", ")));
}

function leaseNow(lease, state) {
  const busy = (state.workers ?? []).filter((worker) => worker.run === state.miner.run && worker.progress?.total > 0);
  const partly = busy.reduce((sum, worker) => sum + worker.progress.done / worker.progress.total, 0);
  const share = lease.jobs > 0 ? (lease.jobs_done + Math.min(partly, lease.jobs - lease.jobs_done)) / lease.jobs : 0;
  const what = [lease.algorithms > 0 ? `${lease.algorithms} to evaluate` : "", lease.seeds > 0 ? `${plural(lease.seeds, "seed")} to evolve from` : ""];
  const leftMs = lease.deadline_ms - state.now_ms;
  return make("div", {class: "now"},
    make("p", {class: "row"}, make("span", {}, `Lease of ${clock(lease.begun_ms)}`),
      make("span", {}, leftMs > 0 ? `${duration(leftMs)} left` : `over for ${duration(-leftMs)}`)),
    bar(share),
    make("p", {class: "muted"}, lease.jobs_done === lease.jobs ? "all done; to be acknowledged by the pool"
      : `${lease.jobs_done} of ${lease.jobs} jobs done; ${what.filter(Boolean).join(", ")}`));
}

function nothingNow(state) {
  if (state.status === "paused") return "Paused: nothing is computed until you resume.";
  if (state.status === "mining") return "Waiting for work.";
  return state.supervisor?.status === "idle" ? "Nothing is being computed. Start mines for the pool of the settings; "
    + "practice needs no pool and earns nothing." : "Nothing is being computed.";
}

// What a worker's process tells of itself, as far as it knows.
function machineNow(workers) {
  const report = workers.find((one) => one.report)?.report ?? {}, facts = [];
  if (report.threads > 0) facts.push(`${plural(report.threads, "thread")}`);
  if (report.cpu_percent !== undefined) facts.push(`${decimal(report.cpu_percent, 0)} % of ${decimal(report.processors, 0)} processors`);
  if (report.temperature_c !== undefined) facts.push(`${decimal(report.temperature_c, 0)} °C`);
  if (report.power === "battery") facts.push(report.charge_percent === undefined ? "on battery" : `on battery, ${decimal(report.charge_percent, 0)} %`);
  return facts.join(", ");
}

export function showNow(state) {
  const parts = [];
  const lease = state.miner?.lease;
  const mines = ["mining", "paused"].includes(state.status);
  if (mines && lease) parts.push(leaseNow(lease, state));
  const workers = state.workers ?? [];
  for (const worker of workers.filter((one) => one.job !== null || one.paused).slice(0, 6)) {
    parts.push(workerNow(worker));
  }
  if (parts.length === 0) parts.push(make("p", {class: "muted"}, nothingNow(state)));
  const machine = machineNow(workers);
  if (machine !== "") parts.push(make("p", {class: "muted machine"}, machine));
  byId("lease").replaceChildren(...parts);
}

// ---- trouble ----

const FRESH_MS = 3600000;

export function showTrouble(state) {
  const parts = [];
  const trouble = state.miner?.trouble, failure = state.supervisor?.failure;
  if (failure) {
    parts.push(make("div", {class: "trouble error"}, make("p", {}, failure),
      make("p", {class: "muted"}, "Mining was stopped. The log says more; start again when it is mended.")));
  }
  const lines = (state.errors ?? []).filter((one) => state.now_ms - one.time_ms < FRESH_MS);
  if (state.status === "mining" && trouble) {
    const logged = lines.findIndex((one) => one.message === trouble);
    const [line] = logged >= 0 ? lines.splice(logged, 1) : []; // the same need not be said twice
    parts.push(make("div", {class: "trouble error", id: "trouble-now"},
      make("p", {}, make("span", {class: "muted"}, line ? `since ${moment(line.time_ms)}  ` : ""), trouble),
      make("p", {class: "muted"}, ...words(line?.remedy || "It is tried again by itself; nothing is lost."))));
  }
  for (const line of lines.slice(0, 4)) {
    const end = line.over_ms ? ` to ${moment(line.over_ms)}` : "";
    parts.push(make("div", {class: end === "" ? `trouble ${line.level}` : "trouble"},
      make("p", {}, make("span", {class: "muted"}, `${moment(line.time_ms)}${end} ${line.program}  `), line.message),
      line.remedy && end === "" ? make("p", {class: "muted"}, ...words(line.remedy)) : null));
  }
  if (parts.length === 0) parts.push(make("p", {class: "muted"}, "None in the last hour."));
  byId("errors").replaceChildren(...parts, ...notPaid(state));
}

// What was done for nothing in the last day, and why.
function notPaid(state) {
  const fresh = (state.not_paid ?? []).filter((one) => state.now_ms - one.time_ms < 24 * FRESH_MS).slice(0, 3);
  return fresh.length === 0 ? [] : [make("h2", {class: "second"}, "Not paid"), ...fresh.map((one, i) =>
    make("div", {class: "trouble warn"}, make("p", {}, make("span", {class: "muted"}, `${moment(one.time_ms)} ${one.state}  `), one.reason),
      one.remedy && one.remedy !== fresh[i - 1]?.remedy ? make("p", {class: "muted"}, ...words(one.remedy)) : null))];
}

// ---- curves ----

const PLOTS = [
  {series: "best_score", name: "Best score agreed on", format: (value) => decimal(value, 3), steps: true},
  {series: "reputation_total", name: "Reputation earned", format: short, fromZero: true},
  {series: "accuracy", name: "Accuracy", format: (value) => percent(value, 0), target: TARGET_ACCURACY},
  {series: "balance_rao", name: "Balance, RAO", format: short, fromZero: true, steps: true},
];
let updates = null, drawn = "";

async function drawCurves(account, nowMs) {
  const range = Number(byId("range").value);
  const from = range > 0 ? nowMs - range : 0;
  const data = await get(`/history?account=${encodeURIComponent(account)}&from_ms=${Math.round(from)}`);
  const begin = range > 0 ? Math.max(from, Math.min(data.time_ms[0] ?? nowMs, nowMs - 600000)) : data.time_ms[0] ?? nowMs;
  updates ??= PLOTS.map((plot) => chart(byId("plots"), plot));
  PLOTS.forEach((plot, i) => updates[i](data.time_ms, data[plot.series], begin, Math.max(nowMs, begin + 60000)));
}

// Only when there may be something new.
export function showCurves(state) {
  const key = `${state.miner?.account} ${state.miner?.stats_ms} ${byId("range").value} ${Math.floor(state.now_ms / 60000)}`;
  if (key === drawn || byId("overview").hidden) return;
  drawn = key;
  drawCurves(state.miner?.account ?? "", state.now_ms).catch(() => { drawn = ""; });
}
