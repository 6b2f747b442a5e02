// Leases that are over: what was sent, what the pool said, and the evolved algorithms with what
// changed against their parents.

import {byId, decimal, get, make, moment, whole} from "./dom.js";
import {compare} from "./diff.js";

const PAGE = 15;
const KINDS = {submitted: "good", refused: "bad", expired: "warn", unpaid: "warn"};

// ---- one result ----

function codeLine(step) {
  const heading = /^(def|#)/.test(step.line);
  const mark = step.mark === "+" ? "plus" : step.mark === "-" ? "minus" : "";
  return make("div", {class: `${mark} ${heading ? "head" : ""}`.trim()}, `${step.mark} ${step.line}`,
    step.from !== undefined ? make("i", {}, `from #${step.from}`) : null);
}

function evolution(one, answer) {
  const {parent, steps} = compare(one.algorithm_dsl, one.parents ?? []);
  const changed = steps.filter((step) => step.mark !== " ").length;
  const origin = parent === null ? "" : changed === 0 ? `, the same as #${parent.id}`
    : `, ${changed} ${changed === 1 ? "line" : "lines"} changed against #${parent.id}`;
  return make("div", {}, make("h3", {}, one.score === undefined ? "Evolved" : `Evolved: ${decimal(one.score, 4)}`,
    make("span", {class: "muted"}, origin, answer ? `; the pool: ${answer}` : "")),
    make("div", {class: "code mono", tabindex: 0, role: "group", "aria-label": "The algorithm's text"}, ...steps.map(codeLine)));
}

function evaluations(list) {
  const rows = list.map((one) => make("tr", {}, make("td", {}, `#${one.algorithm_id}`),
    make("td", {class: "number"}, decimal(one.score, 6))));
  return make("div", {}, make("h3", {}, `Evaluated: ${list.length}`), make("div", {class: "scroll"},
    make("table", {class: "narrow"}, make("tbody", {}, ...rows))));
}

function leftOut(list) {
  return make("div", {}, make("h3", {}, "Left out"),
    ...list.map((one) => make("p", {class: "muted"}, `${one.job}: ${one.reason}`)));
}

// What the pool said of each evolution, in the order they were sent.
function answersOf(record) {
  const list = record.answer?.evolutions;
  return Array.isArray(list) ? list.map((one) => one.status) : [];
}

function body(result) {
  const record = result.record ?? {}, sent = record.submission ?? {};
  const answers = answersOf(record), parts = [];
  const evolved = record.evolved ?? (sent.evolutions ?? []);
  evolved.forEach((one, i) => parts.push(evolution(one, answers[i])));
  if (sent.evaluations?.length > 0) parts.push(evaluations(sent.evaluations));
  if (record.left_out?.length > 0) parts.push(leftOut(record.left_out));
  if (result.state === "unpaid") {
    parts.push(make("p", {}, unpaidWords(record)));
  }
  if (parts.length === 0) parts.push(make("p", {class: "muted"}, "Nothing was sent."));
  return parts;
}

function unpaidWords(record) {
  if (record.kind === "evaluation") {
    return `Algorithm #${record.algorithm_id}: you said ${decimal(record.score, 6)}, the consensus is ${decimal(record.median, 6)}; `
      + `within ${decimal(100 * record.tolerance, 0)} % of it would have been paid.`;
  }
  return `Algorithm #${record.algorithm_id}: the consensus is ${decimal(record.median, 6)}; from ${record.reward_threshold} on it would have been paid.`;
}

function summary(result) {
  const record = result.record ?? {};
  if (result.state === "unpaid") return record.kind ?? "";
  const best = (record.evolved ?? []).reduce((top, one) => Math.max(top, one.score ?? 0), 0);
  return `${whole(record.evaluations ?? 0)} evaluated, ${whole(record.evolutions ?? 0)} evolved${best > 0 ? `, best ${decimal(best, 4)}` : ""}`;
}

function entry(result) {
  const item = make("details", {class: "result", "data-cursor": result.cursor},
    make("summary", {}, make("span", {class: "muted"}, moment(result.time_ms)),
      make("span", {}, make("span", {class: `pill ${KINDS[result.state] ?? ""}`}, result.state)),
      make("span", {}, summary(result)),
      make("span", {class: "muted mono lease"}, (result.record?.lease_id ?? "").slice(0, 8)),
      result.reason ? make("span", {class: "why"}, result.reason) : null));
  // Made when it is looked at: comparing texts takes a moment.
  item.addEventListener("toggle", () => {
    if (item.open && item.childElementCount === 1) item.append(make("div", {}, ...body(result)));
  });
  return item;
}

// ---- the list ----

let shownFor = "", oldest = null;

const isOurs = (result, account) => !account || result.key.includes(`/${account}`);

async function load(account, cursor) {
  const page = await get(`/jobs/results?limit=${PAGE}${cursor ? `&cursor=${cursor}` : ""}`);
  return {list: page.results.filter((result) => isOurs(result, account)), next: page.cursor};
}

function addNew(list) {
  const container = byId("result-list");
  const there = new Set([...container.children].map((child) => child.dataset.cursor));
  const fresh = list.filter((result) => !there.has(String(result.cursor)));
  container.prepend(...fresh.map(entry));
  return there.size === 0;
}

async function refresh(account) {
  const page = await load(account, null);
  if (addNew(page.list)) {
    oldest = page.next;
    byId("older").hidden = oldest === null;
  }
  const isEmpty = byId("result-list").childElementCount === 0;
  byId("no-results").hidden = !isEmpty;
  if (isEmpty) byId("older").hidden = true;
}

export function showResults(state) {
  const account = state.miner?.account ?? "";
  const key = `${account} ${state.successful_submissions} ${state.refused_submissions} ${state.expired_leases} ${state.unpaid_results ?? ""}`;
  if (key === shownFor || byId("results").hidden) return;
  if (!shownFor.startsWith(`${account} `)) {
    byId("result-list").replaceChildren();
    oldest = null;
  }
  shownFor = key;
  refresh(account).catch(() => { shownFor = ""; });
}

export function startResults(account) {
  byId("older").addEventListener("click", async (event) => {
    event.target.disabled = true;
    byId("older-failed").textContent = "";
    try {
      const page = await load(account(), oldest);
      byId("result-list").append(...page.list.map(entry));
      oldest = page.next;
      byId("older").hidden = oldest === null;
    } catch (error) {
      byId("older-failed").textContent = `Not now: ${error.message}.`;
    }
    event.target.disabled = false;
  });
}
