// Which weights are left: a picture of every matrix, units downwards, inputs to the right.
function mapPart(host) {
  for (const tensor of NETWORK.tensors.filter((each) => each.map)) host.append(sparsityMap(tensor));
}

function sparsityMap(tensor) {
  const { map, units, side, shape } = tensor;
  const [, out, into] = map.shape;
  const first = tensor.name === DATA.network.inputs?.tensor;
  const inputs = first ? DATA.network.inputs.names : null;
  const box = html("div", { class: "map" });
  const told = html("p", { class: "quiet", role: "status" });
  const strip = html("canvas", { class: "units", width: 1, height: out, "aria-hidden": "true" });
  const canvas = html("canvas", { width: into, height: out, role: "img", "aria-label": say("Weights of {name} that are not zero", { name: tensor.name }) });
  const size = Math.max(1, Math.min(14, 520 / into, 300 / out));
  canvas.style.width = `min(100%, ${Math.round(into * size)}px)`;
  canvas.style.height = strip.style.height = `${Math.max(24, Math.round(out * size))}px`;
  const paint = () => {
    const [plus, minus, none] = ["s1", "s2", "wash"].map((name) => rgb(colour(name)));
    const ink = canvas.getContext("2d"), image = ink.createImageData(into, out);
    for (let k = 0; k < out * into; k += 1) {
      const v = map[state.at * out * into + k], share = v ? 0.3 + (0.7 * Math.abs(v)) / 127 : 0, hue = v < 0 ? minus : plus;
      for (let c = 0; c < 3; c += 1) image.data[4 * k + c] = none[c] + (hue[c] - none[c]) * share;
      image.data[4 * k + 3] = 255;
    }
    ink.putImageData(image, 0, 0);
    const bar = strip.getContext("2d"), alive = inUse(units, state.at);
    for (let u = 0; u < out; u += 1) {
      const used = Array.from({ length: side }, (_, s) => units[state.at * shape[0] + u * side + s]).some(Boolean);
      bar.fillStyle = colour(used ? "ink" : "faint");
      bar.fillRect(0, u, 1, 1);
    }
    told.textContent = say("{alive} of {units} units alive, {left} of the weights not zero", { alive: whole(alive), units: whole(shape[0]), left: percent(tensor.share[state.at], 1) }) + (side > 1 ? `; ${say("each cell is a block of {side} × {side} weights, the darker the more are left", { side })}` : "");
  };
  canvas.addEventListener("pointermove", (event) => {
    const area = canvas.getBoundingClientRect();
    const [c, r] = [Math.floor(((event.clientX - area.left) / area.width) * into), Math.floor(((event.clientY - area.top) / area.height) * out)];
    if (c < 0 || r < 0 || c >= into || r >= out) return;
    const v = map[state.at * out * into + r * into + c];
    const from = inputs && shape.length === 2 && side === 1 ? inputs[c] : say("input {number}", { number: c * side + 1 });
    const what = v === 0 ? say("exactly zero") : side > 1 ? percent(v / 127) : say(v < 0 ? "negative, {share} of the largest" : "positive, {share} of the largest", { share: percent((v / 127) ** 2) });
    showTooltip(event, [`${from} → ${say("unit {number}", { number: r * side + 1 })}`, what]);
  });
  canvas.addEventListener("pointerleave", hideTooltip);
  watch((name) => name === "at" && paint());
  repaints.push(paint);
  paint();
  box.append(html("h3", {}, tensor.name, html("small", {}, ` ${say("{out} units × {into} inputs", { out: shape[0], into: shape.slice(1).join(" × ") })}`)), html("div", { class: "cells" }, strip, canvas), told);
  return box;
}

const rgb = (text) => [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));

