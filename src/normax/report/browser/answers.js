// What each row was, and what was predicted of it by the fold that did not see it, at the reader's place.
const ANSWERS = DATA.answers && (() => {
  const told = DATA.answers;
  const truth = unpacked(told.truth), p = unpacked(told.p);
  const n = truth.length, classes = told.labels?.length ?? 0;
  const own = unpacked(told.weight), rows = unpacked(told.rows);
  /** Predicted numbers, or probabilities of one class, of all rows at a place of the path. */
  const at = (i, c = 1) => {
    if (p.shape.length === 2) return c === 0 ? p.subarray(i * n, (i + 1) * n).map((v) => 1 - v) : p.subarray(i * n, (i + 1) * n);
    return Float32Array.from({ length: n }, (_, r) => p[(i * n + r) * classes + c]);
  };
  const weight = own ?? new Float32Array(n).fill(1);
  return { ...told, truth, n, rows, at, classes, weight, sampled: n < told.of };
})();

/** How many rows are shown, where it is not all of them. */
function rowsTold() {
  const values = { shown: whole(ANSWERS.n), all: whole(ANSWERS.of) };
  return ANSWERS.sampled ? say("{shown} of {all} rows, drawn at random.", values) : say("All {all} rows.", values);
}

const sumOf = (values) => values.reduce((sum, v) => sum + v, 0);
