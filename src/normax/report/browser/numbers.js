// Numbers as they are written, and the ticks of an axis.

/** Three significant digits, without an exponent where that reads better: as the page's tables have them. */
function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000 && size < 1e7) return whole(size < 10 ** digits ? Number(value.toPrecision(digits)) : Math.round(value));
  if (size < 1e-4 || size >= 1e7) return value.toExponential(digits - 1).replace(/e([+-])(\d)$/, "e$10$2");
  return value.toPrecision(digits).replace("-", "−");
}

const whole = (value) => value.toLocaleString("en-US").replace("-", "−");
const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;

/** A count in at most four characters. */
function compact(count) {
  for (const [limit, unit] of [[1e6, "M"], [1e3, "k"]]) {
    if (count >= limit) return `${(count / limit).toFixed(count < 10 * limit ? 1 : 0)}${unit}`;
  }
  return String(count);
}

/** About `count` round numbers within [low, high]. */
function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) found.push(i * step);
  return found;
}

/** Round numbers of a logarithmic axis: powers of ten, with 2 and 5 between where there are few. */
function logTicks(low, high) {
  const found = [];
  const decades = Math.log10(high / low);
  const factors = decades > 3 ? [1] : decades > 1 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
  const every = Math.max(1, Math.ceil(decades / 8));
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e += 1) {
    for (const f of factors) if (e % every === 0 && f * 10 ** e >= low * 0.999 && f * 10 ** e <= high * 1.001) found.push(f * 10 ** e);
  }
  return found;
}

/** What a tick says: as few digits as tell it from its neighbours. */
function tickText(value, step) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return Number(value.toPrecision(3)).toExponential().replace("-", "−").replace("e+", "e");
  const decimals = step ? Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) : Math.max(0, -Math.floor(Math.log10(size)));
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.min(decimals, 8), minimumFractionDigits: step ? Math.min(decimals, 8) : 0 }).replace("-", "−");
}

/** Places at least `gap` apart within [low, high], in order and near the wanted ones: pools, as in isotonic regression. */
function apart(wanted, gap, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  gap = Math.min(gap, (high - low) / Math.max(wanted.length - 1, 1));
  const pools = [];
  order.forEach((i, rank) => {
    pools.push([wanted[i] - rank * gap, 1]);
    while (pools.length > 1 && pools.at(-2)[0] / pools.at(-2)[1] >= pools.at(-1)[0] / pools.at(-1)[1]) {
      const [total, count] = pools.pop();
      pools.at(-1)[0] += total;
      pools.at(-1)[1] += count;
    }
  });
  const starts = pools.flatMap(([total, count]) => Array(count).fill(total / count));
  const placed = Array(wanted.length);
  order.forEach((i, rank) => {
    placed[i] = Math.min(Math.max(starts[rank], low), high - (wanted.length - 1) * gap) + rank * gap;
  });
  return placed;
}
