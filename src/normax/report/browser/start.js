// Everything in its place: each part of the page that Python left room for.
const PARTS = {
  slider, errors: errorPlot, traces: tracesPart, maps: mapPart, inputs: inputTable, training: trainingPlot, coefficients: coefficientTable, constraint: constraintPart, answers: answersPart, row: rowPart, theme: themeButton,
};
document.body.append(tooltip);
document.documentElement.classList.add("moves");
for (const [name, make] of Object.entries(PARTS)) {
  const host = part(name);
  if (host) make(host);
}
document.querySelectorAll("table:not(.matrix):not([data-part] table)").forEach(movable);
