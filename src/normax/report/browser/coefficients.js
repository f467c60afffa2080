// The coefficients at the reader's place, the largest first, with a search by name.
function coefficientTable(host) {
  const { names, ever, live } = WEIGHTS;
  const place = new Map([...ever].map((j, f) => [j, f]));
  let row = WEIGHTS.at(), largest = 1;
  const value = (j) => (place.has(j) ? row[place.get(j)] : 0);
  const bar = (j) => {
    const share = (50 * Math.abs(value(j))) / largest;
    return html("span", { class: "bar", "aria-hidden": "true" }, html("i", { class: value(j) < 0 ? "minus" : null, style: `left:${value(j) < 0 ? 50 - share : 50}%;width:${share}%` }));
  };
  const perUnit = (j) => (place.has(j) ? WEIGHTS.unit(place.get(j), value(j)) : 0);
  const columns = [
    { title: say("feature"), left: true, cells: (j) => html("span", { class: "name", title: names[j] }, names[j]), value: (j) => names[j] },
    { left: true, cells: bar },
    { title: WEIGHTS.scale ? say("per standard deviation") : say("coefficient"), cells: (j) => number(value(j)), value },
  ];
  if (WEIGHTS.scale) columns.push({ title: say("per unit"), cells: (j) => number(perUnit(j)), value: perUnit });
  const search = html("input", { type: "search", id: fresh("search"), placeholder: say("find a feature"), autocomplete: "off", oninput: () => set("found", search.value) });
  const told = html("span", { class: "quiet", role: "status" });
  const tools = html("div", { class: "tools" }, html("span", { class: "field" }, html("label", { for: search.id, class: "sr" }, say("find a feature")), search));
  if (WEIGHTS.many) tools.append(choice(say("output"), [say("all (norm)"), ...WEIGHTS.outputs], (output) => set("output", output)));
  host.append(tools);
  const table = new Scroller(host, { columns, label: say("Coefficients at this strength") });
  tools.append(told, csvButton(() => download("coefficients.csv", table.csv())));
  const all = [...names.keys()];
  const update = () => {
    row = WEIGHTS.at();
    largest = row.reduce((most, v) => Math.max(most, Math.abs(v)), 0) || 1;
    const wanted = searched(names);
    const shown = wanted ? all.filter(wanted) : all;
    const size = new Float64Array(names.length);
    for (let f = 0; f < live; f += 1) size[ever[f]] = Math.abs(row[f]);
    shown.sort((a, b) => size[b] - size[a] || a - b);
    const alive = shown.reduce((count, j) => count + (size[j] !== 0), 0);
    told.textContent = say("{shown} shown, {alive} not zero", { shown: whole(shown.length), alive: whole(alive) });
    table.show(shown);
  };
  watch((what) => ["at", "found", "output"].includes(what) && update());
  update();
  addEventListener("beforeprint", () => table.paint(Math.max(10, row.reduce((count, v) => count + (v !== 0), 0))));
  addEventListener("afterprint", () => table.paint());
}
