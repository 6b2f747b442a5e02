// What changed from a parent to a child: diff.js.
import assert from "node:assert/strict";
import {test} from "node:test";
import {compare, diff, linesOf} from "./page/diff.js";

const marks = (steps) => steps.map((step) => step.mark + step.line);
const before = (steps) => steps.filter((step) => step.mark !== "+").map((step) => step.line);
const after = (steps) => steps.filter((step) => step.mark !== "-").map((step) => step.line);

// The length of the longest common subsequence, by trying everything.
function longest(a, b) {
  if (a.length === 0 || b.length === 0) return 0;
  if (a[0] === b[0]) return 1 + longest(a.slice(1), b.slice(1));
  return Math.max(longest(a.slice(1), b), longest(a, b.slice(1)));
}

test("a line that was changed is taken out and put in", () => {
  assert.deepEqual(marks(diff(["a", "b", "c"], ["a", "x", "c"])), [" a", "-b", "+x", " c"]);
  assert.deepEqual(marks(diff([], ["a"])), ["+a"]);
  assert.deepEqual(marks(diff(["a"], [])), ["-a"]);
  assert.deepEqual(diff([], []), []);
});

test("whatever the texts, both are in it, in as few steps as there can be", () => {
  let seed = 1;
  const random = (limit) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % limit; };
  for (let round = 0; round < 300; round++) {
    const [old, young] = [0, 1].map(() => Array.from({length: random(8)}, () => "abc"[random(3)]));
    const steps = diff(old, young);
    assert.deepEqual(before(steps), old);
    assert.deepEqual(after(steps), young);
    assert.equal(steps.filter((step) => step.mark === " ").length, longest(old, young));
  }
});

test("texts too long to compare are shown one after the other", () => {
  const old = Array.from({length: 2001}, (_, i) => `old ${i}`), young = Array.from({length: 2001}, (_, i) => `new ${i}`);
  const steps = diff(old, young);
  assert.equal(steps.length, 4002);
  assert.deepEqual(before(steps), old);
  assert.deepEqual(after(steps), young);
});

test("blank lines and the line of limits do not count", () => {
  assert.deepEqual(linesOf("# meta: dim 8\ndef Setup():\n\n  s1 = 1\n"), ["def Setup():", "  s1 = 1"]);
});

test("the nearest parent is compared with, and what another gave bears its number", () => {
  const parents = [{id: 3, algorithm_dsl: "a\nb\nc"}, {id: 7, algorithm_dsl: "x\ny\nz"}];
  const {parent, steps} = compare("a\nb\ny", parents);
  assert.equal(parent.id, 3);
  assert.deepEqual(marks(steps), [" a", " b", "-c", "+y"]);
  assert.equal(steps.at(-1).from, 7);
  const alone = compare("a\nb", []);
  assert.equal(alone.parent, null);
  assert.deepEqual(marks(alone.steps), [" a", " b"]);
  assert.equal(compare("a\nb\nc", parents).steps.every((step) => step.mark === " "), true);
});
