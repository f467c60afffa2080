// Light or dark: as the reader's screen is, until the button is pressed; on paper always light.
function themeButton(host) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const is = () => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  const button = html("button", { type: "button", class: "theme", onclick: () => {
    document.documentElement.dataset.theme = is() === "dark" ? "light" : "dark";
    show();
  } });
  const show = () => {
    const text = say(is() === "dark" ? "Light" : "Dark");
    button.replaceChildren(is() === "dark" ? "☀ " : "☾ ", text);
    redraw();
  };
  dark.addEventListener("change", show);
  host.append(button);
  show();
  let before;
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    redraw(3);
  });
  addEventListener("afterprint", () => {
    if (before) document.documentElement.dataset.theme = before;
    else delete document.documentElement.dataset.theme;
    redraw();
  });
}
