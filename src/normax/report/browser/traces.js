// Each coefficient against the strength: all in grey on the canvas, the leading ones by name above it.
const NAMED = 10;
const series = (rank) => `s${(rank % 8) + 1}`;

/** The columns to name: the largest at the chosen strength, then at the weak end. */
function leading() {
  const at = WEIGHTS.at(MARKS.best ?? STRENGTHS.length - 1, 0), end = WEIGHTS.at(STRENGTHS.length - 1, 0);
  const size = (f) => Math.abs(at[f]) * 1e12 + Math.abs(end[f]);
  return [...Array(WEIGHTS.live).keys()].filter((f) => size(f) > 0).sort((a, b) => size(b) - size(a)).slice(0, NAMED);
}

function tracePlot(host) {
  const named = leading();
  const name = (f) => WEIGHTS.names[WEIGHTS.ever[f]];
  const places = [...WEIGHTS.kept].map((i) => PLACES[i]);
  let under = -1;
  const path = (plot, f) => {
    const points = [];
    let before = 0;
    places.forEach((x, j) => {
      const v = WEIGHTS.stored(j, state.output)[f];
      const next = j + 1 < places.length ? WEIGHTS.stored(j + 1, state.output)[f] : 0;
      points.push(v || before || next ? [plot.x(x), plot.y(v)] : [NaN, NaN]);
      before = v;
    });
    return points;
  };
  const draw = (plot) => {
    strengthScale(plot);
    let [low, high] = [0, 0];
    places.forEach((_, j) => WEIGHTS.stored(j, state.output).forEach((v) => ((low = Math.min(low, v)), (high = Math.max(high, v)))));
    const pad = (high - low || 1) * 0.05;
    plot.y = plot.scale(low - pad, high + pad, plot.bottom, plot.top);
    plot.axisY(WEIGHTS.title());
    strengthAxis(plot);
    markLines(plot, true);
    plot.line([[plot.left, plot.y(0)], [plot.right, plot.y(0)]], "axis");
    mass(plot);
    named.forEach((f, rank) => {
      const points = path(plot, f);
      plot.line(points, rank < 8 ? "" : "dashed", { colour: series(rank) });
      const leaves = points.findIndex(([x]) => Number.isFinite(x));
      if (leaves > 0 || (leaves === 0 && !WEIGHTS.stored(0, state.output)[f])) plot.dot(points[leaves][0], plot.y(0), 2.5, "", { colour: series(rank) });
    });
    const end = WEIGHTS.at(STRENGTHS.length - 1);
    plot.names(named.map((f, rank) => ({ value: end[f], name: name(f), colour: series(rank) })));
  };
  const mass = (plot) => {
    const { ink } = plot;
    ink.clearRect(0, 0, plot.width, plot.height);
    const shown = new Set(named);
    ink.strokeStyle = colour("line");
    ink.lineWidth = WEIGHTS.live > 300 ? 0.6 : 1;
    const xs = places.map((x) => plot.x(x));
    const rows = places.map((_, j) => WEIGHTS.stored(j, state.output));
    ink.beginPath();
    for (let f = 0; f < WEIGHTS.live; f += 1) {
      if (shown.has(f)) continue;
      for (let j = 1; j < rows.length; j += 1) {
        if (!rows[j][f] && !rows[j - 1][f]) continue;
        if (j === 1 || (!rows[j - 1][f] && !rows[j - 2]?.[f])) ink.moveTo(xs[j - 1], plot.y(rows[j - 1][f]));
        ink.lineTo(xs[j], plot.y(rows[j][f]));
      }
    }
    ink.stroke();
  };
  const move = (plot) => {
    herePointer(plot);
    const row = WEIGHTS.at();
    const x = plot.x(PLACES[state.at]);
    named.forEach((f, rank) => row[f] && plot.dot(x, plot.y(row[f]), 4, "ring", { layer: plot.layer, colour: series(rank) }));
    accent(plot);
  };
  const accent = (plot) => {
    plot.over.replaceChildren();
    const wanted = searched(WEIGHTS.names);
    const found = wanted ? [...Array(WEIGHTS.live).keys()].filter((f) => wanted(WEIGHTS.ever[f])).slice(0, 40) : [];
    if (under >= 0) found.push(under);
    for (const f of found) {
      plot.line(path(plot, f), "accent", { layer: plot.over });
      plot.dot(plot.x(PLACES[state.at]), plot.y(WEIGHTS.at()[f]), 5, "ring", { layer: plot.over, colour: "ink" });
    }
  };
  const hover = (plot, x, y) => {
    const i = nearest(plot, x), row = WEIGHTS.at(i);
    let best = -1, distance = 16;
    if (x >= plot.left - 8 && x <= plot.right + 8) {
      row.forEach((v, f) => {
        const d = Math.abs(plot.y(v) - y);
        if (d < distance && (v || d < 3)) [best, distance] = [f, d];
      });
    }
    if (best !== under) ((under = best), accent(plot));
    return best < 0 ? null : [name(best), `${number(row[best])}`, `s = ${number(STRENGTHS[i])}`];
  };
  const names = named.map(name);
  const label = say("The coefficients against the strength of the penalty");
  const plot = new Plot(host, { height: 340, label, margins: { right: marginFor(names, 150) }, draw, move, hover, press: pressToGo });
  watch((what) => (what === "output" ? plot.draw() : what === "found" && accent(plot)));
}
