// Predicted numbers against the true ones, and what is left over.
function predictionPlots(host) {
  const { truth, n, weight, rows } = ANSWERS;
  const units = DATA.target ? `, ${DATA.target}` : "";
  const told = html("p", { class: "quiet", role: "status" });
  const hosts = [html("div", {}), html("div", {})];
  host.append(told, html("div", { class: "pair close" }, hosts));
  let predicted = ANSWERS.at(state.at);
  const range = (values) => {
    const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
    const [low, high] = [sorted[0], sorted.at(-1)], pad = (high - low || 1) * 0.04;
    return [low - pad, high + pad];
  };
  // The axes stay while the reader moves: all predictions of the chosen strength and the true numbers fit in.
  const still = ANSWERS.at(MARKS.best ?? state.at);
  const [low, high] = range(truth), [from, to] = range([...still, ...truth.slice(0, 0)]);
  const left = range(truth.map((v, r) => v - still[r]));
  const dots = (plot, heights) => {
    const { ink } = plot;
    ink.clearRect(0, 0, plot.width, plot.height);
    ink.fillStyle = colour("s1");
    ink.globalAlpha = Math.min(0.75, Math.max(0.15, 300 / n));
    const r = n > 1000 ? 1.8 : 2.6;
    for (let k = 0; k < n; k += 1) {
      const x = plot.x(predicted[k]), y = plot.y(heights(k));
      if (x < plot.left - 4 || x > plot.right + 4 || y < plot.top - 4 || y > plot.bottom + 4) continue;
      ink.beginPath();
      ink.arc(x, y, r, 0, 7);
      ink.fill();
    }
    ink.globalAlpha = 1;
  };
  const hover = (heights) => (plot, x, y) => {
    let best = -1, distance = 12;
    for (let k = 0; k < n; k += 1) {
      const d = Math.hypot(plot.x(predicted[k]) - x, plot.y(heights(k)) - y);
      if (d < distance) [best, distance] = [k, d];
    }
    plot.over.replaceChildren();
    if (best < 0) return null;
    plot.dot(plot.x(predicted[best]), plot.y(heights(best)), 5, "ring", { layer: plot.over, colour: "s2" });
    return [say("row {row}", { row: whole(rows[best] + 1) }), say("true {value}", { value: number(truth[best], 4) }), say("predicted {value}", { value: number(predicted[best], 4) })];
  };
  const make = (place, label, aria, limits, line, heights) => new Plot(place, {
    height: 320, label: aria, margins: { right: 16 }, hover: hover(heights),
    draw: (plot) => {
      plot.x = plot.scale(from, to, plot.left, plot.right);
      plot.y = plot.scale(...limits, plot.bottom, plot.top);
      plot.axisY(label);
      plot.axisX(`${say("predicted")}${units}`);
      plot.line(line(plot), "mark");
    },
    move: (plot) => dots(plot, heights),
  });
  const diagonal = (plot) => [Math.max(from, low), Math.min(to, high)].map((v) => [plot.x(v), plot.y(v)]);
  const update = () => {
    predicted = ANSWERS.at(state.at);
    const total = sumOf(weight), mean = sumOf(truth.map((v, r) => v * weight[r])) / total;
    let error = 0, spread = 0, off = 0;
    for (let r = 0; r < n; r += 1) {
      error += weight[r] * (truth[r] - predicted[r]) ** 2;
      spread += weight[r] * (truth[r] - mean) ** 2;
      off += weight[r] * Math.abs(truth[r] - predicted[r]);
    }
    told.textContent = `${say("Each row as predicted by the fold that did not see it.")} ${rowsTold()} R² ${number(1 - error / spread)}, RMSE ${number(Math.sqrt(error / total))}, ${say("mean absolute error")} ${number(off / total)}.`;
  };
  watch((name) => name === "at" && update());
  watchers.unshift(watchers.pop()); // before the plots, which draw what it finds
  update();
  make(hosts[0], `${say("true")}${units}`, say("True against predicted numbers"), [low, high], diagonal, (k) => truth[k]);
  make(hosts[1], say("residual: true − predicted"), say("Residuals against predicted numbers"), left, (plot) => [[plot.left, plot.y(0)], [plot.right, plot.y(0)]], (k) => truth[k] - predicted[k]);
}
