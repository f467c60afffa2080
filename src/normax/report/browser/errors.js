// Training and validation error along the path, with the bars of the folds, the baselines and both choices.
const STEEP = 8; // largest over smallest error from which on the axis is logarithmic

function errorPlot(host) {
  const cv = unpacked(DATA.cv), se = unpacked(DATA.se), train = unpacked(DATA.train), folds = unpacked(DATA.folds);
  const validated = Boolean(folds);
  const baselines = [["null", say("null model"), "null"], ["free", say("no penalty"), "free"]].filter(([key]) => Number.isFinite(DATA[key] ?? NaN));
  const names = [say("validation"), say("training"), ...baselines.map(([, text]) => text)];
  const limits = () => {
    const all = [...train, ...cv, ...cv.map((v, i) => v - se[i]), ...cv.map((v, i) => v + se[i])].filter(Number.isFinite);
    let [low, high] = [Math.min(...all), Math.max(...all)];
    if (validated) {
      const known = [...cv].filter(Number.isFinite);
      const [best, worst] = [Math.min(...known), Math.max(...known)];
      const null_ = DATA.null ?? best;
      high = Math.min(high, best + 2.5 * Math.max(null_ - best, (worst - best) / 4, 0.02 * Math.abs(best)));
      for (let f = 0; f < folds.shape[0]; f += 1) {
        const v = folds[f * folds.shape[1] + MARKS.best];
        if (v < high) low = Math.min(low, v);
      }
      for (const [key] of baselines) if (DATA[key] <= high + 0.3 * (high - low)) [low, high] = [Math.min(low, DATA[key]), Math.max(high, DATA[key])];
    }
    const log = low > 0 && high > STEEP * low;
    return { low, high, log };
  };
  const points = (plot, values) => [...values].map((v, i) => [plot.x(PLACES[i]), plot.y(v)]);
  const draw = (plot) => {
    strengthScale(plot);
    const { low, high, log } = limits();
    const pad = log ? (high / low) ** 0.06 : (high - low || Math.abs(high) || 1) * 0.06;
    plot.y = log ? plot.scale(low / pad, high * pad, plot.bottom, plot.top, true) : plot.scale(low - pad, high + pad, plot.bottom, plot.top);
    regions(plot);
    plot.axisY(`${say("{loss} per row", { loss: DATA.loss })}${log ? say(", log scale") : ""}`);
    strengthAxis(plot);
    markLines(plot, true);
    const ends = [];
    for (const [key, text, look] of baselines) {
      const y = Math.max(plot.y(DATA[key]), plot.top);
      plot.line([[plot.left, y], [plot.right, y]], `base ${look}`);
      ends.push({ value: DATA[key], name: text, colour: "muted" });
    }
    const clip = fresh("clip");
    plot.still.append(svg("clipPath", { id: clip }, svg("rect", { x: plot.left, y: plot.top - 8, width: plot.right - plot.left + 3, height: plot.bottom - plot.top + 8 })));
    const inside = { "clip-path": `url(#${clip})` };
    plot.line(points(plot, train), "dashed", { colour: "s2", ...inside });
    ends.unshift({ value: last(train), name: say("training"), colour: "s2" });
    if (validated) {
      const bars = [...cv].flatMap((v, i) => [[plot.x(PLACES[i]), plot.y(v - se[i] > 0 || !log ? v - se[i] : plot.y.low)], [plot.x(PLACES[i]), plot.y(v + se[i])], [NaN, NaN]]);
      plot.line(bars, "bars", { colour: "s1", ...inside });
      plot.line(points(plot, cv), "", { colour: "s1", ...inside });
      const r = Math.min(3, Math.max(1.4, (plot.right - plot.left) / cv.length / 3));
      [...cv].forEach((v, i) => Number.isFinite(v) && plot.y(v) >= plot.top - 8 && plot.dot(plot.x(PLACES[i]), plot.y(v), r, "", { colour: "s1" }));
      ends.unshift({ value: last(cv), name: say("validation"), colour: "s1" });
      const level = plot.y(cv[MARKS.minimum] + se[MARKS.minimum]);
      plot.line([[plot.x(PLACES[MARKS.one_se]), level], [plot.x(PLACES[MARKS.minimum]), level]], "level");
    }
    plot.names(ends);
  };
  const regions = (plot) => {
    if (!validated) return;
    const level = cv[MARKS.minimum] + se[MARKS.minimum];
    const sides = [[first(cv), plot.left, plot.x(PLACES[MARKS.one_se]), say("← underfitting"), "start"], [last(cv), plot.x(PLACES[MARKS.minimum]), plot.right, say("overfitting →"), "end"]];
    for (const [error, a, b, text, anchor] of sides) {
      if (!(error > level) || b <= a) continue;
      plot.still.append(svg("rect", { x: a, y: plot.top, width: b - a, height: plot.bottom - plot.top, class: "wash" }));
      if (b - a > widthOf(text) + 12) plot.text(text, anchor === "start" ? a + 5 : b - 5, plot.top + 15, { anchor, look: "quiet slanted" });
    }
  };
  const move = (plot) => {
    const i = state.at;
    herePointer(plot);
    const x = plot.x(PLACES[i]);
    const shown = (v) => Number.isFinite(v) && plot.y(v) > plot.top - 8 && plot.y(v) < plot.bottom + 2;
    if (validated) for (let f = 0; f < folds.shape[0]; f += 1) {
      const v = folds[f * folds.shape[1] + i];
      if (shown(v)) plot.dot(x, plot.y(v), 2.5, "fold", { layer: plot.layer });
    }
    if (shown(train[i])) plot.dot(x, plot.y(train[i]), 5, "ring", { layer: plot.layer, colour: "s2" });
    if (validated && shown(cv[i])) plot.dot(x, plot.y(cv[i]), 5, "ring", { layer: plot.layer, colour: "s1" });
  };
  const hover = (plot, x) => {
    if (x < plot.left - 8 || x > plot.right + 8) return null;
    const i = nearest(plot, x);
    const lines = [`s = ${number(STRENGTHS[i])}`, say("training {error}", { error: number(train[i]) })];
    if (validated) lines.push(say("validation {error} ± {se}", { error: number(cv[i]), se: number(se[i]) }));
    return [...lines, markOf(i)].filter(Boolean);
  };
  const label = say("Training and validation error against the strength of the penalty");
  return new Plot(host, { height: 340, label, margins: { right: marginFor(names, 120) }, draw, move, hover, press: pressToGo });
}

const first = (values) => [...values].find(Number.isFinite) ?? NaN;
const last = (values) => [...values].reverse().find(Number.isFinite) ?? NaN;