/** The inputs by name: alive or not here, how much is read of each, and down to which strength they live. */
function inputTable(host) {
  const { names } = DATA.network.inputs, norms = unpacked(DATA.network.inputs.norms), p = names.length;
  const until = names.map((_, j) => {
    for (let i = 0; i < STRENGTHS.length; i += 1) if (norms[i * p + j]) return STRENGTHS[i];
    return null;
  });
  const size = (j) => norms[state.at * p + j];
  let largest = 1;
  const bar = (j) => html("span", { class: "bar whole", "aria-hidden": "true" }, html("i", { style: `left:0;width:${(100 * size(j)) / largest}%` }));
  const columns = [
    { title: say("input"), left: true, cells: (j) => html("span", { class: "name", title: names[j] }, names[j]), value: (j) => names[j] },
    { left: true, cells: bar },
    { title: say("norm of its weights"), cells: (j) => number(size(j)), value: size },
    { title: say("alive up to strength"), cells: (j) => number(until[j]), value: (j) => until[j] },
  ];
  const search = html("input", { type: "search", id: fresh("search"), placeholder: say("find a feature"), autocomplete: "off", oninput: () => set("found", search.value) });
  const told = html("span", { class: "quiet", role: "status" });
  const tools = html("div", { class: "tools" }, html("label", { for: search.id, class: "sr" }, say("find a feature")), search, told);
  host.append(tools);
  const table = new Scroller(host, { columns, label: say("Inputs at this strength") });
  tools.append(csvButton(() => download("inputs.csv", table.csv())));
  const update = () => {
    largest = Math.max(...names.map((_, j) => size(j))) || 1;
    const wanted = searched(names), shown = [...names.keys()].filter(wanted ?? (() => true)).sort((a, b) => size(b) - size(a) || a - b);
    told.textContent = say("{alive} of {all} inputs alive", { alive: whole(inUse(norms, state.at)), all: whole(p) });
    table.show(shown);
  };
  watch((name) => ["at", "found"].includes(name) && update());
  update();
  addEventListener("beforeprint", () => table.paint(60));
  addEventListener("afterprint", () => table.paint());
}

/** Training loss by epoch at the reader's place: a line a fold, the fit on all rows in ink. */
function trainingPlot(host) {
  const epochs = unpacked(DATA.network.curves.epochs), loss = unpacked(DATA.network.curves.loss);
  const [fits, k, n] = loss.shape;
  const at = (f, e) => loss[(f * k + state.at) * n + e];
  const known = loss.filter((v) => Number.isFinite(v)).sort();
  const [low, high] = [known[0], known[Math.floor(0.995 * (known.length - 1))]];
  const log = low > 0 && high / low > STEEP;
  const draw = (plot) => {
    plot.x = plot.scale(Math.min(epochs[0], epochs[n - 1] - 1), epochs[n - 1], plot.left, plot.right);
    const pad = log ? (high / low) ** 0.04 : (high - low || Math.abs(high) || 1) * 0.04;
    plot.y = log ? plot.scale(low / pad, high * pad, plot.bottom, plot.top, true) : plot.scale(low - pad, high + pad, plot.bottom, plot.top);
    plot.axisY(`${say("training loss")}${log ? say(", log scale") : ""}`);
    plot.axisX(say("epoch"), { format: (v) => (Number.isInteger(v) ? whole(v) : "") });
  };
  const points = (plot, f) => [...epochs].map((epoch, e) => [plot.x(epoch), at(f, e) > high * 1.2 ? NaN : plot.y(at(f, e))]);
  const move = (plot) => {
    for (let f = 0; f < fits - 1; f += 1) plot.line(points(plot, f), "thin", { layer: plot.layer, colour: "s2" });
    plot.line(points(plot, fits - 1), "", { layer: plot.layer });
  };
  const hover = (plot, x) => {
    if (x < plot.left - 8 || x > plot.right + 8) return null;
    const wanted = plot.x.back(x), e = [...epochs.keys()].reduce((a, b) => (Math.abs(epochs[b] - wanted) < Math.abs(epochs[a] - wanted) ? b : a));
    return [say("epoch {number}", { number: epochs[e] }), `${say("all rows")}: ${number(at(fits - 1, e))}`, ...Array.from({ length: fits - 1 }, (_, f) => `${say("fold {number}", { number: f + 1 })}: ${number(at(f, e))}`)];
  };
  new Plot(host, { height: 300, label: say("Training loss by epoch"), draw, move, hover });
}
