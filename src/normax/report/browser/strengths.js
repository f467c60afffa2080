// The axis that plots of a path share: strong on the left, weak on the right; and the lines upon it.
const LEAVES = STRENGTHS.length > 1 ? (PLACES[0] / PLACES.at(-1)) ** 0.02 : 3;

function strengthScale(plot) {
  plot.x = plot.scale(PLACES[0] * LEAVES, PLACES.at(-1) / LEAVES, plot.left, plot.right, true);
}

function strengthAxis(plot) {
  const { low: high, high: low } = plot.x;
  const zero = STRENGTHS.at(-1) === 0 ? PLACES.at(-1) : null;
  let found = logTicks(low, high).filter((value) => zero === null || value > zero * 1.3);
  const room = (plot.right - plot.left) / 58;
  if (found.length > room) found = found.filter((v) => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9);
  while (found.length > room) found = found.filter((_, i) => i % 2 === 0);
  plot.line([[plot.left, plot.bottom], [plot.right, plot.bottom]], "axis");
  for (const value of zero === null ? found : [...found, zero]) {
    const x = plot.x(value);
    plot.line([[x, plot.bottom], [x, plot.bottom + 4]], "axis");
    plot.text(value === zero ? "0" : tickText(value), x, plot.bottom + 18, { anchor: "middle", look: "tick" });
  }
  const along = DATA.along === "strength" ? say("strength s (log scale)") : DATA.along;
  const narrow = plot.right - plot.left < 300;
  plot.text(narrow ? along : `← ${say("strong")}\u2003${along}\u2003${say("weak")} →`, (plot.left + plot.right) / 2, plot.bottom + 38, { anchor: "middle", look: "label" });
}

/** Dashed lines at the minimum and at the 1-SE choice, their names below the top. */
function markLines(plot, named) {
  const same = MARKS.minimum === MARKS.one_se, written = [];
  for (const [name, text, left] of [["minimum", say(same ? "minimum = 1-SE" : "minimum"), false], ["one_se", say("1-SE"), true]]) {
    if (MARKS[name] === undefined || (same && name === "one_se")) continue;
    const x = plot.x(PLACES[MARKS[name]]);
    plot.line([[x, plot.top], [x, plot.bottom]], "mark");
    if (!named) continue;
    const width = widthOf(text) + 6;
    const before = (left && x - width > plot.left) || x + width > plot.right;
    const start = before ? x - 4 - width : x + 4;
    const row = written.filter(([a, b]) => start < b && a < start + width).length; // one above the other where they meet
    written.push([start, start + width]);
    plot.text(text, before ? x - 4 : x + 4, plot.bottom - 6 - 16 * row, { anchor: before ? "end" : "start", look: "quiet halo" });
  }
}

/** The line at which the reader is, and how many are left there. */
function herePointer(plot) {
  const x = plot.x(PLACES[state.at]);
  plot.line([[x, plot.top - 6], [x, plot.bottom]], "here", { layer: plot.layer });
  plot.layer.append(svg("path", { d: `M${x - 5} ${plot.top - 11}h10l-5 7z`, class: "pointer" }));
}

/** The place on the path nearest to a pixel. */
function nearest(plot, x) {
  let best = 0;
  for (let i = 1; i < PLACES.length; i += 1) {
    if (Math.abs(plot.x(PLACES[i]) - x) < Math.abs(plot.x(PLACES[best]) - x)) best = i;
  }
  return best;
}

/** A press or a drag on a plot of strengths goes there. */
const pressToGo = (plot, x) => x >= plot.left - 12 && x <= plot.right + 12 && go(nearest(plot, x));
