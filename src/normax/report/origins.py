"""Where a result comes from, as parts of the page: what was done to the columns, and how to run it again."""

from __future__ import annotations

from typing import Any

from normax.report.html import Raw, escape, section, table

__all__ = ["columns", "provenance"]


def columns(details: dict) -> Raw:
    """What was done to the columns of the table before any fit."""
    data = details.get("data") or {}
    rows = [
        [c["name"], c["kind"], _count(c.get("levels")), _count(c.get("missing")), _count(c.get("features"))]
        for c in data.get("columns") or []
    ]
    text = ""
    if data.get("left_out"):
        items = "".join(
            f"<li><b>{escape(c['name'])}</b>: {escape(c['reason'])}</li>" for c in data["left_out"]
        )
        text += f"<h3>Left out</h3><ul>{items}</ul>"
    notices = details.get("notices") or []
    if notices:
        text += "<h3>Notices</h3><ul>" + "".join(f"<li>{escape(n)}</li>" for n in notices) + "</ul>"
    body = table(["column", "kind", "levels", "missing", "features"], rows, left=2) if rows else ""
    if len(rows) > 14:
        body = f"<details><summary><small>all {len(rows)} columns</small></summary>{body}</details>"
    if rows:
        body = (
            "<p>Numbers as they are, texts as one column for each level, dates as numbers, missing cells filled with "
            "the mean and marked by a column of their own. Means and standard deviations were learned inside "
            "each fold, from its training rows alone.</p>" + body
        )
    return section("What was done to the columns", body, text)


def provenance(path: Any, details: dict) -> Raw:
    """How to run it again: command, options, data, times, versions."""
    data, text = details.get("data") or {}, ""
    if details.get("command"):
        text += f"<pre>{escape(details['command'])}</pre>"
    if details.get("settings"):
        rows = [
            [
                Raw(f"<code>{escape(s['option'])}</code>"),
                s["value"],
                "default" if s.get("default") else "given",
                Raw(f'<span class="wide-cell">{escape(s.get("text"))}</span>'),
            ]
            for s in details["settings"]
        ]
        text += "<h3>Options in force</h3>" + table(["option", "value", "", "meaning"], rows, left=4)
    seconds = details.get("seconds") or list(path.seconds.items())
    facts = [
        ("data", data.get("file")),
        ("sha-256", Raw(f"<code>{escape(data['sha256'])}</code>") if data.get("sha256") else None),
        ("rows", _rows(data)),
        ("seconds", ", ".join(f"{name} {value:.2g}" for name, value in seconds) or None),
        ("versions", ", ".join(f"{name} {v}" for name, v in (details.get("versions") or {}).items()) or None),
        ("created", details.get("created")),
    ]
    pairs = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts if value)
    return section(
        "To run it again" if text else "How long it took", text, f"<dl>{pairs}</dl>" if pairs else None
    )


def _rows(data: dict) -> str | None:
    if data.get("rows") is None:
        return None
    text = f"{data['rows']:,} to fit"
    if data.get("test_rows"):
        text += f", {data['test_rows']:,} held out as a test set"
    if data.get("rows_without_target"):
        text += f", {data['rows_without_target']:,} without target left out"
    return text


def _count(value: int | None) -> str:
    return "" if not value else f"{value:,}"
