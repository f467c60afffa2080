// One small box that says what is under the pointer.
const tooltip = html("div", { class: "tooltip", hidden: true, "aria-hidden": "true" });

function showTooltip(event, lines) {
  if (!lines) return hideTooltip();
  tooltip.replaceChildren(...lines.map((line, i) => html(i ? "span" : "b", {}, line)));
  tooltip.hidden = false;
  const box = tooltip.getBoundingClientRect();
  const left = event.clientX + 14 + box.width > innerWidth - 6 ? event.clientX - 14 - box.width : event.clientX + 14;
  const top = Math.min(event.clientY + 14, innerHeight - box.height - 6);
  tooltip.style.transform = `translate(${Math.max(6, left)}px,${Math.max(6, top)}px)`;
}

function hideTooltip() {
  tooltip.hidden = true;
}
