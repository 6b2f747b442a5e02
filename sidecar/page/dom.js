// What the parts of the page share: making elements, asking the sidecar, words for figures.

export const byId = (id) => document.getElementById(id);

// make("p", {class: "muted", onclick: f}, "text", child): text is never taken for markup.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// ---- asking ----

// The session's token comes behind the # of the address, is kept for this tab, and leaves the
// address, so that it stands in no history and no bookmark.
function takeToken() {
  if (location.hash.length > 1) {
    sessionStorage.setItem("token", location.hash.slice(1));
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token") ?? "";
}
const token = takeToken();
export const hasToken = token !== "";

async function read(response) {
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail ?? `the sidecar answered with ${response.status}`);
  return answer;
}

export const get = async (path) => read(await fetch(path));
export const post = async (path, body) => read(await fetch(path, {
  method: "POST",
  headers: {"Content-Type": "application/json", "Authorization": `Bearer ${token}`},
  body: JSON.stringify(body),
}));

// ---- words ----

// What stands between backquotes, as in an option's help, is code.
export const words = (text) => text.split("`").map((part, i) => i % 2 === 0 ? part : make("code", {}, part));
export const plural = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;

export const NONE = "–";
const known = (value) => typeof value === "number" && Number.isFinite(value);

export const whole = (value) => known(value) ? Math.round(value).toLocaleString("en-US") : NONE;
export const decimal = (value, digits) => known(value) ? value.toLocaleString("en-US",
  {minimumFractionDigits: digits, maximumFractionDigits: digits}) : NONE;
export const percent = (value, digits = 1) => known(value) ? `${decimal(100 * value, digits)}\u00a0%` : NONE;

// 1,234 · 12.3 k · 4.56 M: three figures are enough for a glance.
export function short(value) {
  if (!known(value)) return NONE;
  for (const [factor, name] of [[1e9, " G"], [1e6, " M"], [1e4, " k"]]) {
    if (Math.abs(value) >= factor) {
      const scaled = value / (name === " k" ? 1e3 : factor), size = Math.abs(scaled);
      return decimal(scaled, size >= 100 ? 0 : size >= 10 ? 1 : 2) + name;
    }
  }
  return Number.isInteger(value) || Math.abs(value) >= 100 ? whole(value) : decimal(value, 2);
}

// [figure, unit]: RAO, and from one on TAO.
const RAO_PER_TAO = 1e9;
export function money(rao) {
  if (!known(rao) || Math.abs(rao) < RAO_PER_TAO) return [short(rao), "RAO"];
  const tao = rao / RAO_PER_TAO;
  return [Math.abs(tao) < 1e4 ? decimal(tao, Math.abs(tao) < 100 ? 3 : 1) : short(tao), "TAO"];
}

export function duration(ms) {
  if (!known(ms)) return NONE;
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return minutes < 10 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

const pad = (number) => String(number).padStart(2, "0");
export function clock(ms) {
  const time = new Date(ms);
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
}
export function day(ms) {
  return new Date(ms).toLocaleDateString("en-GB", {day: "numeric", month: "short"});
}
export const moment = (ms) => Date.now() - ms < 86400000 ? clock(ms) : `${day(ms)} ${clock(ms).slice(0, 5)}`;
