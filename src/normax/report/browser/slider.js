// The strip that stays in view: the strength, what it gives, and the ways to change it.
function slider(host) {
  const last = STRENGTHS.length - 1;
  const id = fresh("slider");
  const range = html("input", {
    id, type: "range", min: 0, max: last, step: 1, value: state.at, oninput: () => go(Number(range.value)),
  });
  const [strength, left, train, error, free] = ["strength", "left", "train", "error", "free"].map((name) => html("b", { class: name }));
  const told = (name, value) => html("span", { class: "fact" }, value, html("small", {}, name));
  const jumps = [["one_se", say("1-SE")], ["minimum", say("minimum")]]
    .filter(([name]) => MARKS[name] !== undefined)
    .map(([name, text]) => html("button", { type: "button", "data-go": name, onclick: () => go(MARKS[name]) }, text));
  const play = html("button", { type: "button", class: "play", onclick: () => (timer ? stop() : start()) }, "▶");
  const marks = html("div", { class: "marks", "aria-hidden": "true" });
  for (const name of ["one_se", "minimum"]) {
    if (MARKS[name] !== undefined) marks.append(html("i", { style: `--at:${MARKS[name] / Math.max(last, 1)}` }));
  }
  let timer = null;
  const label = (text) => (play.setAttribute("aria-label", say(text)), play.setAttribute("title", say(text)));
  const stop = () => (clearInterval(timer), (timer = null), (play.textContent = "▶"), label("Play the path"));
  const start = () => {
    if (state.at === last) go(0);
    timer = setInterval(() => (state.at < last ? go(state.at + 1) : stop()), Math.max(30, 6000 / (last + 1)));
    play.textContent = "⏸";
    label("Stop");
  };
  stop();
  const cv = unpacked(DATA.cv), se = unpacked(DATA.se), training = unpacked(DATA.train), nonzero = unpacked(DATA.nonzero), degrees = unpacked(DATA.degrees);
  const update = () => {
    const i = state.at;
    range.value = i;
    strength.textContent = number(STRENGTHS[i]);
    left.textContent = whole(nonzero[i]);
    train.textContent = number(training[i]);
    error.textContent = Number.isFinite(cv[i]) ? `${number(cv[i])} ± ${number(se[i])}` : "–";
    if (degrees) free.textContent = number(degrees[i]);
    const mark = markOf(i);
    range.setAttribute("aria-valuetext", `${DATA.along} ${number(STRENGTHS[i])}${mark ? `, ${mark}` : ""}, ${whole(nonzero[i])} ${DATA.noun}`);
    for (const button of jumps) button.setAttribute("aria-pressed", MARKS[button.dataset.go] === i);
  };
  watch((name) => name === "at" && update());
  update();
  host.append(
    html("div", { class: "track" }, html("label", { for: id, class: "sr" }, say("Strength of the penalty")), play, html("div", { class: "range" }, range, marks), ...jumps),
    html("div", { class: "facts" },
      told(DATA.along === "strength" ? say("strength s") : DATA.along, strength), told(`${DATA.noun}, ${say("of {total}", { total: whole(DATA.total) })}`, left),
      degrees ? told(say("effective degrees of freedom"), free) : null, told(say("training error"), train), DATA.folds ? told(say("validation error ± SE"), error) : null),
  );
  document.addEventListener("keydown", (event) => {
    const tag = event.target.tagName;
    if (event.altKey || event.ctrlKey || event.metaKey || ["INPUT", "SELECT", "TEXTAREA"].includes(tag) || event.target.closest("[tabindex='0']")) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (!step || event.key.startsWith("Page")) return;
    go(state.at + step * (event.shiftKey ? 10 : 1));
    event.preventDefault();
  });
}
