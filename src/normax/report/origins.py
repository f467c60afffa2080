"""Where a result comes from, as parts of the page: what was done to the columns, and how to run it again."""

from __future__ import annotations

from typing import Any

from normax.language import say
from normax.language.messages import retold
from normax.report.html import Raw, escape, section, table

__all__ = ["columns", "provenance"]


def columns(details: dict) -> Raw:
    """What was done to the columns of the table before any fit."""
    data = details.get("data") or {}
    rows = [
        [
            c["name"],
            say(c["kind"]),
            _count(c.get("levels")),
            _count(c.get("missing")),
            _count(c.get("features")),
        ]
        for c in data.get("columns") or []
    ]
    text = ""
    if data.get("left_out"):
        items = "".join(
            f"<li><b>{escape(c['name'])}</b>: {escape(retold(c['reason']))}</li>" for c in data["left_out"]
        )
        text += f"<h3>{say('Left out')}</h3><ul>{items}</ul>"
    notices = details.get("notices") or []
    if notices:
        text += (
            f"<h3>{say('Notices')}</h3><ul>"
            + "".join(f"<li>{escape(retold(n))}</li>" for n in notices)
            + "</ul>"
        )
    title = say("What was done to the columns")
    head = [say(name) for name in ("column", "kind", "levels", "missing", "features")]
    body = table(head, rows, left=2, name=title, file="columns") if rows else ""
    if len(rows) > 14:
        body = f"<details><summary><small>{say('all {count} columns', count=len(rows))}</small></summary>{body}</details>"
    if rows:
        told = say(
            "Numbers as they are, texts as one column for each level, dates as numbers, missing cells filled with the mean "
            "and marked by a column of their own. Means and standard deviations were learned inside each fold, from its "
            "training rows alone."
        )
        body = f"<p>{told}</p>{body}"
    return section(title, body, text)


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
                say("default" if s.get("default") else "given"),
                Raw(f'<span class="wide-cell">{escape(s.get("text"))}</span>'),
            ]
            for s in details["settings"]
        ]
        head = [say("option"), say("value"), "", say("meaning")]
        name = say("Options in force")
        text += f"<h3>{name}</h3>" + table(head, rows, left=4, name=name)
    seconds = details.get("seconds") or list(path.seconds.items())
    facts = [
        ("data", data.get("file")),
        ("sha-256", Raw(f"<code>{escape(data['sha256'])}</code>") if data.get("sha256") else None),
        ("rows", _rows(data)),
        ("seconds", ", ".join(f"{retold(name)} {value:.2g}" for name, value in seconds) or None),
        ("versions", ", ".join(f"{name} {v}" for name, v in (details.get("versions") or {}).items()) or None),
        ("created", details.get("created")),
    ]
    pairs = "".join(f"<dt>{say(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts if value)
    return section(
        say("To run it again" if text else "How long it took"), text, f"<dl>{pairs}</dl>" if pairs else None
    )


def _rows(data: dict) -> str | None:
    if data.get("rows") is None:
        return None
    text = say("{count} to fit", count=f"{data['rows']:,}")
    if data.get("test_rows"):
        text += ", " + say("{count} held out as a test set", count=f"{data['test_rows']:,}")
    if data.get("rows_without_target"):
        text += ", " + say("{count} without target left out", count=f"{data['rows_without_target']:,}")
    return text


def _count(value: int | None) -> str:
    return "" if not value else f"{value:,}"
