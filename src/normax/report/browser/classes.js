// Classes: ROC, precision and recall, calibration with a threshold to move, and every class in a table.
function classPlots(host) {
  const { truth, labels, n, classes } = ANSWERS;
  let c = 1 % classes, threshold = 0.5, found;
  const told = html("p", { class: "quiet", role: "status" });
  const id = fresh("threshold");
  const range = html("input", { id, type: "range", min: 0, max: 1, step: 0.005, value: threshold, oninput: () => ((threshold = Number(range.value)), update()) });
  const shown = html("output", { for: id });
  const tools = html("div", { class: "tools" }, choice(say("class"), labels, (k) => ((c = k), update()), c),
    html("span", { class: "field grow" }, html("label", { for: id }, say("threshold")), range, shown));
  const hosts = [0, 1, 2].map(() => html("div", {}));
  const below = html("div", { class: "pair close" });
  host.append(told, tools, html("div", { class: "triple" }, hosts), below);

  /** Hits and false alarms down the rows, the likeliest first; rows of equal probability come together. */
  const ranked = (p) => {
    const order = [...p.keys()].sort((a, b) => p[b] - p[a]);
    const of = truth.reduce((count, t) => count + (t === c), 0);
    const steps = [{ hit: 0, miss: 0, p: Infinity }];
    let hit = 0, miss = 0;
    order.forEach((r, k) => {
      if (truth[r] === c) hit += 1;
      else miss += 1;
      if (k + 1 === n || p[order[k + 1]] < p[r]) steps.push({ hit, miss, p: p[r] });
    });
    let auc = 0, average = 0;
    for (let k = 1; k < steps.length; k += 1) {
      auc += ((steps[k].miss - steps[k - 1].miss) * (steps[k].hit + steps[k - 1].hit)) / 2;
      average += ((steps[k].hit - steps[k - 1].hit) * steps[k].hit) / (steps[k].hit + steps[k].miss);
    }
    const at = steps.filter((step) => step.p >= threshold).at(-1);
    return { steps, of, auc: auc / (of * (n - of)), average: average / of, at };
  };
  /** Ten groups of equally many rows by probability: the mean of it, the share of the class, and how many. */
  const groups = (p) => {
    const order = [...p.keys()].sort((a, b) => p[a] - p[b]);
    const count = Math.min(10, Math.max(2, Math.floor(n / 20)));
    return Array.from({ length: count }, (_, g) => {
      const own = order.slice(Math.round((g * n) / count), Math.round(((g + 1) * n) / count));
      const hits = own.filter((r) => truth[r] === c).length, m = own.length, share = hits / m, z = 1.96;
      const middle = (share + (z * z) / (2 * m)) / (1 + (z * z) / m), half = (z / (1 + (z * z) / m)) * Math.sqrt((share * (1 - share)) / m + (z * z) / (4 * m * m));
      return { p: sumOf(own.map((r) => p[r])) / m, share, low: middle - half, high: middle + half, m };
    });
  };
  const unit = (plot) => {
    plot.x = plot.scale(0, 1, plot.left, plot.right);
    plot.y = plot.scale(0, 1, plot.bottom, plot.top);
  };
  const square = (width) => Math.min(360, Math.max(240, width * 0.85));
  const here = (plot, x, y) => Number.isFinite(x) && Number.isFinite(y) && plot.dot(plot.x(x), plot.y(y), 6, "ring", { layer: plot.layer, colour: "s2" });
  const curve = (label, aria, x, y, line, write) => ({
    height: square, label: aria, margins: { left: 46, right: 12 },
    draw: (plot) => {
      unit(plot);
      plot.axisY(label[1]);
      plot.axisX(label[0], { count: 4 });
    },
    move: (plot) => {
      plot.line(line().map(([a, b]) => [plot.x(a), plot.y(b)]), "mark", { layer: plot.layer });
      plot.line(found.steps.map((step) => [plot.x(x(step)), plot.y(y(step))]), "", { layer: plot.layer, colour: "s1" });
      here(plot, x(found.at), y(found.at));
      plot.text(write(), plot.right - 4, plot.bottom - 10, { anchor: "end", look: "halo", layer: plot.layer });
    },
    hover: (plot, px, py) => {
      let best = null, distance = 14;
      for (const step of found.steps) {
        const d = Math.hypot(plot.x(x(step)) - px, plot.y(y(step)) - py);
        if (d < distance) [best, distance] = [step, d];
      }
      return best && [say("threshold {value}", { value: number(Math.min(best.p, 1)) }), `${label[0]} ${number(x(best))}`, `${label[1]} ${number(y(best))}`];
    },
    press: (plot, px, py) => {
      const best = found.steps.slice(1).reduce((a, b) => (Math.hypot(plot.x(x(b)) - px, plot.y(y(b)) - py) < Math.hypot(plot.x(x(a)) - px, plot.y(y(a)) - py) ? b : a));
      range.value = threshold = Math.min(1, Math.max(0, best.p));
      update();
    },
  });
  const recall = (step) => step.hit / found.of, alarm = (step) => step.miss / (n - found.of);
  const precision = (step) => step.hit / (step.hit + step.miss);
  const calibration = {
    height: square, label: say("Calibration"), margins: { left: 46, right: 12 },
    draw: (plot) => (unit(plot), plot.axisY(say("share that is of the class")), plot.axisX(say("predicted probability"), { count: 4 })),
    move: (plot) => {
      plot.line([[plot.x(0), plot.y(0)], [plot.x(1), plot.y(1)]], "mark", { layer: plot.layer });
      plot.line([[plot.x(threshold), plot.top], [plot.x(threshold), plot.bottom]], "", { layer: plot.layer, colour: "s2" });
      for (const { p, low, high } of found.groups) plot.line([[plot.x(p), plot.y(low)], [plot.x(p), plot.y(high)]], "bars", { layer: plot.layer, colour: "s1" });
      plot.line(found.groups.map(({ p, share }) => [plot.x(p), plot.y(share)]), "", { layer: plot.layer, colour: "s1" });
      for (const { p, share } of found.groups) plot.dot(plot.x(p), plot.y(share), 3.5, "", { layer: plot.layer, colour: "s1" });
    },
    hover: (plot, px) => {
      const near = found.groups.reduce((a, b) => (Math.abs(plot.x(b.p) - px) < Math.abs(plot.x(a.p) - px) ? b : a));
      return px < plot.left ? null : [say("{count} rows", { count: whole(near.m) }), `${say("predicted probability")} ${number(near.p)}`, `${say("share that is of the class")} ${number(near.share)}`];
    },
  };
  const mine = [];
  const compute = () => {
    const p = ANSWERS.at(state.at, c);
    found = ranked(p);
    found.groups = groups(p);
    shown.textContent = threshold.toFixed(3);
  };
  const update = () => {
    compute();
    classTables(below, { c, threshold, told });
    mine.forEach((plot) => plot.move());
  };
  watch((name) => name === "at" && (compute(), classTables(below, { c, threshold, told })));
  watchers.unshift(watchers.pop());
  compute();
  mine.push(
    new Plot(hosts[0], curve([say("false-alarm rate"), say("hit rate (recall)")], say("ROC curve"), alarm, recall, () => [[0, 0], [1, 1]], () => `AUC ${number(found.auc)}`)),
    new Plot(hosts[1], curve([say("recall"), say("precision")], say("Precision against recall"), recall, precision, () => [[0, found.of / n], [1, found.of / n]], () => say("average precision {value}", { value: number(found.average) }))),
    new Plot(hosts[2], calibration),
  );
  update();
}

