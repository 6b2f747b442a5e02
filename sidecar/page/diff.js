// What changed from a parent's text to a child's, line by line.

// Lines of an algorithm without what is the same for all: the line of limits.
export const linesOf = (text) =>
  text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("# meta"));

const CELLS_MAX = 4e6;

// [{mark: " " | "+" | "-", line}, ...]: the shortest way from `before` to `after`, by the longest
// common subsequence. That takes a table of all pairs of lines: texts that are too long for it are
// shown one after the other.
export function diff(before, after) {
  if (before.length * after.length > CELLS_MAX) {
    return [...before.map((line) => ({mark: "-", line})), ...after.map((line) => ({mark: "+", line}))];
  }
  const common = Array.from({length: before.length + 1}, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let k = after.length - 1; k >= 0; k--) {
      common[i][k] = before[i] === after[k] ? common[i + 1][k + 1] + 1
        : Math.max(common[i + 1][k], common[i][k + 1]);
    }
  }
  const steps = [];
  let i = 0, k = 0;
  while (i < before.length || k < after.length) {
    if (i < before.length && k < after.length && before[i] === after[k]) {
      steps.push({mark: " ", line: after[k]});
      i++, k++;
    } else if (i < before.length && (k === after.length || common[i + 1][k] >= common[i][k + 1])) {
      steps.push({mark: "-", line: before[i++]});
    } else {
      steps.push({mark: "+", line: after[k++]});
    }
  }
  return steps;
}

const changes = (steps) => steps.filter((step) => step.mark !== " ").length;

// Against the nearest of the parents; lines that another parent has are marked with its number.
export function compare(child, parents) {
  const after = linesOf(child);
  const candidates = parents.map((parent) => ({parent, steps: diff(linesOf(parent.algorithm_dsl), after)}));
  if (candidates.length === 0) {
    return {parent: null, steps: after.map((line) => ({mark: " ", line}))};
  }
  const nearest = candidates.reduce((best, one) => changes(one.steps) < changes(best.steps) ? one : best);
  const others = parents.filter((parent) => parent !== nearest.parent)
    .map((parent) => ({id: parent.id, lines: new Set(linesOf(parent.algorithm_dsl))}));
  for (const step of nearest.steps) {
    if (step.mark === "+") step.from = others.find((other) => other.lines.has(step.line))?.id;
  }
  return {parent: nearest.parent, steps: nearest.steps};
}
