// The settings, as the settings file has them. Only what was changed here is written there.

import {byId, get, hasToken, make, words} from "./dom.js";

let rows = [], send = null, loaded = false;

const asText = (value) => value === null ? "" : Array.isArray(value) ? value.join(" ") : String(value);

function field(row, locked) {
  const common = {id: `setting-${row.key}`, name: row.key, disabled: locked};
  if (row.choices) {
    const select = make("select", common, ...row.choices.split("|").map((choice) => make("option", {value: choice}, choice)));
    select.value = asText(row.value);
    return select;
  }
  if (row.type === "flag") {
    const select = make("select", common, make("option", {value: "true"}, "yes"), make("option", {value: "false"}, "no"));
    select.value = String(row.value);
    return select;
  }
  const numeric = row.type === "integer" || row.type === "number";
  return make("input", {...common, type: numeric ? "number" : "text", value: asText(row.value), min: row.minimum, max: row.maximum,
    step: row.type === "number" ? "any" : undefined, placeholder: row.default ?? "", spellcheck: "false", autocomplete: "off"});
}

// A value of the command line or the environment beats the file: changing the file would do nothing.
const beats = (row) => row.source === "command line" || row.source.startsWith("environment");

// Where in the list something else begins.
const HEADINGS = {
  pool_endpoint: "Pool and key", run_id: "Run and ports", dataset: "Computing", nice: "How much of this machine",
  generations: "Evolution and work", log_level: "Log",
};

function line(row) {
  const locked = beats(row) || !hasToken;
  const where = beats(row) ? ` Set by the ${row.source}.` : row.source === "default" || row.source === "unset" ? "" : " From the file.";
  return make("div", {class: "setting"}, make("label", {for: `setting-${row.key}`}, row.key.replaceAll("_", " ")), field(row, locked),
    make("p", {class: "muted"}, ...words(row.help), where));
}

// What the field says, as the file would; undefined: as it was.
function changeOf(row) {
  const input = byId(`setting-${row.key}`);
  const text = input.value.trim();
  if (input.disabled || text === asText(row.value)) return undefined;
  if (text === "") return null;
  if (row.type === "integer" || row.type === "number") return Number(text);
  if (row.type === "flag") return text === "true";
  const several = row.repeats ? text.split(/[\s,]+/) : [text];
  return several.length > 1 ? several : text;
}

function problemOf(row, value) {
  if (typeof value !== "number") return "";
  if (!Number.isFinite(value) || (row.type === "integer" && !Number.isInteger(value))) return "a whole number is wanted";
  if (value < row.minimum || value > row.maximum) return `must be from ${row.minimum} to ${row.maximum}`;
  return "";
}

async function save(event) {
  event.preventDefault();
  const told = byId("saved"), changes = {};
  for (const row of rows) {
    const value = changeOf(row);
    const problem = value === undefined ? "" : problemOf(row, value);
    if (problem !== "") {
      told.className = "bad";
      told.textContent = `${row.key}: ${problem}`;
      byId(`setting-${row.key}`).focus();
      return;
    }
    if (value !== undefined) changes[row.key] = value;
  }
  if (Object.keys(changes).length === 0) {
    told.className = "muted";
    told.textContent = "Nothing was changed.";
    return;
  }
  const answer = await send({action: "settings", changes});
  if (answer.ok) await showSettings(true);
  byId("saved").className = answer.ok ? "muted" : "bad";
  byId("saved").textContent = answer.ok ? "Saved. It counts when mining is started the next time; ports and directories with the next start of the program."
    : answer.message;
}

export async function showSettings(again = false) {
  const form = byId("settings-form");
  if (byId("settings").hidden || (loaded && !again)) return;
  loaded = true; // also while they are on their way
  try {
    const settings = await get("/settings");
    rows = settings.rows ?? [];
    form.replaceChildren(
      make("p", {class: "lead muted"}, settings.error ? make("span", {class: "bad"}, settings.error)
        : `${settings.exists ? "They stand in" : "Changes will be written to"} ${settings.file}. What you do not change stays as it is.`),
      ...rows.flatMap((row) => HEADINGS[row.key] ? [make("h2", {}, HEADINGS[row.key]), line(row)] : [line(row)]),
      make("div", {class: "save"}, make("button", {class: "main", disabled: !hasToken}, "Save changes"),
        make("p", {id: "saved", class: "muted", role: "status"}, "")));
  } catch (error) {
    loaded = false; // tried again with the next state
    form.replaceChildren(make("p", {class: "muted lead"}, error.message));
  }
}

export function startSettings(order) {
  send = order;
  byId("settings-form").addEventListener("submit", save);
}
