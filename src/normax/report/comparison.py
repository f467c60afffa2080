"""Methods compared on the same folds: their errors, their paired differences to the best one, and the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path as File
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from normax.files import write
from normax.language import say, spoken
from normax.language.messages import retold
from normax.report import html, origins
from normax.report.curves import loss_label
from normax.report.figures import WIDE, error_figure, shown
from normax.report.html import Raw, escape
from normax.report.labels import fitted, text_width
from normax.report.strength_axis import number
from normax.report.style import (
    COLOURS,
    SIZE,
    Picture,
    dress,
    families,
    picture,
    png,
    short,
    written,
)

__all__ = ["comparison_figure", "comparison_page"]

ROW, ABOVE, BELOW, GAP = 0.34, 0.42, 0.55, 0.3


def comparison_figure(comparison: Any, *, width: float = WIDE) -> Picture:
    """Two panels over the same rows, one a method: errors, and paired differences to the best; stacked where narrow.

    Args:
        comparison: a result of `nx.compare`.
        width: inches; the default 7.6 fits a page's column, 3.6 a phone.
    """
    rows = comparison.table()
    names = fitted([row["method"] for row in rows], 110)
    left = 0.3 + max(map(text_width, names)) / 72
    tall = ROW * (len(rows) + 0.4)
    loss = loss_label(next(iter(comparison.paths.values())).loss)
    draws = (_errors, _differences)
    behind = written("behind {name}, fold by fold", name=short(comparison.best, 18))
    titles = (written("held out ●  in training ○"), behind)
    labels = (written("{loss} per row, ± 1 SE", loss=written(loss)), written("difference, ± 1 SE"))
    stacked = width < 5
    height = ABOVE + BELOW + tall + (stacked * (tall + BELOW + ABOVE))
    fig = picture(width, height)
    wide = width - left - 0.15 if stacked else (width - left - GAP - 0.15) / 2
    for i, (draw, title) in enumerate(zip(draws, titles)):
        x, top = (left, ABOVE + i * (tall + BELOW + ABOVE)) if stacked else (left + i * (wide + GAP), ABOVE)
        ax = fig.add_axes((x / width, 1 - (top + tall) / height, wide / width, tall / height))
        dress(ax)
        ax.grid(axis="x", color=COLOURS["faint"], linewidth=0.6)
        ax.grid(axis="y", visible=False)
        draw(ax, rows)
        ax.set_ylim(len(rows) - 0.3, -0.7)
        ax.set_yticks(
            range(len(rows)), names if stacked or i == 0 else [""] * len(rows), fontfamily=families()
        )
        for tick, row in zip(ax.get_yticklabels(), rows):
            tick.set_fontweight("bold" if row["choice"] else "normal")
            tick.set_parse_math(False)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.xaxis.set_major_locator(MaxNLocator(5 if wide > 2.5 else 4))
        ax.set_title(
            title,
            loc="left",
            fontsize=SIZE - 0.5,
            color=COLOURS["muted"],
            fontfamily=families(),
            parse_math=False,
        )
        ax.set_xlabel(labels[i])
    return fig


def _errors(ax: Any, rows: Any) -> None:
    """Held-out errors with their bars, training errors as rings, the best held-out one as a line."""
    best = min(row["cv"] for row in rows)
    ax.axvline(best, color=COLOURS["faint"], linewidth=1.2, zorder=0)
    for i, row in enumerate(rows):
        ax.plot([row["train"], row["cv"]], [i, i], color=COLOURS["faint"], linewidth=1.4, zorder=1)
        ax.plot(
            row["train"],
            i,
            "o",
            color=COLOURS["s2"],
            markerfacecolor=COLOURS["paper"],
            markersize=5,
            zorder=2,
        )
        _point(ax, i, row["cv"], row["se"], bool(row["choice"]))
    values = (
        [row["cv"] + row["se"] for row in rows]
        + [row["cv"] - row["se"] for row in rows]
        + [r["train"] for r in rows]
    )
    low, high = _limits(np.array(values))
    ax.set_xlim(low, high)


def _differences(ax: Any, rows: Any) -> None:
    """What each method loses against the best one; its own row is zero by definition."""
    ax.axvline(0, color=COLOURS["muted"], linewidth=0.9, zorder=0)
    ends = [0.0]
    for i, row in enumerate(rows):
        _point(ax, i, row["difference"], row["difference_se"], bool(row["choice"]))
        ends += [row["difference"] - row["difference_se"], row["difference"] + row["difference_se"]]
    ax.set_xlim(*_limits(np.array(ends)))


def _point(ax: Any, y: float, value: float, se: float, best: bool) -> None:
    colour = COLOURS["s1"]
    ax.plot(
        [value - se, value + se],
        [y, y],
        color=colour,
        linewidth=2.2 if best else 1.4,
        zorder=3,
        solid_capstyle="butt",
    )
    ax.plot(value, y, "o", color=colour, markersize=8 if best else 6, zorder=4)


def _limits(values: np.ndarray) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    return low - room, high + room


def comparison_page(folder: str | File, comparison: Any, details: Mapping[str, Any] | None = None) -> File:
    """Write `report.html` and `compare.png` into a folder, each file whole or not at all.

    Args:
        folder: where to write; made if missing.
        comparison: a result of `nx.compare`.
        details: what the command knows beyond it (title, data, settings, ...); every key may be missing.

    Returns:
        The path of `report.html`.

    Raises:
        InputError: if the folder cannot be written.
    """
    folder, known = File(folder), dict(details or {})
    title = _title(known)
    wide = comparison_figure(comparison)
    write(folder / "compare.png", png(wide))
    notices = known.get("notices") or comparison.notices
    listed = "".join(f"<li>{escape(retold(notice))}</li>" for notice in notices)
    data = known.get("data") or {}
    about = [
        retold(known["model_text"]) if known.get("model_text") else None,
        say("{count} rows", count=f"{data['rows']:,}") if data.get("rows") else None,
        say("{count} features", count=f"{data['features']:,}") if data.get("features") else None,
    ]
    picture = shown(
        partial(comparison_figure, comparison),
        "compare",
        say("Errors of the methods and their differences to the best one"),
        say(CAPTION),
        wide,
    )
    body = [
        f'<header><h1>{escape(title)}</h1><p class="headline">{escape(headline(comparison))}</p>'
        f'<p class="quiet">{escape(" · ".join(a for a in about if a))}</p></header>',
        html.section(
            say("Which cure?"),
            picture,
            comparison_table(comparison, known.get("tested")),
            f'<p class="caution">{escape(say(CAUTION))}</p>',
        ),
        *_paths(comparison),
        html.section(say("Notices"), f"<ul>{listed}</ul>" if listed else ""),
        origins.provenance(next(iter(comparison.paths.values())), known) if known else "",
        f"<footer>{say('Drawn by normax.')}</footer>",
    ]
    return write(folder / "report.html", html.document(title, "".join(body)))


def _paths(comparison: Any) -> Iterator[Raw]:
    """The error curve of every method that has a strength, and no other axis."""
    for i, (name, path) in enumerate(comparison.paths.items()):
        if name not in comparison.without_strength and not getattr(path, "axes", {}):
            alt, about = (
                say("Training and validation error against the strength of the penalty"),
                say("{name}: its errors along its own path.", name=escape(name)),
            )
            yield html.section(
                say("The path of {name}", name=name), shown(partial(error_figure, path), f"m{i}", alt, about)
            )


CAPTION = (
    "<b>On the left</b>, filled: mean error on the rows that a fold held out, with ± 1 standard error; rings: error on"
    " the rows that it was fitted to. A long way between ring and point is overfitting. <b>On the right</b>: how much"
    " worse than the best a method is, fold by fold. All met the same folds, so that what makes a fold hard cancels;"
    " where the bar of a difference comes near zero, these data do not tell the two apart."
)
CAUTION = (
    "The strengths were chosen on the same folds, and so was the best method: the more strengths were tried, the more "
    "the error of a method leans to the bright side. The folds share training rows, which makes standard errors of "
    "differences somewhat too small."
)


def headline(comparison: Any) -> str:
    """The best method, and which the data cannot tell from it."""
    rows = comparison.table()
    best = next(row for row in rows if row["choice"])
    near = [r["method"] for r in rows if not r["choice"] and r["difference"] <= r["difference_se"]]
    text = say(
        "{method} has the smallest validation error, {error} ± {se}",
        method=best["method"], error=number(best["cv"]), se=number(best["se"]),
    )  # fmt: skip
    text = f"{rows.first} {text}" if getattr(rows, "first", None) else text
    if near:
        told = "; {methods} cannot be told from it (within one standard error of the difference)."
        return text + say(told, methods=_listed(near))
    return text + say("; every other method is more than one standard error of the difference behind.")


def _title(details: Mapping[str, Any]) -> str:
    """As it was told; in another language than English with the file alone."""
    file = (details.get("data") or {}).get("file")
    if spoken() != "en" and file:
        return say("Methods compared on {file}", file=file)
    return details.get("title") or say("Methods compared")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])}{say(' and ')}{names[-1]}"


def comparison_table(comparison: Any, tested: Mapping[str, float] | None = None) -> Raw:
    """One row a method, the best one stressed; `tested` are errors on a test set by method."""
    rows = comparison.table()
    errors = ["training error", "validation error", "± SE", "behind the best", "± SE"]
    head = ["method", "strength", "not zero", *errors, *(["test error"] if tested else []), "seconds"]
    head = [say(title) for title in head]
    cells = [
        [
            row["method"].replace("-", "\u2011"),  # so that no name breaks
            "–" if row["strength"] == "-" else number(row["strength"]),
            f"{row['nonzero']:,}",
            *(number(row[key]) for key in ("train", "cv", "se")),
            *(["–", "–"] if row["choice"] else [number(row["difference"]), number(row["difference_se"])]),
            *([number(tested[row["method"]])] if tested else []),
            f"{row['seconds']:.1f}",
        ]
        for row in rows
    ]
    marked = [i for i, row in enumerate(rows) if row["choice"]]
    return html.table(head, cells, marked=marked, name=say("Methods compared"))
