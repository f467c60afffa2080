"""The page: one self-contained report.html, with its pictures beside it as PNG files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path as File
from typing import Any

import numpy as np

from normax.files import write
from normax.language import say, spoken
from normax.language.messages import retold
from normax.report import asked, html, origins, results, traces
from normax.report.figures import error_figure, shown, trace_figure
from normax.report.html import Raw, escape
from normax.report.moving.block import block
from normax.report.moving.packing import json_text
from normax.report.moving.parts import part
from normax.report.moving.table import Tabled
from normax.report.strength_axis import has_choice, number
from normax.report.style import png
from normax.report.surface import surface_figure
from normax.report.words import captions, headline, objective

__all__ = ["index", "page"]


def page(
    folder: str | File, path: Any, details: Mapping[str, Any] | None = None, table: Tabled | None = None
) -> File:
    """Write `report.html`, `cv.png` (error curves) and `path.png` (traces) into a folder.

    Of a path with several axes the curves and traces are those at the chosen place, and the heat map of all
    (`surface.png`) stands before them.

    A slider moves through the path, and everything else with it. The page needs no network, adapts to light, dark,
    phone and print, speaks the language that is spoken (`normax.language`), and is written last, each file whole or not
    at all.

    Args:
        folder: where to write; made if missing.
        path: a result of `normax.path`.
        details: what the command knows beyond the path (title, columns, metrics, settings, ...); every key
            may be missing.
        table: the table's schema and target, so that a row of it can be tried.

    Returns:
        The path of `report.html`.

    Raises:
        InputError: if the folder cannot be written.
    """
    folder, known = File(folder), dict(details or {})
    opening = Raw("")
    if path.axes:
        opening, path = _surface(folder, path), replace(path.at(), notices=path.notices)
    rows = (known.get("data") or {}).get("rows") or _rows(path)
    data = block(path, known, table)
    body = [
        _head(path, known),
        opening,
        results.contest(known),
        *_moving(folder, path, known),
        *_filled(path, known, data),
        *asked.asked(table),
        results.baselines(path, known),
        results.metrics(known),
        results.confusion(known, moves=data["answers"] is not None),
        results.tensors(path),
        html.section(say("What was solved"), objective(path, rows)),
        origins.columns(known | {"notices": known.get("notices", path.notices)}),
        results.path_table(path),
        origins.provenance(path, known),
        f"<footer>{say('Drawn by normax.')}</footer>",
    ]
    return write(folder / "report.html", html.document(_title(known), "".join(body), json_text(data)))


def _filled(path: Any, details: dict, data: dict) -> list[Raw]:
    """What the script fills wherever it has the numbers for it."""
    coefficients = results.coefficients(path, details)
    answers = html.section(say("How it predicts"), part("answers")) if data["answers"] else Raw("")
    row = html.section(say("Try a row"), part("row")) if data.get("row") else Raw("")
    return [
        Raw(f'<div class="pair">{coefficients}{_constraint(data)}{_network(data)}</div>'),
        _maps(data),
        answers,
        row,
    ]


def _constraint(data: dict) -> Raw:
    """The loss over two coefficients, and the shape that the penalty allows them."""
    told = data.get("constraint")
    if not told:
        return Raw("")
    kind = "diamond" if told["ratio"] == 1 else "rounded" if told["ratio"] else "circle"
    title = "Why the circle gives no zeros" if kind == "circle" else "Why the corner gives zeros"
    about = say(
        "The loss of these data over two coefficients, the others held as they are at this strength: rings of equal loss "
        "around its lowest point (×). The orange shape is all that costs no more penalty than the fit; the fit (dot) is "
        "where the lowest ring touches it. The dotted line is their way along the path."
    )
    return html.section(
        say(title), part("constraint"), f"<figcaption>{about} {say(CORNERS[kind])}</figcaption>"
    )


CORNERS = {
    "diamond": "A diamond has corners on the axes, and a ring that grows towards it often meets a corner first: there one of the "
    "two is <b>exactly zero</b>.",
    "circle": "A circle has no corners: the ring meets it somewhere between the axes, and neither coefficient is exactly zero.",
    "rounded": "Its corners lie on the axes, where one of the two is <b>exactly zero</b>; its sides are round, which keeps "
    "correlated coefficients together.",
}


def _network(data: dict) -> Raw:
    """The inputs of a network by name, and how its fits went."""
    net = data.get("network") or {}
    inputs = html.section(say("Which inputs are alive"), part("inputs")) if net.get("inputs") else Raw("")
    told = say("The training loss at this strength: one line a fold, and in black the fit on all rows.")
    about = f"<figcaption>{told}</figcaption>"
    training = (
        html.section(say("How training went"), part("training"), about) if net.get("curves") else Raw("")
    )
    return Raw(inputs + training)


def _maps(data: dict) -> Raw:
    """What is left of every matrix of a network."""
    net = data.get("network") or {}
    if not any("map" in tensor for tensor in net.get("tensors", [])):
        return Raw("")
    told = say(
        "Every penalised matrix at this strength, units downwards, inputs to the right: <b>blue</b> is positive, "
        "<b>orange</b> negative, the darker the larger; the ground is exactly zero. The bar on the left is dark where a unit "
        "still reads something."
    )
    maps = Raw('<div class="maps" data-part="maps"></div>')
    return html.section(say("Which weights are left"), maps, f"<figcaption>{told}</figcaption>")


def _moving(folder: File, path: Any, details: dict) -> list[Raw]:
    """The two pictures that every path has, as files; and what moves along the path, as parts of the page."""
    write(folder / "cv.png", png(error_figure(path)))
    write(folder / "path.png", png(trace_figure(path, outputs=details.get("labels"))))
    about_errors, about_traces = captions(path, details)
    told = say(
        "This page moves by a script of its own, which is switched off here; cv.png and path.png beside it show the curves."
    )
    still = Raw(f"<noscript><p class=quiet>{told}</p></noscript>")

    linear = path.engine == "linear"
    does = "What the penalty does to the coefficients" if linear else "What the penalty does to the weights"

    def caption(text: str) -> str:
        return f"<figcaption>{text}</figcaption>"

    errors = html.section(say("How much penalty?"), part("errors"), caption(about_errors))
    traced = html.section(say(does), part("traces"), caption(about_traces))
    strip = Raw(f'<div class="strip">{part("slider")}</div>')
    return [still, strip, Raw(f'<div class="pair">{errors}{traced}</div>')]


def _surface(folder: File, path: Any) -> Raw:
    """The heat map of a path with several axes, as a file and as a section of the page."""
    wide = surface_figure(path)
    write(folder / "surface.png", png(wide))
    place = ""
    if has_choice(path):
        chosen = {"strength": path.best.strength, **path.best.settings}
        listed = ", ".join(f"{name} {number(value)}" for name, value in chosen.items())
        place = " " + say(
            "The disc is the entry that was chosen: {listed}. The ring is the minimum; dots are within one standard error of "
            "it.",
            listed=listed,
        )
    about = f"{say('The lighter, the better.')}{escape(place)} {say('What follows holds all but the strength there.')}"
    draw, alt = partial(surface_figure, path), "Validation error by two hyper-parameters"
    return html.section(say("Which settings?"), shown(draw, "surface", alt, about, wide))


def index(
    folder: str | File,
    reports: Iterable[tuple[str, Any, Mapping[str, Any] | None]],
    title: str,
    text: str = "",
) -> File:
    """Write `index.html`, a page that shows the error curves of several reports and links them.

    Args:
        folder: where to write; made if missing.
        reports: (address of the report relative to the folder, path, details) each.
        title: the page's title.
        text: a paragraph below it.

    Returns:
        The path of `index.html`.
    """
    cards, reports = [], list(reports)
    titles = [_title(details or {}) for _, _, details in reports]
    for number_, (address, path, details) in enumerate(reports):
        alt = say("Training and validation error against the strength of the penalty")
        picture = shown(partial(error_figure, path), f"card{number_}", alt, "")
        known, heading = details or {}, titles[number_]
        if titles.count(heading) > 1 and known.get("penalty"):  # two fits of one table
            heading = f"{heading}: {say('penalty {name}', name=known['penalty'])}"
        cards.append(
            f'<a class="card" href="{escape(address)}"><h2>{escape(heading)} <span>→</span></h2>'
            f"<p>{escape(headline(path, known))}</p>{_about(known)}{picture}</a>"
        )
    intro = f'<p class="headline">{escape(text)}</p>' if text else ""
    return write(
        File(folder) / "index.html",
        html.document(title, f'<h1>{escape(title)}</h1>{intro}<div class="cards">{"".join(cards)}</div>'),
    )


def _title(details: Mapping[str, Any]) -> str:
    data, target = details.get("data") or {}, details.get("target")
    if spoken() != "en" and target and data.get("file"):
        told = {"target": target, "count": len(data.get("columns") or []), "file": data["file"]}
        sentence = (
            "log of {target} from {count} columns of {file}"
            if details.get("log_target")
            else "{target} from {count} columns of {file}"
        )
        return say(sentence, **told)
    return details.get("title") or say("A regularisation path")


def _rows(path: Any) -> int | None:
    return round(float(np.sum(path.fold_sizes))) if has_choice(path) else None


def _head(path: Any, details: dict) -> Raw:
    """Title, headline, what it was about, the numbers to remember, and the caution."""
    tiles = []
    if has_choice(path):
        rule = say({"1se": "strength, by the 1\u2011SE rule", "min": "strength, at the minimum"}[path.select])
        tiles.append((number(path.best.strength), rule))
        counts, total, name, state = traces.counted(path)
        tiles.append(
            (
                f"{counts[path.best.index]:,}",
                say("of {total} {name}", total=f"{total:,}", name=say(f"{name} {state}")),
            )
        )
    for row in [m for m in details.get("metrics") or [] if m["name"] != "base rate"][:2]:
        tested = row.get("test") is not None
        value = row["test"] if tested else row.get("cv")
        if value is not None:
            tiles.append(
                (
                    number(value),
                    f"{say(row['name'])}, {say('test set' if tested else 'validation (optimistic)')}",
                )
            )
    tiled = "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(name)}</span></div>' for value, name in tiles
    )
    caution = details.get("caution")
    return Raw(
        f'<header><div class="top"><h1>{escape(_title(details))}</h1>{part("theme")}</div>'
        f'<p class="headline">{escape(headline(path, details))}</p>'
        + _about(details)
        + (f'<div class="tiles">{tiled}</div>' if tiled else "")
        + (f'<p class="caution">{escape(say(caution))}</p>' if caution else "")
        + "</header>"
    )


def _about(details: Mapping[str, Any]) -> str:
    """Model, penalty and size of the data, in one quiet line."""
    data = details.get("data") or {}
    about = [
        retold(details["model_text"]) if details.get("model_text") else None,
        say("penalty {name}", name=details["penalty"]) if details.get("penalty") else None,
        say("{count} rows", count=f"{data['rows']:,}") if data.get("rows") else None,
        say("{count} features", count=f"{data['features']:,}") if data.get("features") else None,
    ]
    return f'<p class="quiet">{escape(" · ".join(a for a in about if a))}</p>' if any(about) else ""
