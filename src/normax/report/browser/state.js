// Where the reader is on the path, and who wants to know when that changes.
const STRENGTHS = unpacked(DATA.strengths); // from strong to weak
const PLACES = unpacked(DATA.x); // where each stands on a logarithmic axis; strength 0 beside the weakest
const MARKS = DATA.marks;
const state = { at: MARKS.best ?? Math.floor(STRENGTHS.length / 2), output: 0, found: "" };
const watchers = [];

/** Have `watcher` called whenever the reader moves along the path, with the name of what changed. */
function watch(watcher) {
  watchers.push(watcher);
}

function set(name, value) {
  if (state[name] === value) return;
  state[name] = value;
  for (const watcher of watchers) watcher(name);
}

const go = (place) => set("at", Math.min(Math.max(Math.round(place), 0), STRENGTHS.length - 1));

/** What a place on the path is called: its choice, or nothing. */
function markOf(place) {
  const names = [];
  if (place === MARKS.minimum) names.push(say("minimum"));
  if (place === MARKS.one_se) names.push(say("1-SE"));
  return names.join(" = ");
}
