// The tables that Python wrote: a click on a head sorts them, a button hands them over.
function movable(table) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const given = [...body.rows];
  const value = (cell) => {
    const text = cell.textContent.trim().replaceAll(",", "").replace("−", "-");
    return text === "" || text === "–" ? null : Number.isNaN(Number(text)) ? cell.textContent.trim() : Number(text);
  };
  let by = null, down = false;
  heads.forEach((head, c) => {
    const text = head.textContent;
    head.scope = "col";
    if (!text) return;
    head.replaceChildren(html("button", { type: "button", onclick: () => {
      if (by !== c) [by, down] = [c, head.classList.contains("n")];
      else if (down === head.classList.contains("n")) down = !down;
      else by = null;
      const rows = by === null ? given : [...given].sort((a, b) => {
        const [x, y] = [value(a.cells[c]), value(b.cells[c])];
        return x === null || y === null ? (x === null) - (y === null) : (down ? -1 : 1) * compared(x, y);
      });
      heads.forEach((other, o) => other.setAttribute("aria-sort", by === o ? (down ? "descending" : "ascending") : "none"));
      body.append(...rows);
    } }, text));
  });
  if (table.dataset.file) {
    const cells = (row) => csvRow([...row.cells].map((cell) => cell.textContent.trim()));
    table.parentElement.after(html("div", { class: "tools" }, csvButton(() => download(`${table.dataset.file}.csv`, cells(table.tHead.rows[0]) + [...body.rows].map(cells).join("")))));
  }
}
