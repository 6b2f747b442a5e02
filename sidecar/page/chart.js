// A curve over time as SVG, by hand: axes with round numbers, a target line, and the value under the
// pointer.

import {clock, day, NONE} from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 150, LEFT = 52, RIGHT = 8, TOP = 10, BOTTOM = 22;

function shape(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// About `count` round steps from below `low` to above `high`.
export function roundTicks(low, high, count) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let at = Math.floor(low / step) * step; ; at += step) {
    ticks.push(Number(at.toPrecision(12)));
    if (ticks.length > 1 && at >= high - step * 1e-9) break;
  }
  return ticks;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200, 86400]
  .map((minutes) => minutes * 60000);

// Moments on the wall clock's round minutes, hours or days.
export function timeTicks(begin, end, count) {
  const step = STEPS.find((size) => (end - begin) / size <= count) ?? STEPS.at(-1);
  const offset = new Date(begin).getTimezoneOffset() * 60000;
  const ticks = [];
  for (let at = Math.ceil((begin - offset) / step) * step + offset; at <= end; at += step) {
    ticks.push(at);
  }
  return {ticks, label: (at) => step >= 86400000 ? day(at) : clock(at).slice(0, 5)};
}

// "20.0 M" is "20 M" on an axis.
const onAxis = (text) => text.replace(/\.0+(?!\d)/, "");

// The points that are known, in pieces: where something is missing the curve has a gap.
function pieces(times, values) {
  const all = [[]];
  times.forEach((time, i) => {
    if (values[i] === null || values[i] === undefined) all.push([]);
    else all.at(-1).push([time, values[i]]);
  });
  return all.filter((piece) => piece.length > 0);
}

function limits(plot, values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (plot.target !== undefined) known.push(plot.target);
  let low = Math.min(...known), high = Math.max(...known);
  if (plot.fromZero) low = Math.min(0, low);
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) * 0.05, high + Math.abs(high) * 0.05];
  return [low, high];
}

// `plot`: {name, format, target?, fromZero?, steps?}. Returns the figure's update function.
export function chart(container, plot) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const name = document.createElement("span"), value = document.createElement("b");
  const svg = shape("svg", {role: "img"});
  figure.className = "plot";
  name.textContent = plot.name;
  caption.append(name, value);
  figure.append(caption, svg);
  container.append(figure);
  let data = {times: [], values: [], begin: 0, end: 1};

  function draw() {
    const width = svg.clientWidth || 400;
    const {times, values, begin, end} = data;
    const parts = pieces(times, values);
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    svg.replaceChildren();
    const last = parts.at(-1)?.at(-1);
    value.textContent = last ? plot.format(last[1]) : NONE;
    svg.setAttribute("aria-label", `${plot.name}: ${last ? plot.format(last[1]) : "nothing yet"}`);
    if (!last) {
      svg.append(shape("text", {x: width / 2, y: HEIGHT / 2, class: "none"}, "Nothing to show yet"));
      return;
    }
    const [low, high] = limits(plot, values);
    const ticks = roundTicks(low, high, 3);
    const bottom = ticks[0], top = ticks.at(-1);
    const x = (time) => LEFT + (time - begin) / (end - begin || 1) * (width - LEFT - RIGHT);
    const y = (at) => HEIGHT - BOTTOM - (at - bottom) / (top - bottom || 1) * (HEIGHT - TOP - BOTTOM);
    for (const tick of ticks) {
      svg.append(shape("line", {x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick), class: "axis"}),
        shape("text", {x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end"}, onAxis(plot.format(tick))));
    }
    const along = timeTicks(begin, end, Math.max(2, Math.floor((width - LEFT) / 90)));
    for (const tick of along.ticks) {
      svg.append(shape("text", {x: Math.min(x(tick), width - 18), y: HEIGHT - 6, "text-anchor": "middle"},
        along.label(tick)));
    }
    if (plot.target !== undefined) {
      svg.append(shape("line", {x1: LEFT, x2: width - RIGHT, y1: y(plot.target), y2: y(plot.target), class: "target"}));
    }
    for (const part of parts) {
      const steps = part.map(([time, at], i) => i === 0 ? `M${x(time)},${y(at)}`
        : plot.steps ? `H${x(time)}V${y(at)}` : `L${x(time)},${y(at)}`);
      svg.append(shape("path", {d: steps.join(""), class: "curve"}));
    }
    svg.append(shape("circle", {cx: x(last[0]), cy: y(last[1]), r: 2.8, class: "dot"}));
    follow(parts.flat(), x, y, last);
  }

  // The value nearest to the pointer stands in the caption while it is there.
  function follow(points, x, y, last) {
    const mark = shape("g", {});
    svg.append(mark);
    svg.onpointermove = (event) => {
      const at = event.clientX - svg.getBoundingClientRect().left;
      const near = points.reduce((best, point) =>
        Math.abs(x(point[0]) - at) < Math.abs(x(best[0]) - at) ? point : best);
      mark.replaceChildren(
        shape("line", {x1: x(near[0]), x2: x(near[0]), y1: TOP, y2: HEIGHT - BOTTOM, class: "cursor"}),
        shape("circle", {cx: x(near[0]), cy: y(near[1]), r: 3.2, class: "dot"}));
      value.textContent = `${clock(near[0]).slice(0, 5)}  ${plot.format(near[1])}`;
    };
    svg.onpointerleave = () => {
      mark.replaceChildren();
      value.textContent = plot.format(last[1]);
    };
  }

  new ResizeObserver(draw).observe(svg);
  return (times, values, begin, end) => {
    data = {times, values, begin, end};
    draw();
  };
}
