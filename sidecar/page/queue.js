// The queue: how many jobs, which workers, and what was set aside.

import {byId, duration, hasToken, make, NONE, post, whole} from "./dom.js";

function count(name, value, note) {
  return make("dl", {class: "tile"}, make("dt", {}, name), make("dd", {}, whole(value)), make("p", {}, note));
}

function workerRow(worker) {
  const progress = worker.progress;
  const far = progress?.total > 0 ? `${whole(progress.done)} of ${whole(progress.total)} ${progress.unit}` : NONE;
  const state = worker.paused ? `rests: ${worker.paused}` : worker.job === null ? "waits for work" : worker.kind;
  return make("tr", {}, make("td", {}, worker.name),
    make("td", {}, worker.connected === false ? `${state}, silent` : state),
    make("td", {class: "number"}, worker.job === null ? NONE : far),
    make("td", {class: "number"}, worker.job === null ? NONE : duration(worker.lease_left_ms)));
}

function asideRow(job) {
  const act = (path, word) => make("button", {disabled: !hasToken, onclick: async (event) => {
    event.target.disabled = true;
    byId("aside-failed").textContent = "";
    await post(path, {job: job.job}).catch((error) => { byId("aside-failed").textContent = `${job.kind} ${job.job}: ${error.message}`; });
  }}, word);
  return make("tr", {}, make("td", {}, `${job.kind} ${job.job}`), make("td", {}, job.reason || NONE),
    make("td", {class: "number"}, act("/queue/retry", "Try again"), " ", act("/queue/discard", "Let go")));
}

function table(head, rows) {
  return make("div", {class: "scroll"}, make("table", {}, make("thead", {}, make("tr", {},
    ...head.map(([name, kind]) => make("th", {class: kind}, name)))), make("tbody", {}, ...rows)));
}

export function showQueue(state) {
  if (byId("queue").hidden) return;
  const jobs = state.jobs ?? {}, workers = state.workers ?? [], aside = state.set_aside ?? [];
  byId("jobs").replaceChildren(count("Waiting", jobs.queued, "for a worker"), count("Computing", jobs.leased, "by workers"),
    count("Done", (jobs.done ?? 0) + (jobs.failed ?? 0), "not yet collected"), count("Completed", jobs.completed, `${whole(jobs.gone_wrong)} failed`));
  byId("workers").replaceChildren(workers.length === 0 ? make("p", {class: "muted"}, "None is here.")
    : table([["worker"], ["does"], ["progress", "number"], ["lease left", "number"]], workers.map(workerRow)));
  byId("aside-card").hidden = aside.length === 0;
  byId("aside").replaceChildren(table([["job"], ["why"], ["", "number"]], aside.map(asideRow)));
}
