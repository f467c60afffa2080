// Try a row: its fields, the prediction at the reader's place, and what each column adds to it.
const SHOWN = 24; // fields at once; the search finds the others

function rowPart(host) {
  const { columns, link, factor, labels, offset } = DATA.row;
  const behind = owners();
  const initial = columns.map((column) => started(column));
  const typed = [...initial];
  let known = offset?.exposure ? "1" : "0", output = 0;
  const form = html("div", { class: "fields", role: "group", "aria-label": say("The row") });
  const answer = html("p", { class: "answer", role: "status" });
  const bars = html("div", {});
  const reset = html("button", { type: "button", class: "small", onclick: () => {
    initial.forEach((value, c) => (typed[c] = value));
    inputs.clear();
    fields(true);
    update();
  } }, say("Back to the average row"));
  const tools = html("div", { class: "tools" }, reset);
  host.append(html("p", { class: "quiet" }, say("A row begins as the average one: the mean of every number, the commonest level of every text. Leave a field empty for a missing cell.")),
    html("div", { class: "pair close" }, html("div", {}, form, tools), html("div", {}, answer, bars)));
  if (labels && labels.length > 2 && link !== "levels") bars.before(choice(say("contributions to"), labels, (k) => ((output = k), update())));

  const inputs = new Map();
  const field = (c) => {
    if (!inputs.has(c)) inputs.set(c, input(columns[c], typed[c], (value) => ((typed[c] = value), update())));
    return inputs.get(c);
  };
  let before = "";
  const fields = (anew) => {
    const wanted = state.found.trim().toLocaleLowerCase();
    const size = new Float64Array(columns.length);
    WEIGHTS.ever.forEach((j, f) => behind[j].forEach((c) => (size[c] = Math.max(size[c], Math.abs(WEIGHTS.at(state.at, 0)[f])))));
    let shown = columns.map((_, c) => c);
    if (columns.length > SHOWN) {
      shown.sort((a, b) => size[b] - size[a] || a - b);
      if (wanted) shown = shown.filter((c) => columns[c].name.toLocaleLowerCase().includes(wanted));
      shown = shown.slice(0, SHOWN).sort((a, b) => a - b);
    }
    if (!anew && shown.join() === before) return;
    before = shown.join();
    if (form.contains(document.activeElement) && !anew) return;
    form.replaceChildren(...shown.map(field), ...(offset ? [input({ name: offset.name, kind: "numeric", unit: "" }, known, (value) => ((known = value), update()))] : []),
      ...(columns.length > shown.length ? [html("p", { class: "quiet" }, say("{shown} of {all} columns, the largest coefficients; the search above finds the others.", { shown: whole(shown.length), all: whole(columns.length) }))] : []));
  };
  const update = () => {
    const z = features(typed), outputs = WEIGHTS.b.shape[1], base = WEIGHTS.place[state.at] * outputs;
    const extra = offset ? (offset.exposure ? Math.log(Number(known)) : Number(known)) : 0;
    const parts = Array.from({ length: outputs }, (_, o) => [...WEIGHTS.raw(state.at, o)].map((w, f) => w * z[WEIGHTS.ever[f]]));
    const eta = parts.map((part, o) => WEIGHTS.b[base + o] + sumOf(part) + extra);
    answer.replaceChildren(...said(eta));
    contributions(parts[Math.min(output, outputs - 1)], WEIGHTS.b[base + Math.min(output, outputs - 1)], extra);
  };
  const said = (eta) => {
    const name = DATA.target ?? say("prediction");
    if (link === "softmax" || link === "levels" || (link === "logistic" && labels)) {
      const p = chances(eta), best = p.indexOf(Math.max(...p));
      const order = [...p.keys()].sort((a, b) => p[b] - p[a]).slice(0, 6);
      return [html("b", { "data-value": labels[best] }, labels[best]), html("small", {}, name),
        html("span", { class: "chances" }, order.map((k) => html("span", { "data-class": labels[k], "data-value": p[k] }, `P(${labels[k]}) ${number(p[k], 4)}`)))];
    }
    const value = link === "exp" ? factor * Math.exp(eta[0]) : link === "logistic" ? 1 / (1 + Math.exp(-eta[0])) : eta[0];
    return [html("b", { "data-value": value }, number(value, 6)), html("small", {}, name)];
  };
  /** Of the classes; of levels from the logits of lying above each but the last. */
  const chances = (eta) => {
    if (link === "levels") {
      const above = [1, ...eta.map((v) => 1 / (1 + Math.exp(-v))), 0];
      return labels.map((_, k) => above[k] - above[k + 1]);
    }
    const logits = link === "softmax" ? eta : [0, eta[0]], most = Math.max(...logits);
    const odds = logits.map((v) => Math.exp(v - most)), total = sumOf(odds);
    return odds.map((v) => v / total);
  };
  const contributions = (part, intercept, extra) => {
    const sums = new Map();
    part.forEach((v, f) => {
      const key = behind[WEIGHTS.ever[f]].join();
      sums.set(key, (sums.get(key) ?? 0) + v);
    });
    const called = (key) => key.split(",").map((c) => columns[c].name).join(" × ");
    const least = 1e-5 * (Math.abs(intercept) + sumOf([...sums.values()].map(Math.abs))); // less is how fields are rounded
    let rows = [...sums].filter(([, v]) => Math.abs(v) > least).map(([key, v]) => [called(key), v]).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const rest = rows.slice(15);
    rows = rows.slice(0, 15);
    if (rest.length) rows.push([say("{count} others", { count: whole(rest.length) }), sumOf(rest.map(([, v]) => v))]);
    if (extra) rows.push([offset.name, extra]);
    const largest = Math.max(...rows.map(([, v]) => Math.abs(v)), 1e-300);
    const bar = (v) => html("span", { class: "bar", "aria-hidden": "true" }, html("i", { class: v < 0 ? "minus" : null, style: `left:${v < 0 ? 50 - (50 * -v) / largest : 50}%;width:${(50 * Math.abs(v)) / largest}%` }));
    const line = (name, v, drawn) => html("tr", {}, html("td", {}, html("span", { class: "name", title: name }, name)), html("td", {}, drawn), html("td", { class: "n" }, number(v, 4)));
    const unit = { exp: say("on the scale of the logarithm"), logistic: say("in log-odds"), softmax: say("in log-odds"), levels: say("in log-odds of a higher level") }[link] ?? say("in units of the target");
    const head = html("tr", {}, html("th", { scope: "col" }, say("column")), html("th", { scope: "col" }, html("span", { class: "sr" }, say("bar"))), html("th", { scope: "col", class: "n" }, `${say("adds")}, ${unit}`));
    bars.replaceChildren(html("table", { "aria-label": say("What each column adds") }, html("thead", {}, head), html("tbody", {}, line(say("intercept: every column at its mean"), intercept, ""), rows.map(([name, v]) => line(name, v, bar(v))))));
  };
  watch((name) => {
    if (name === "at" || name === "found") fields();
    if (name === "at") update();
  });
  fields();
  update();
}