/** Which class a row is given: of two, the second from the threshold on; of more, the likeliest. */
function classTables(host, { c, threshold, told }) {
  const { truth, labels, n, classes } = ANSWERS;
  const given = new Int32Array(n), columns = labels.map((_, k) => ANSWERS.at(state.at, k));
  for (let r = 0; r < n; r += 1) {
    if (classes === 2) given[r] = columns[c][r] >= threshold ? c : 1 - c;
    else for (let k = 1; k < classes; k += 1) if (columns[k][r] > columns[given[r]][r]) given[r] = k;
  }
  const counts = Array.from({ length: classes }, () => new Int32Array(classes));
  truth.forEach((t, r) => (counts[t][given[r]] += 1));
  const right = sumOf(labels.map((_, k) => counts[k][k])) / n;
  told.textContent = `${say("Each row as predicted by the fold that did not see it.")} ${rowsTold()} ${say("Accuracy {value}", { value: number(right) })}${classes > 2 ? `. ${say("The table gives each row its likeliest class; the threshold is for the curves of one class against the others.")}` : ` ${say("at this threshold.")}`}`;
  const rows = labels.map((label, k) => {
    const support = sumOf(counts[k]), taken = sumOf(counts.map((row) => row[k])), hit = counts[k][k];
    const [precision, recall] = [taken ? hit / taken : NaN, support ? hit / support : NaN];
    return [label, support, precision, recall, (2 * hit) / (support + taken || NaN)];
  });
  const heads = [say("class"), say("rows"), say("precision"), say("recall"), "F₁"];
  const cell = (value, k) => html("td", { class: k ? "n" : null }, k ? (k === 1 ? whole(value) : number(value)) : value);
  const table = html("table", { "aria-label": say("Every class") }, html("thead", {}, html("tr", {}, heads.map((head, k) => html("th", { scope: "col", class: k ? "n" : null }, head)))), html("tbody", {}, rows.map((row) => html("tr", {}, row.map(cell)))));
  const save = () => download("classes.csv", csvRow(heads) + rows.map(csvRow).join(""));
  const shade = (count, t, k) => Math.round(34 * (t === k ? count / (sumOf(counts[t]) || 1) : Math.sqrt(count / (sumOf(counts[t]) || 1))));
  const matrix = html("table", { class: "matrix", "aria-label": say("Counts of rows by true and predicted class") },
    html("thead", {}, html("tr", {}, html("th", { scope: "col" }, say("true ↓ predicted →")), labels.map((label) => html("th", { class: "n", scope: "col" }, label)))),
    html("tbody", {}, counts.map((row, t) => html("tr", {}, html("th", { scope: "row" }, labels[t]), [...row].map((count, k) => html("td", { class: t === k ? "heat" : "miss", style: `--h:${shade(count, t, k)}%` }, whole(count)))))));
  const scroll = (inner) => html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": inner.getAttribute("aria-label") }, inner);
  const focused = host.contains(document.activeElement);
  host.replaceChildren(html("div", {}, scroll(matrix)), html("div", {}, scroll(table), html("div", { class: "tools" }, csvButton(save))));
  if (focused) host.querySelector("button").focus();
}

const answersPart = (host) => (ANSWERS.kind === "classes" ? classPlots(host) : predictionPlots(host));
