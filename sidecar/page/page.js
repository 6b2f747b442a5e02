// The page: takes the sidecar's events, shows them, sends orders.

import {byId, clock, duration, hasToken, post} from "./dom.js";
import {showCurves, showFigures, showNow, showTrouble} from "./overview.js";
import {showResults, startResults} from "./results.js";
import {showQueue} from "./queue.js";
import {addLines, showLog, startLog} from "./log.js";
import {showSettings, startSettings} from "./settings.js";

let state = null, waiting = [];

// ---- orders ----

// Resolves with the supervisor's answer: {ok, message}.
async function order(body) {
  try {
    const {number} = await post("/order", body);
    return await new Promise((resolve) => {
      waiting.push({number, resolve});
      answer();
    });
  } catch (error) {
    return {ok: false, message: error.message};
  }
}

function answer() {
  const answered = state?.supervisor?.answered;
  if (!answered) return;
  waiting = waiting.filter(({number, resolve}) => {
    if (answered.number < number) return true;
    resolve(answered);
    return false;
  });
}

function notice(text, kind) {
  const line = byId("notice");
  line.hidden = text === "";
  line.className = `notice ${kind ?? ""}`;
  line.textContent = text;
}

let refusal = "";
async function command(body) {
  refusal = "";
  setControls(true);
  const result = await order(body);
  refusal = result.ok ? "" : result.message;
  show();
}

// ---- the head ----

const STATUS = {
  mining: ["Mining", "good"], idle: ["Idle", ""], starting: ["Starting", "warn"], stopping: ["Stopping", "warn"],
  failed: ["Failed", "bad"], paused: ["Paused", "warn"],
};

function setControls(busy) {
  const supervisor = state?.supervisor;
  const runs = ["mining", "paused", "starting", "stopping"].includes(state?.status);
  byId("controls").hidden = !supervisor;
  byId("start").disabled = busy || !hasToken || runs;
  byId("stop").disabled = busy || !hasToken || !runs;
  const paused = state?.wish === "pause";
  byId("pause").hidden = !paused && !runs;
  byId("pause").textContent = paused ? "Resume" : "Pause";
  byId("pause").disabled = busy || !hasToken;
  for (const radio of document.getElementsByName("task")) {
    radio.disabled = busy || runs;
    if (runs && supervisor) radio.checked = radio.value === supervisor.task;
  }
}

function showHead() {
  const [word, kind] = STATUS[state.status] ?? [state.status, ""];
  const supervisor = state.supervisor;
  const runs = ["mining", "paused"].includes(state.status);
  byId("status").textContent = word;
  byId("status").className = `pill ${kind}`;
  byId("since").textContent = supervisor && runs
    ? `since ${clock(supervisor.since_ms)}, ${duration(state.now_ms - supervisor.since_ms)}` : "";
  const where = runs ? state.miner?.pool ?? supervisor?.pool : "";
  const hotkey = state.miner?.hotkey ?? "";
  const away = state.miner?.pool_is_away ? " (does not answer)" : "";
  byId("where").textContent = where ? `${where}${away}${hotkey ? ` as ${hotkey.slice(0, 6)}…${hotkey.slice(-4)}` : ""}` : "";
  byId("where").title = hotkey;
  document.title = state.status === "mining" ? "Mining – poolminer" : "poolminer";
  if (refusal !== "") notice(refusal, "bad");
  else if (!hasToken && supervisor) {
    notice("You can look, and change nothing: open the page by the address that poolminer printed, which has the session's token.");
  } else notice("");
  setControls(waiting.length > 0);
}

function show() {
  if (state === null) return;
  showHead();
  showFigures(state);
  showNow(state);
  showTrouble(state);
  showCurves(state);
  showResults(state);
  showQueue(state);
  showLog();
  showSettings();
}

// ---- tabs, colours ----

function select(tab) {
  for (const other of document.querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", chosen);
    other.tabIndex = chosen ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  show();
}

function startTabs() {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      const next = step !== undefined ? tabs[(i + step + tabs.length) % tabs.length]
        : {Home: tabs[0], End: tabs.at(-1)}[event.key];
      if (!next) return;
      event.preventDefault();
      next.focus();
      select(next);
    });
  });
}

function startTheme() {
  const kept = localStorage.getItem("theme");
  if (kept) document.documentElement.dataset.theme = kept;
  byId("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", document.documentElement.dataset.theme);
  });
}

// ---- events ----

const SILENCE_MS = 20000, AGAIN_MS = 2000;
let events = null, heardMs = 0, openedMs = 0;

function noConnection() {
  byId("status").textContent = "No connection";
  byId("status").className = "pill bad";
  byId("since").textContent = "poolminer does not answer; tried again every two seconds";
}

function openEvents() {
  events?.close();
  events = new EventSource("/events");
  openedMs = heardMs = Date.now();
  events.addEventListener("state", (event) => {
    heardMs = Date.now();
    state = JSON.parse(event.data);
    answer();
    show();
  });
  events.addEventListener("lines", (event) => addLines(JSON.parse(event.data)));
  events.addEventListener("error", noConnection);
}

// A browser tries again by itself, but not after an answer such as "busy", and it does not notice a
// server that says nothing. Tabs that nobody looks at let go: a browser has six connections to a
// server, and each stream holds one.
function watchEvents() {
  if (document.hidden) {
    events?.close();
    events = null;
    return;
  }
  const now = Date.now();
  if (events !== null && now - heardMs > SILENCE_MS) noConnection();
  const lost = events === null || events.readyState === EventSource.CLOSED || now - heardMs > SILENCE_MS;
  if (lost && (events === null || now - openedMs >= AGAIN_MS)) openEvents();
}

function startEvents() {
  document.addEventListener("visibilitychange", watchEvents);
  setInterval(watchEvents, AGAIN_MS / 2);
  watchEvents();
}

const chosenTask = () => [...document.getElementsByName("task")].find((radio) => radio.checked)?.value;
byId("start").addEventListener("click", () => command({action: "start", task: chosenTask()}));
byId("pause").addEventListener("click", async () => {
  refusal = "";
  byId("pause").disabled = true;
  await post("/pause", {wish: state?.wish === "pause" ? "auto" : "pause"}).catch((error) => { refusal = error.message; });
  show();
});
byId("stop").addEventListener("click", () => command({action: "stop"}));
byId("range").addEventListener("change", () => state && showCurves(state));
startTabs();
startTheme();
startLog();
startResults(() => state?.miner?.account ?? "");
startSettings(order);
startEvents();