/** What a field holds at first. */
function started(column) {
  const { kind, value } = column;
  if (kind === "text") return column.levels[value] ?? (column.rest && value === column.levels.length ? say("(other)") : "");
  if (kind === "words") return "";
  if (kind === "boolean") return String(Math.round(value));
  if (kind === "date") return new Date(Math.round(value) * DAY).toISOString().slice(0, 10);
  if (kind === "time") return `${Math.floor(value)}:${String(Math.floor((value % 1) * 60)).padStart(2, "0")}`;
  return String(Number(value.toPrecision(6)));
}

/** A field for a column, in its own units or of its levels. */
function input(column, value, changed) {
  const id = fresh("field"), unit = column.unit ? ` (${column.unit})` : column.kind === "time" ? ` (${say("hours:minutes")})` : "";
  const list = column.kind === "text" ? [...column.levels, ...(column.rest ? [say("(other)")] : [])].map((level) => [level, level]) : column.kind === "boolean" ? [["0", say("no")], ["1", say("yes")]] : null;
  let box;
  if (list) {
    if (column.missing || column.kind === "text") list.push(["", say(column.missing ? "(missing)" : "(none of these)")]);
    box = html("select", { id, onchange: () => changed(box.value) }, list.map(([key, text]) => html("option", { value: key, selected: key === value }, text)));
  } else if (column.kind === "words") box = html("textarea", { id, rows: 2, oninput: () => changed(box.value) }, value);
  else box = html("input", { id, type: { numeric: "number", date: "date" }[column.kind] ?? "text", step: "any", value, oninput: () => changed(box.value) });
  return html("div", { class: "one" }, html("label", { for: id, title: column.name }, `${column.name}${unit}`), box);
}
