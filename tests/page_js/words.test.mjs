// Words for figures, elements, and what is asked of the sidecar: dom.js.
import assert from "node:assert/strict";
import {test} from "node:test";
import {asked, open, server} from "./small_dom.mjs";

open("<html><body></body></html>", "http://127.0.0.1:8124/#secret-of-this-session");
const {clock, decimal, duration, get, hasToken, make, moment, money, NONE, percent, plural, post, short, whole, words} =
  await import("./page/dom.js");

test("the token leaves the address and is kept for the tab", () => {
  assert.equal(hasToken, true);
  assert.equal(location.hash, "");
  assert.equal(sessionStorage.getItem("token"), "secret-of-this-session");
});

test("what is not known is a dash, never NaN or undefined", () => {
  for (const unknown of [undefined, null, NaN, Infinity, "12", {}]) {
    for (const write of [whole, short, duration, (value) => decimal(value, 2), percent]) assert.equal(write(unknown), NONE);
  }
});

test("numbers are written for a glance", () => {
  assert.equal(whole(1234567.4), "1,234,567");
  assert.equal(decimal(1234.5, 2), "1,234.50");
  assert.equal(percent(0.9567), "95.7\u00a0%");
  assert.equal(percent(0.5, 0), "50\u00a0%");
  const shorts = [[0, "0"], [9999, "9,999"], [0.5, "0.50"], [10000, "10.0 k"], [12345, "12.3 k"], [999999, "1,000 k"],
    [1e6, "1.00 M"], [95760000, "95.8 M"], [123456789, "123 M"], [2.5e9, "2.50 G"], [-12345, "-12.3 k"],
    [1785.98, "1,786"], [99.5, "99.50"]];
  for (const [value, text] of shorts) assert.equal(short(value), text);
  assert.equal(plural(1, "lease"), "1 lease");
  assert.equal(plural(2000, "lease"), "2,000 leases");
});

test("money is RAO, and from one on TAO", () => {
  const rows = [[undefined, "– RAO"], [0, "0 RAO"], [7654321, "7.65 M RAO"], [1e9, "1.000 TAO"], [-2.5e9, "-2.500 TAO"],
    [123.45e9, "123.5 TAO"], [50000e9, "50.0 k TAO"]];
  for (const [rao, text] of rows) assert.equal(money(rao).join(" "), text);
});

test("durations have two units at most", () => {
  const rows = [[-5, "0 s"], [59400, "59 s"], [60000, "1 min 0 s"], [599000, "9 min 59 s"], [600000, "10 min"],
    [3599000, "59 min"], [3600000, "1 h 0 min"], [47 * 3600000, "47 h 0 min"], [48 * 3600000, "2 days"]];
  for (const [ms, text] of rows) assert.equal(duration(ms), text);
});

test("moments of today have seconds, older ones a day", () => {
  const now = Date.now(), old = new Date(2026, 0, 5, 7, 8, 9).getTime();
  assert.equal(moment(now), clock(now));
  assert.equal(clock(old), "07:08:09");
  assert.equal(moment(old), "5 Jan 07:08");
});

test("text is never taken for markup, and missing properties are left out", () => {
  const element = make("p", {class: "a", title: undefined, hidden: false, disabled: true}, "<b>", null, undefined, make("i", {}, "x"));
  assert.deepEqual([...element.attributes], [["class", "a"], ["disabled", ""]]);
  assert.deepEqual(element.childNodes.map((child) => child.tagName ?? child), ["<b>", "i"]);
  assert.deepEqual(words("run `poolminer doctor` now").map((part) => part.tagName ?? part), ["run ", "code", " now"]);
});

test("an answer that says no is an error with its words", async () => {
  server.answer = () => ({status: 400, body: {detail: "limit: must be a whole number"}});
  await assert.rejects(get("/logs?limit=x"), /^Error: limit: must be a whole number$/);
  server.answer = () => ({status: 502, body: "<html>"});
  await assert.rejects(get("/logs"), /the sidecar answered with 502/);
  server.answer = () => new TypeError("Failed to fetch");
  await assert.rejects(get("/logs"), /Failed to fetch/);
});

test("changes bear the token and are JSON; what is read bears none", async () => {
  server.answer = () => ({number: 4});
  assert.deepEqual(await post("/order", {action: "stop"}), {number: 4});
  const change = asked.at(-1);
  assert.equal(change.method, "POST");
  assert.equal(change.headers.Authorization, "Bearer secret-of-this-session");
  assert.equal(change.headers["Content-Type"], "application/json");
  assert.deepEqual(change.body, {action: "stop"});
  await get("/state");
  assert.deepEqual(asked.at(-1).headers, {});
});
