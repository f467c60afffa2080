// Elements of HTML and SVG; names out of data become text, never markup.
function made(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const html = (tag, attributes, ...children) => made(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  made(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

let ids = 0;
const fresh = (word) => `${word}-${(ids += 1)}`;

/** A labelled choice of one of several names; `chosen` is called with the place of the one taken. */
function choice(label, names, chosen, first = 0) {
  const id = fresh("choice");
  const options = names.map((name, i) => html("option", { value: i, selected: i === first }, name));
  const select = html("select", { id, onchange: () => chosen(Number(select.value)) }, options);
  return html("span", { class: "field" }, html("label", { for: id }, label), select);
}

/** The place that Python left for a part of the page, or null. */
const part = (name) => document.querySelector(`[data-part="${name}"]`);

/** A file made here and handed to the reader; nothing goes over a network. */
function download(name, text) {
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = html("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** A row of a CSV file, whose cells no spreadsheet takes for a formula. */
function csvRow(cells) {
  const cell = (value) => {
    let text = String(value ?? "");
    if (typeof value === "string" && /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(text) && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) text = `'${text}`;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${cells.map(cell).join(",")}\r\n`;
}
