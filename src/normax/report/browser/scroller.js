// A table of any length, of which only the rows in view exist.
const ROW = 30; // px of a row

class Scroller {
  /**
   * @param columns [{title, left, cells(row) -> text or element, value(row) -> what it is sorted and written by}]
   * @param label of the table, for who cannot see it
   */
  constructor(host, { columns, label, file, height = 420 }) {
    Object.assign(this, { columns, rows: [], by: null, down: true, file });
    this.heads = columns.map((column, c) =>
      html("th", { scope: "col", class: column.left ? null : "n" }, column.title ? html("button", { type: "button", onclick: () => this.sort(c) }, column.title) : html("span", { class: "sr" }, say("bar"))));
    this.body = html("tbody");
    this.table = html("table", { class: "long", "aria-label": label }, html("thead", {}, html("tr", {}, this.heads)), this.body);
    this.box = html("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": label, style: `max-height:${height}px` }, this.table);
    this.box.addEventListener("scroll", () => this.paint(), { passive: true });
    this.tall = height;
    host.append(this.box);
  }

  /** Sort by a column; again, the other way round; a third time, as the rows came. */
  sort(c) {
    if (this.by !== c) [this.by, this.down] = [c, !this.columns[c].left];
    else if (this.down !== !this.columns[c].left) this.by = null;
    else this.down = !this.down;
    this.show(this.given);
  }

  show(rows) {
    this.given = rows;
    this.rows = rows;
    const column = this.columns[this.by];
    this.heads.forEach((head, c) => head.setAttribute("aria-sort", this.by !== c ? "none" : this.down ? "descending" : "ascending"));
    if (column) {
      const sign = this.down ? -1 : 1;
      this.rows = [...rows].sort((a, b) => sign * compared(column.value(a), column.value(b)));
    }
    this.table.setAttribute("aria-rowcount", this.rows.length + 1);
    this.paint();
  }

  /** The rows in view; on paper the first `all` of them. */
  paint(all = 0) {
    const from = all ? 0 : Math.max(0, Math.floor(this.box.scrollTop / ROW) - 4);
    const to = all ? Math.min(this.rows.length, all, 60) : Math.min(this.rows.length, from + Math.ceil(this.tall / ROW) + 8);
    const gap = (rows) => (rows > 0 ? [html("tr", { class: "gap", "aria-hidden": "true", style: `height:${rows * ROW}px` })] : []);
    const shown = this.rows.slice(from, to).map((row, i) =>
      html("tr", { "aria-rowindex": from + i + 2 }, this.columns.map((column) => html("td", { class: column.left ? null : "n" }, column.cells(row)))));
    this.body.replaceChildren(...gap(from), ...shown, ...(all ? [] : gap(this.rows.length - to)));
  }

  csv() {
    const columns = this.columns.filter((column) => column.title);
    return csvRow(columns.map((column) => column.title)) + this.rows.map((row) => csvRow(columns.map((column) => column.value(row)))).join("");
  }
}

/** Numbers by size, texts by the language's order, what is neither at the end. */
function compared(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (a === null || b === null) return (a === null) - (b === null);
  return String(a).localeCompare(String(b), DATA.lang, { numeric: true });
}

/** A button that hands over a table as CSV. */
const csvButton = (text) => html("button", { type: "button", class: "small", onclick: text }, say("Download CSV"));
