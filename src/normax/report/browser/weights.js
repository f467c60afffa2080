// The coefficients of a linear path: those of the columns that have one at some strength.
const WEIGHTS = DATA.coefficients && (() => {
  const told = DATA.coefficients;
  const [w, b, ever, kept, scale] = ["w", "b", "ever", "kept", "scale"].map((name) => unpacked(told[name]));
  const [k, outputs, live] = w.shape;
  const place = new Int32Array(STRENGTHS.length); // the kept strength nearest to each
  for (let i = 0, j = 0; i < place.length; i += 1) {
    while (j + 1 < k && Math.abs(kept[j + 1] - i) <= Math.abs(kept[j] - i)) j += 1;
    place[i] = j;
  }
  const many = outputs > 1;
  const at = (j, o) => w.subarray((j * outputs + o) * live, (j * outputs + o + 1) * live);
  /** (live) coefficients at a place of the path; of all outputs at once (output 0 of several) their norm. */
  const cache = new Map();
  const row = (j, output) => {
    if (!many) return at(j, 0);
    if (output > 0) return at(j, output - 1);
    if (!cache.has(j)) {
      const norm = new Float64Array(live);
      for (let o = 0; o < outputs; o += 1) at(j, o).forEach((v, f) => (norm[f] += v * v));
      cache.set(j, norm.map(Math.sqrt));
    }
    return cache.get(j);
  };
  return {
    names: told.names, outputs: told.outputs, ever, kept, scale, b, live, many, place,
    at: (i = state.at, output = state.output) => row(place[i], output),
    stored: row,
    raw: (i, o) => at(place[i], Math.min(o, outputs - 1)), // levels share their coefficients
    unit: (f, value) => (scale && (!many || state.output) ? (scale[ever[f]] ? value / scale[ever[f]] : 0) : null),
    title: () => (many ? (state.output ? say("coefficient for {name}", { name: told.outputs[state.output - 1] }) : say("norm over {count} outputs", { count: outputs })) : say(told.title)) + (scale ? say(", per standard deviation") : ""),
  };
})();

/** Which columns a search asks for: those whose name holds it, case aside. */
function searched(names) {
  const wanted = state.found.trim().toLocaleLowerCase();
  return wanted ? (f) => names[f].toLocaleLowerCase().includes(wanted) : null;
}
