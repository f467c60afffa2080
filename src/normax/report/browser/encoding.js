// From what is typed in the fields to features, as the command makes them of a table's cells.
const DAY = 86400000;

const ENCODE = {
  numeric: (column, typed) => [typed === "" ? NaN : Number(typed)],
  boolean: (column, typed) => [typed === "" ? NaN : Number(typed)],
  date: (column, typed) => dated(column, typed === "" ? NaN : Date.parse(`${typed}${/T/.test(typed) ? "" : "T00:00"}Z`) / DAY, 1),
  time: (column, typed) => {
    const [, hours, minutes = 0, seconds = 0] = /^(\d+(?:\.\d+)?)(?::(\d+))?(?::(\d+))?$/.exec(typed.trim()) ?? [0, NaN];
    return dated(column, Number(hours) + Number(minutes) / 60 + Number(seconds) / 3600, 24);
  },
  text: (column, typed) => {
    const features = Array(column.levels.length + (column.rest ? 1 : 0)).fill(0);
    const at = column.levels.indexOf(typed);
    if (at >= 0) features[at] = 1;
    else if (column.rest && typed !== "") features[column.levels.length] = 1;
    return features;
  },
  words: (column, typed) => weighed(column, typed),
};

/** A date or time with what is told of it beside its place: levels of the calendar, or the sine and cosine of a round. */
function dated(column, value, unit) {
  const days = value / unit, there = Number.isFinite(days);
  const date = new Date(Math.floor(there ? days : 0) * DAY);
  const hour = Math.floor(Math.round((days - Math.floor(days)) * 86400) / 3600) % 24;
  const of = {
    year: date.getUTCFullYear(), quarter: Math.floor(date.getUTCMonth() / 3) + 1, month: date.getUTCMonth() + 1,
    weekday: (date.getUTCDay() + 6) % 7, hour,
  };
  const turn = (name) => (name === "hour" ? days - Math.floor(days) : (date - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY / 365.25);
  return [value, ...column.parts.flatMap(({ name, levels }) =>
    levels.length ? levels.map((level) => Number(there && of[name] === level)) : [Math.sin(2 * Math.PI * turn(name)), Math.cos(2 * Math.PI * turn(name))])];
}

/** TF-IDF weights of the words that are known, of length 1 together. */
function weighed(column, text) {
  const counts = new Map(), lower = text.toLowerCase();
  const count = (word) => counts.set(word, (counts.get(word) ?? 0) + 1);
  if (column.form === "word") (lower.match(/[\p{L}\p{N}_]{2,}/gu) ?? []).forEach(count);
  else for (const word of lower.split(/\s+/).filter(Boolean)) {
    const letters = [" ", ...word, " "];
    for (const n of [2, 3]) for (let k = 0; k + n <= letters.length; k += 1) count(letters.slice(k, k + n).join(""));
  }
  const weights = column.levels.map((word, j) => (counts.get(word) ?? 0) * column.idf[j]);
  const size = Math.hypot(...weights) || 1;
  return weights.map((weight) => weight / size);
}

/** The standardised features of the row that is typed. */
function features(typed) {
  const { columns, expansion } = DATA.row, mean = ROW_SCALE.mean, scale = ROW_SCALE.scale;
  const raw = columns.flatMap((column, c) => {
    const own = ENCODE[column.kind](column, typed[c]);
    return column.missing ? [...own, Number(typed[c] === "" || Number.isNaN(own[0]))] : own;
  });
  if (expansion) {
    const filled = raw.map((x, j) => (Number.isNaN(x) ? mean[j] : x));
    const curves = expansion.curves.flatMap((curve) => curved(curve, filled[curve.feature], expansion.functions));
    for (const j of expansion.numbers) filled[j] -= mean[j];
    raw.push(...curves, ...expansion.products.map(([i, j]) => filled[i] * filled[j]));
  }
  return raw.map((x, j) => (Number.isNaN(x) || !scale[j] ? 0 : (x - mean[j]) / scale[j]));
}

/** The basis functions of a curve at x: cubics between the knots, straight beyond. */
function curved({ knots, pieces }, x, functions) {
  if (!pieces.length) return Array(functions).fill(0);
  let at = 0;
  while (at < knots.length && x >= knots[at]) at += 1;
  const from = at ? knots[at - 1] : knots[0] - (knots.at(-1) - knots[0]), t = x - from;
  return pieces[at].map(([a, b, c, d]) => a + t * (b + t * (c + t * d)));
}

const ROW_SCALE = DATA.row && { mean: unpacked(DATA.row.mean), scale: unpacked(DATA.row.scale) };

/** Which columns are behind each feature: both of a product. */
function owners() {
  const { columns, expansion } = DATA.row;
  const own = columns.flatMap((column, c) => Array(column.width).fill([c]));
  if (!expansion) return own;
  const curves = expansion.curves.flatMap(({ feature }) => Array(expansion.functions).fill(own[feature]));
  return [...own, ...curves, ...expansion.products.map(([i, j]) => [...new Set([...own[i], ...own[j]])])];
}
