// A network along the path: each penalised tensor's size, the share of its weights that are left, its units in use.
const NETWORK = DATA.network && {
  ...DATA.network,
  tensors: DATA.network.tensors.map((tensor) => ({
    ...tensor, norm: unpacked(tensor.norm), share: unpacked(tensor.share), units: unpacked(tensor.units), map: unpacked(tensor.map),
  })),
};

/** How many units of a tensor, or inputs, are in use at a place. */
const inUse = (units, i) => {
  let count = 0;
  for (let u = 0; u < units.shape[1]; u += 1) count += units[i * units.shape[1] + u] !== 0;
  return count;
};

function tensorPlot(host) {
  const places = [...STRENGTHS.keys()];
  const norms = DATA.network.inputs && unpacked(DATA.network.inputs.norms);
  const kinds = [
    [say("norm ‖W‖₂"), NETWORK.tensors.map((t) => [t.name, t.norm])],
    [say("share of weights that are not zero"), NETWORK.tensors.map((t) => [t.name, t.share])],
    [say("share of units in use"), [
      ...(norms ? [[say("inputs"), places.map((i) => inUse(norms, i) / norms.shape[1])]] : []),
      ...NETWORK.tensors.filter((t) => t.units).map((t) => [say("units of {name}", { name: t.name }), places.map((i) => inUse(t.units, i) / t.units.shape[1])]),
    ]],
  ].filter(([, lines]) => lines.length);
  let kind = 0;
  host.append(html("div", { class: "tools" }, choice(say("show"), kinds.map(([name]) => name), (k) => ((kind = k), plot.draw()))));
  const lines = () => kinds[kind][1];
  const draw = (plot) => {
    strengthScale(plot);
    const high = kind ? 1 : Math.max(...lines().flatMap(([, values]) => [...values]).filter(Number.isFinite)) || 1;
    plot.y = plot.scale(-0.04 * high, 1.04 * high, plot.bottom, plot.top);
    plot.axisY(kinds[kind][0], { format: kind ? percent : null });
    strengthAxis(plot);
    markLines(plot, true);
    lines().forEach(([, values], l) => plot.line([...values].map((v, i) => [plot.x(PLACES[i]), plot.y(v)]), l < 8 ? "" : "dashed", { colour: series(l) }));
    plot.names(lines().map(([name, values], l) => ({ value: last(values), name, colour: series(l) })));
  };
  const move = (plot) => {
    herePointer(plot);
    lines().forEach(([, values], l) => plot.dot(plot.x(PLACES[state.at]), plot.y(values[state.at]), 4, "ring", { layer: plot.layer, colour: series(l) }));
  };
  const hover = (plot, x) => {
    if (x < plot.left - 8 || x > plot.right + 8) return null;
    const i = nearest(plot, x);
    return [`s = ${number(STRENGTHS[i])}`, ...lines().map(([name, values]) => `${name}: ${kind ? percent(values[i], 1) : number(values[i])}`)];
  };
  const names = kinds.flatMap(([, all]) => all.map(([name]) => name));
  const plot = new Plot(host, { height: 310, label: say("The weights against the strength of the penalty"), margins: { right: marginFor(names, 130) }, draw, move, hover, press: pressToGo });
}

/** Whichever the path has: traces of features, or of tensors. */
const tracesPart = (host) => (WEIGHTS ? tracePlot(host) : tensorPlot(host));
