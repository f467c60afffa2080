// The numbers of the page, as Python packed them, and the words of its language.
const DATA = JSON.parse(document.getElementById("data").textContent);
const KINDS = { f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, i4: Int32Array };

/** An array out of its packed bytes; `shape` stays with it. */
function unpacked(packed) {
  if (!packed) return null;
  const bytes = Uint8Array.from(atob(packed.b), (letter) => letter.charCodeAt(0));
  const array = new KINDS[packed.f](bytes.buffer);
  array.shape = packed.shape;
  return array;
}

/** A sentence in the language of the page, with {name} where a value goes. */
function say(text, values) {
  const said = Object.hasOwn(DATA.words, text) ? DATA.words[text] : text;
  return values ? said.replace(/\{(\w+)\}/g, (_, name) => values[name]) : said;
}
