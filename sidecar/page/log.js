// The log of all programs, as it comes.

import {byId, clock, get, make} from "./dom.js";

const KEPT = 500;
let loaded = false, cursor = 0;

function entry(line) {
  // "DRIVER-LEASE" of the driver is "LEASE": the program stands beside it.
  const event = line.id.replace(new RegExp(`^${line.program.toUpperCase()}-`), "");
  return make("li", {class: line.level, title: line.id}, make("span", {class: "muted"}, clock(line.time_ms)),
    make("span", {}, line.program), make("span", {}, make("b", {class: "mono"}, event), "  ", line.message));
}

function add(lines) {
  const list = byId("lines");
  const follows = list.scrollTop + list.clientHeight >= list.scrollHeight - 40;
  const warnings = byId("level").value === "warn";
  list.append(...lines.filter((line) => !warnings || line.level === "warn" || line.level === "error").map(entry));
  while (list.childElementCount > KEPT) list.firstElementChild.remove();
  if (follows) list.scrollTop = list.scrollHeight;
}

export async function showLog() {
  if (loaded || byId("log").hidden) return;
  loaded = true;
  const answer = await get(`/logs?limit=${KEPT}&level=${byId("level").value}`).catch(() => null);
  if (answer === null) {
    loaded = false; // tried again with the next state
    return;
  }
  cursor = answer.cursor;
  byId("lines").replaceChildren();
  add(answer.lines);
  byId("lines").scrollTop = byId("lines").scrollHeight;
}

export function addLines(answer) {
  if (!loaded || byId("log").hidden) {
    loaded = false; /* read anew when it is looked at */
    return;
  }
  add(answer.lines.filter((line) => line.cursor > cursor));
  cursor = answer.cursor;
}

export function startLog() {
  byId("level").addEventListener("change", () => {
    loaded = false;
    showLog();
  });
}
