// A plot: a canvas for what is dense, over it an SVG for axes, words and what moves.
const SIZE = 13; // px of a plot's letters
const ruler = document.createElement("canvas").getContext("2d");

function widthOf(text, bold) {
  ruler.font = `${bold ? "600 " : ""}${SIZE}px ${FONT}`;
  return ruler.measureText(text).width;
}
const FONT = getComputedStyle(document.body).fontFamily;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Names cut to so many pixels, at the end, the beginning or in the middle: where they stay different. */
function fitted(names, room) {
  const cut = (name, keep) => {
    const letters = [...name];
    if (widthOf(name) <= room) return name;
    for (let n = letters.length - 1; n > 0; n -= 1) {
      const head = keep === "head" ? n : keep === "tail" ? 0 : Math.ceil(n / 2);
      const tail = n - head;
      const text = `${letters.slice(0, head).join("")}…${tail ? letters.slice(-tail).join("") : ""}`;
      if (widthOf(text) <= room) return text;
    }
    return "…";
  };
  let best = null;
  for (const keep of ["middle", "head", "tail"]) {
    const found = names.map((name) => cut(name.slice(0, 400), keep));
    const different = new Set(found).size;
    if (!best || different > best.different) best = { found, different };
  }
  return best.found;
}

class Plot {
  /**
   * A plot in `host`. `draw(plot)` draws all of it, `move(plot)` what depends on the place on the path, and
   * `hover(plot, x, y)` returns the lines to say of what is at pixels x, y, or null.
   */
  constructor(host, { height, label, margins, draw, move, hover, press }) {
    Object.assign(this, { host, drawn: draw, moved: move, tall: height });
    this.margins = { left: 58, right: 16, top: 36, bottom: 46, ...margins };
    this.canvas = html("canvas", { "aria-hidden": "true" });
    this.svg = svg("svg", { role: "img", "aria-label": label });
    this.box = html("div", { class: "plot" }, this.canvas, this.svg);
    host.append(this.box);
    this.box.addEventListener("pointermove", (event) => {
      const [x, y] = this.pixels(event);
      if (press && event.buttons & 1) press(this, x, y);
      if (hover) showTooltip(event, hover(this, x, y));
    });
    this.box.addEventListener("pointerleave", () => {
      hideTooltip();
      if (hover) hover(this, -1, -1);
    });
    if (press) {
      this.box.classList.add("pressed");
      this.box.addEventListener("pointerdown", (event) => press(this, ...this.pixels(event)));
    }
    new ResizeObserver(() => this.width !== this.box.clientWidth && this.draw()).observe(this.box);
    plots.push(this);
  }

