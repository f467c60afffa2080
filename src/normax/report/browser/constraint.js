// Why the lasso's corner gives zeros: the loss over two coefficients, the others held, and what the penalty allows.
const GRID = 56; // points a side at which the loss is taken

function constraintPart(host) {
  const told = DATA.constraint, [w, gram, slope, rows, outputs, targets, weight] = ["w", "gram", "slope", "rows", "outputs", "targets", "weight"].map((name) => unpacked(told[name]));
  const m = told.features.length, names = told.features.map((j) => DATA.coefficients.names[j]);
  let [a, b] = told.pair;
  const at = (i, j) => w[i * m + j];
  const kept = [...STRENGTHS.keys()];
  const penalty = (u, v) => told.ratio * (Math.abs(u) + Math.abs(v)) + ((1 - told.ratio) / 2) * (u * u + v * v);

  /** How far in a direction the penalty is t. */
  const radius = (t, c, s) => {
    const one = told.ratio * (Math.abs(c) + Math.abs(s)), two = (1 - told.ratio) / 2;
    return two ? (-one + Math.sqrt(one * one + 4 * two * t)) / (2 * two) : t / one;
  };

  /** The mean loss less that of the fit, when the two coefficients are u and v. */
  const lossAbout = (i) => {
    const [wa, wb] = [at(i, a), at(i, b)];
    if (gram) {
      const [gaa, gab, gbb] = [gram[a * m + a], gram[a * m + b], gram[b * m + b]], [sa, sb] = [slope[i * m + a], slope[i * m + b]];
      return (u, v) => {
        const [x, y] = [u - wa, v - wb];
        return sa * x + sb * y + 0.5 * (gaa * x * x + 2 * gab * x * y + gbb * y * y);
      };
    }
    const r = targets.length, base = i * r;
    const one = told.loss === "poisson" ? (eta, y) => Math.exp(eta) - y * eta : (eta, y) => Math.max(eta, 0) + Math.log1p(Math.exp(-Math.abs(eta))) - y * eta;
    const mean = (x, y) => {
      let sum = 0;
      for (let k = 0; k < r; k += 1) sum += weight[k] * one(outputs[base + k] + x * rows[k * m + a] + y * rows[k * m + b], targets[k]);
      return sum;
    };
    const zero = mean(0, 0);
    return (u, v) => mean(u - wa, v - wb) - zero;
  };
  /** The two that lose least without a penalty, the others held: Newton's steps for squares, found on the grid else. */
  const lowest = (i) => {
    if (!gram) return null;
    const [gaa, gab, gbb] = [gram[a * m + a], gram[a * m + b], gram[b * m + b]], [sa, sb] = [slope[i * m + a], slope[i * m + b]];
    const det = gaa * gbb - gab * gab;
    return det > 1e-9 * gaa * gbb ? [at(i, a) - (gbb * sa - gab * sb) / det, at(i, b) - (gaa * sb - gab * sa) / det] : null;
  };
  const window_ = () => {
    const points = [[0, 0], ...kept.map((i) => [at(i, a), at(i, b)])];
    const best = MARKS.best ?? state.at, tip = radius(penalty(at(best, a), at(best, b)), 1, 0);
    points.push([tip, tip], [-tip, -tip]); // all of the shape at the choice
    const reach = Math.max(...points.flat().map(Math.abs)) || 1;
    for (const i of kept) {
      const c = lowest(i);
      if (c && Math.hypot(...c) < 2.5 * reach) points.push(c);
    }
    const [xs, ys] = [0, 1].map((k) => points.map((p) => p[k]));
    const middle = (v) => (Math.min(...v) + Math.max(...v)) / 2, half = (v) => (Math.max(...v) - Math.min(...v)) / 2;
    const size = 1.12 * Math.max(half(xs), half(ys), reach / 2);
    return { x: middle(xs), y: middle(ys), size };
  };
  const draw = (plot) => {
    const view = window_(), high = plot.bottom - plot.top, wide = plot.right - plot.left, unit = Math.min(high, wide) / (2 * view.size);
    plot.x = plot.scale(view.x - wide / 2 / unit, view.x + wide / 2 / unit, plot.left, plot.right);
    plot.y = plot.scale(view.y - high / 2 / unit, view.y + high / 2 / unit, plot.bottom, plot.top);
    plot.axisY(names[b]);
    plot.axisX(names[a]);
    plot.line([[plot.x(0), plot.top], [plot.x(0), plot.bottom]], "axis");
    plot.line([[plot.left, plot.y(0)], [plot.right, plot.y(0)]], "axis");
    plot.clip = fresh("clip");
    plot.still.append(svg("clipPath", { id: plot.clip }, svg("rect", { x: plot.left, y: plot.top, width: wide, height: high })));
    plot.line(kept.map((i) => [plot.x(at(i, a)), plot.y(at(i, b))]), "way", { "clip-path": `url(#${plot.clip})` });
  };
  const move = (plot) => {
    const i = state.at, loss = lossAbout(i), [wa, wb] = [at(i, a), at(i, b)];
    const inside = { layer: plot.layer, "clip-path": `url(#${plot.clip})` };
    const xs = Array.from({ length: GRID }, (_, k) => plot.x.low + ((plot.x.high - plot.x.low) * k) / (GRID - 1));
    const ys = Array.from({ length: GRID }, (_, k) => plot.y.low + ((plot.y.high - plot.y.low) * k) / (GRID - 1));
    const values = ys.map((v) => xs.map((u) => loss(u, v)));
    const flat = values.flat(), centre = lowest(i);
    const low = Math.min(centre ? loss(...centre) : Infinity, ...flat), top = Math.max(...flat);
    const touch = -low; // how far the fit, at 0, lies above the lowest point
    const step = Math.max(touch, (top - low) / 40);
    const t = penalty(wa, wb);
    plot.line(boundary(plot, t), "allowed", inside);
    for (const level of [0.15, 0.5, 1.7, 2.7, 4.2, 6.5, 10]) plot.line(contour(plot, xs, ys, values, low + level * step), "contour", inside);
    plot.line(contour(plot, xs, ys, values, 0), "contour touching", inside);
    if (centre) plot.text("×", plot.x(centre[0]), plot.y(centre[1]) + 5, { anchor: "middle", layer: plot.layer, "clip-path": `url(#${plot.clip})` });
    plot.dot(plot.x(wa), plot.y(wb), 5.5, "ring", { layer: plot.layer, colour: "s2" });
    said.textContent = `${names[a]} ${number(wa)}, ${names[b]} ${number(wb)}${wa === 0 || wb === 0 ? ` (${say("exactly zero")})` : ""}`;
  };
  /** All coefficients that cost as much as the fit: |u| + |v| for L1, a circle for L2, in between for a mixture. */
  const boundary = (plot, t) => {
    const points = [];
    for (let k = 0; k <= 240; k += 1) {
      const angle = (2 * Math.PI * k) / 240, [c, s] = [Math.cos(angle), Math.sin(angle)];
      const r = radius(t, c, s);
      points.push([plot.x(r * c), plot.y(r * s)]);
    }
    return points;
  };
  /** Marching squares: the pieces of the line on which the loss has one value. */
  const contour = (plot, xs, ys, values, level) => {
    const pieces = [];
    const between = (p, q, vp, vq) => p + ((level - vp) / (vq - vp)) * (q - p);
    for (let r = 0; r + 1 < GRID; r += 1) for (let c = 0; c + 1 < GRID; c += 1) {
      const [v00, v01, v10, v11] = [values[r][c], values[r][c + 1], values[r + 1][c], values[r + 1][c + 1]], cuts = [];
      if (v00 < level !== v01 < level) cuts.push([between(xs[c], xs[c + 1], v00, v01), ys[r]]);
      if (v01 < level !== v11 < level) cuts.push([xs[c + 1], between(ys[r], ys[r + 1], v01, v11)]);
      if (v10 < level !== v11 < level) cuts.push([between(xs[c], xs[c + 1], v10, v11), ys[r + 1]]);
      if (v00 < level !== v10 < level) cuts.push([xs[c], between(ys[r], ys[r + 1], v00, v10)]);
      for (let k = 0; k + 1 < cuts.length; k += 2) pieces.push(...cuts.slice(k, k + 2).map(([u, v]) => [plot.x(u), plot.y(v)]), [NaN, NaN]);
    }
    return pieces;
  };
  const said = html("span", { class: "quiet", role: "status" });
  const choose = (label, first, set_) => choice(label, names, (j) => (set_(j), plot.draw()), first);
  host.append(html("div", { class: "tools" }, choose(say("coefficients"), a, (j) => (a = j)), choose(say("and"), b, (j) => (b = j)), said));
  const plot = new Plot(host, { height: (width) => Math.min(430, Math.max(260, width * 0.8)), label: say("The loss over two coefficients, and what the penalty allows"), margins: { right: 16 }, draw, move });
}
