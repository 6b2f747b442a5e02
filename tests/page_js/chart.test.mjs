// Curves over time: chart.js.
import assert from "node:assert/strict";
import {test} from "node:test";
import {open} from "./small_dom.mjs";

const root = open("<html><body><div id=\"plots\"></div></body></html>");
const {chart, roundTicks, timeTicks} = await import("./page/chart.js");
const {percent} = await import("./page/dom.js");

const BEGIN = new Date(2026, 2, 3, 10, 7, 0).getTime(), HOUR = 3600000;
function drawn(plot, times, values, begin, end) {
  const place = root.querySelector("#plots");
  place.replaceChildren();
  chart(place, plot)(times, values, begin, end);
  return place.querySelector("svg");
}
const classed = (svg, name) => svg.querySelectorAll(`.${name}`);
const texts = (svg) => svg.querySelectorAll("text").map((one) => one.textContent);

test("ticks are round numbers around what there is", () => {
  assert.deepEqual(roundTicks(0, 1, 3), [0, 0.5, 1]);
  assert.deepEqual(roundTicks(0.61, 0.93, 3), [0.6, 0.8, 1]);
  assert.deepEqual(roundTicks(0, 95760000, 3), [0, 50000000, 100000000]);
  assert.deepEqual(roundTicks(-3, 4, 3), [-5, -2.5, 0, 2.5, 5]);
  for (const [low, high] of [[0, 0], [5, 5], [1e-9, 3e-9], [-7e12, 3], [0.1, 0.1000001]]) {
    const ticks = roundTicks(low, high, 3);
    assert.ok(ticks.length >= 2 && ticks.length < 9, `${low} ${high}: ${ticks}`);
    assert.ok(ticks[0] <= low && ticks.at(-1) >= high - (ticks[1] - ticks[0]) * 1e-9, `${low} ${high}: ${ticks}`);
  }
});

test("moments are round on the wall clock", () => {
  const {ticks, label} = timeTicks(BEGIN, BEGIN + HOUR, 5);
  assert.deepEqual(ticks.map(label), ["10:15", "10:30", "10:45", "11:00"]);
  const days = timeTicks(BEGIN, BEGIN + 7 * 24 * HOUR, 4);
  assert.ok(days.ticks.length >= 2 && days.ticks.length <= 4);
  assert.match(days.label(days.ticks[0]), /^\d+ Mar$/);
  assert.ok(timeTicks(0, 1e15, 4).ticks.length > 0); /* longer than any step there is */
});

test("nothing is said to be nothing", () => {
  for (const values of [[], [null, null], [undefined]]) {
    const svg = drawn({name: "Accuracy", format: percent, target: 0.95}, values.map((_, i) => BEGIN + i), values, BEGIN, BEGIN + HOUR);
    assert.deepEqual(texts(svg), ["Nothing to show yet"]);
    assert.equal(svg.getAttribute("aria-label"), "Accuracy: nothing yet");
  }
});

test("a gap in the figures is a gap in the curve", () => {
  const svg = drawn({name: "Score", format: String}, [0, 1, 2, 3, 4].map((i) => BEGIN + i * 600000), [1, 2, null, 2, 3], BEGIN, BEGIN + HOUR);
  const curves = classed(svg, "curve");
  assert.equal(curves.length, 2);
  assert.deepEqual(curves.map((one) => one.getAttribute("d").match(/[ML]/g).join("")), ["ML", "ML"]);
  assert.equal(svg.getAttribute("aria-label"), "Score: 3");
});

test("all of it lies inside the picture, target included", () => {
  const svg = drawn({name: "Accuracy", format: (value) => percent(value, 0), target: 0.95}, [BEGIN, BEGIN + HOUR], [0.5, 0.7], BEGIN, BEGIN + HOUR);
  assert.equal(classed(svg, "target").length, 1);
  for (const line of svg.querySelectorAll("line")) {
    for (const side of ["y1", "y2"]) {
      const y = Number(line.getAttribute(side));
      assert.ok(y >= 0 && y <= 150, `${side} = ${y}`);
    }
  }
  assert.ok(texts(svg).includes("100\u00a0%"));
  const steps = drawn({name: "Best", format: String, steps: true}, [BEGIN, BEGIN + HOUR], [0.5, 0.7], BEGIN, BEGIN + HOUR);
  assert.match(classed(steps, "curve")[0].getAttribute("d"), /^M[\d.]+,[\d.]+H[\d.]+V[\d.]+$/);
});

test("one figure, and figures that never change, can be drawn", () => {
  for (const [times, values] of [[[BEGIN], [0]], [[BEGIN, BEGIN + HOUR], [7, 7]], [[BEGIN], [-2]]]) {
    const svg = drawn({name: "Score", format: String}, times, values, BEGIN, BEGIN);
    assert.equal(classed(svg, "curve").length, 1);
    assert.doesNotMatch(classed(svg, "curve")[0].getAttribute("d"), /NaN|Infinity/);
  }
});

test("the value under the pointer stands above the curve while it is there", async () => {
  const svg = drawn({name: "Score", format: String}, [BEGIN, BEGIN + HOUR], [3, 9], BEGIN, BEGIN + HOUR);
  const shown = () => root.querySelector("#plots").querySelector("b").textContent;
  assert.equal(shown(), "9");
  await svg.dispatch("pointermove", {clientX: 60});
  assert.equal(shown(), "10:07  3");
  assert.equal(classed(svg, "cursor").length, 1);
  await svg.dispatch("pointerleave");
  assert.equal(shown(), "9");
  assert.equal(classed(svg, "cursor").length, 0);
});