  pixels(event) {
    const box = this.svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  draw(sharp = Math.max(devicePixelRatio, 1)) {
    this.width = this.box.clientWidth;
    if (!this.width) return;
    const { left, right, top, bottom } = typeof this.margins === "function" ? this.margins(this) : this.margins;
    this.height = typeof this.tall === "function" ? this.tall(this.width) : this.tall;
    Object.assign(this, { left, top, right: this.width - right, bottom: this.height - bottom });
    this.canvas.width = Math.round(this.width * sharp);
    this.canvas.height = Math.round(this.height * sharp);
    for (const element of [this.canvas, this.box]) element.style.height = `${this.height}px`;
    this.ink = this.canvas.getContext("2d");
    this.ink.setTransform(sharp, 0, 0, sharp, 0, 0);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.still = svg("g");
    this.layer = svg("g");
    this.over = svg("g");
    this.svg.replaceChildren(this.still, this.layer, this.over);
    this.drawn(this);
    this.move();
  }

  move() {
    if (!this.layer) return;
    this.layer.replaceChildren();
    this.moved?.(this);
  }

  /** A scale from numbers to pixels, and back; logarithmic if asked. */
  scale(low, high, from, to, log = false) {
    const f = log ? Math.log : (v) => v;
    const [a, b] = [f(low), f(high)];
    const scale = (v) => from + ((f(v) - a) / (b - a || 1)) * (to - from);
    scale.back = (pixel) => {
      const v = a + ((pixel - from) / (to - from)) * (b - a);
      return log ? Math.exp(v) : v;
    };
    return Object.assign(scale, { low, high, log });
  }

  text(words, x, y, { anchor = "start", look = "", layer = this.still, ...more } = {}) {
    const element = svg("text", { x, y, "text-anchor": anchor, class: look, ...more }, words);
    layer.append(element);
    return element;
  }

  line(points, look, { layer = this.still, colour: ink, ...more } = {}) {
    let path = "";
    let pen = "M";
    for (const [x, y] of points) {
      if (Number.isFinite(x) && Number.isFinite(y)) {
        path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
        pen = "L";
      } else pen = "M";
    }
    const element = svg("path", { d: path, class: `line ${look ?? ""}`, style: ink ? `stroke:var(--${ink})` : null, ...more });
    layer.append(element);
    return element;
  }

  dot(x, y, r, look, { layer = this.still, colour: ink, ...more } = {}) {
    layer.append(svg("circle", { cx: x, cy: y, r, class: look, style: ink ? `fill:var(--${ink})` : null, ...more }));
  }

  /** Horizontal lines with their numbers, and the label above the axis. */
  axisY(label, { log = this.y.log, format = null } = {}) {
    const { low, high } = this.y;
    const [a, b] = [Math.min(low, high), Math.max(low, high)];
    const found = log ? logTicks(a, b) : ticks(a, b, Math.max(2, (this.bottom - this.top) / 46));
    const step = log ? null : found[1] - found[0];
    for (const value of found) {
      const y = this.y(value);
      if (y < this.top - 1 || y > this.bottom + 1) continue;
      this.line([[this.left, y], [this.right, y]], "grid");
      this.text(format ? format(value) : tickText(value, step), this.left - 7, y + 4, { anchor: "end", look: "tick" });
    }
    if (label) this.text(label, 4, this.top - 19, { look: "label" });
  }

  /** The line below with its numbers and label. */
  axisX(label, { format = null, count = (this.right - this.left) / 80 } = {}) {
    const { low, high, log } = this.x;
    const [a, b] = [Math.min(low, high), Math.max(low, high)];
    const found = log ? logTicks(a, b) : ticks(a, b, count);
    const step = log ? null : found[1] - found[0];
    this.line([[this.left, this.bottom], [this.right, this.bottom]], "axis");
    for (const value of found) {
      const x = this.x(value);
      this.line([[x, this.bottom], [x, this.bottom + 4]], "axis");
      this.text(format ? format(value) : tickText(value, step), x, this.bottom + 18, { anchor: "middle", look: "tick" });
    }
    if (label) this.text(label, (this.left + this.right) / 2, this.bottom + 38, { anchor: "middle", look: "label" });
  }

  /** Names to the right, each tied to its height; [{y, name, colour}]. */
  names(entries, layer = this.still) {
    if (!entries.length) return;
    const room = this.width - this.right - 22;
    const shown = fitted(entries.map((entry) => entry.name), room);
    const ends = entries.map((entry) => Math.min(Math.max(this.y(entry.value), this.top), this.bottom));
    const places = apart(ends, SIZE * 1.25, this.top, this.bottom);
    entries.forEach((entry, i) => {
      this.line([[this.right + 2, ends[i]], [this.right + 14, places[i]]], "tie", { layer, colour: entry.colour });
      this.text(shown[i], this.right + 18, places[i] + 4, { layer });
    });
  }
}

const plots = [];
const repaints = []; // of canvases that are no plots
/** The widest of some names, up to `most` pixels: the margin that they need. */
const marginFor = (names, most) => 24 + Math.min(most, Math.max(0, ...names.map((name) => widthOf(name))));
const redraw = (sharp) => (plots.forEach((plot) => plot.draw(sharp)), repaints.forEach((paint) => paint()));
watch((name) => name === "at" && plots.forEach((plot) => plot.move()));
