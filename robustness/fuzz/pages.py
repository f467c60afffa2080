"""A page is harmless if hostile names are text in it: no element, attribute or script of theirs."""

from __future__ import annotations

from html.parser import HTMLParser

from robustness.fuzz.box import Fault

__all__ = ["clean_page"]

_OURS = {"onclick", "onload"}


class _Reader(HTMLParser):
    """Counts what a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        for name, value in attributes:
            if name.startswith("on") and name not in _OURS:
                self.faults.append(f"<{tag} {name}>")
            if name in ("href", "src") and (value or "").strip().lower().startswith(("javascript:", "http")):
                self.faults.append(f"<{tag} {name}={value!r}>")


def clean_page(page: str) -> None:
    """Read a page as a browser does.

    Raises:
        Fault: for scripts, handlers or addresses that are not the page's own.
    """
    reader = _Reader()
    reader.feed(page)
    if reader.scripts > page.count("</script>") or "<script>canary" in page or "\x1b" in page:
        reader.faults.append("a script of the data's")
    if reader.faults:
        raise Fault(f"a page that runs what data says\n{reader.faults[:5]}")
