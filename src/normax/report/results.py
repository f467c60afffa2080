"""What came out, as tables of the page: baselines, measures, confusion, coefficients, the whole path."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.language import say
from normax.language.messages import retold
from normax.report.curves import loss_label
from normax.report.html import Raw, escape, scroll, section, table
from normax.report.moving.parts import part
from normax.report.strength_axis import has_choice, number

__all__ = [
    "baselines",
    "coefficients",
    "confusion",
    "contest",
    "metrics",
    "path_table",
    "tensors",
]

ROWS = 60  # coefficients shown at once; coefficients.csv has them all
NAMES = {
    "null": "null model (no features)",
    "chosen": "chosen",
    "minimum": "minimum of the error",
    "one_se": "1-SE rule",
    "unpenalised": "no penalty",
}


def baselines(path: Any, details: dict) -> Raw:
    """The chosen model between the one without features and the one without a penalty."""
    rows = details.get("baselines")
    if rows is None:
        rows = _own_baselines(path)
    if not rows:
        return Raw("")
    tested = any(row.get("test") is not None for row in rows)
    head = ["model", "strength", "not zero", "validation error", "± SE", *(["test error"] if tested else [])]
    head = [say(title) for title in head]
    cells = [
        [
            say(NAMES.get(row["model"], row["model"])),
            number(row.get("strength")),
            "–" if row.get("nonzero") is None else f"{row['nonzero']:,}",
            number(row.get("cv")),
            number(row.get("se")),
            *([number(row.get("test"))] if tested else []),
        ]
        for row in rows
    ]
    marked = [i for i, row in enumerate(rows) if row["model"] == "chosen"]
    loss = say(details.get("loss_text") or loss_label(path.loss))
    cost = escape(details.get("cost") or "")
    note = f'<p class="quiet">{say("Error per row: {loss}. Lower is better.", loss=escape(loss))} {cost}</p>'
    title = say("Against the simple models")
    return section(title, table(head, cells, marked=marked, name=title, file="baselines"), note)


def contest(details: dict) -> Raw:
    """The models that were compared on the same folds, and which is kept."""
    found = details.get("contest")
    if not found:
        return Raw("")
    models = found["models"]
    units, tested = (any(row.get(key) is not None for row in models) for key in ("rmse", "test"))
    head = ["model", "not zero", "validation error", "± SE", "behind the best", "± SE"]
    head += [*(["RMSE"] if units else []), *(["test error"] if tested else []), "seconds"]
    best = min(row["cv"] for row in models)
    cells = [
        [
            row["model"],
            f"{row['nonzero']:,}",
            *(number(row[key]) for key in ("cv", "se")),
            *(["–", "–"] if row["cv"] == best else [number(row[key]) for key in ("behind", "behind_se")]),
            *([number(row["rmse"])] if units else []),
            *([number(row["test"])] if tested else []),
            f"{row['seconds']:.1f}",
        ]
        for row in models
    ]
    head = [say(title) for title in head]
    marked = [i for i, row in enumerate(models) if row["kept"]]
    note = say(
        "All met the same folds. How far a model is behind the best is taken fold by fold; the simplest that is not"
        " behind by more than the standard error of that difference is kept, and what follows is about it."
    )
    text = (
        f"<p>{escape(retold(found['verdict']))}</p>",
        table(head, cells, marked=marked, name=say("Which model?"), file="models"),
        f'<p class="quiet">{note}</p>',
    )
    return section(say("Which model?"), *text)


def _own_baselines(path: Any) -> list[dict]:
    rows: list[dict] = []
    if path.null_error is not None:
        rows.append({"model": "null", "nonzero": 0, "cv": path.null_error[0], "se": path.null_error[1]})
    marks = []
    if has_choice(path):
        marks = [("chosen", path.best), ("minimum", path.minimum)]
        marks = marks[: 1 + (path.best.index != path.minimum.index)]
    rows += [
        {"model": name, "strength": c.strength, "nonzero": c.nonzero, "cv": c.cv_mean, "se": c.cv_se}
        for name, c in marks
    ]
    if path.unpenalised_error is not None:
        cv, se, nonzero = path.unpenalised_error
        rows.append({"model": "unpenalised", "strength": 0.0, "nonzero": nonzero, "cv": cv, "se": se})
    return rows


def metrics(details: dict) -> Raw:
    """The measures that people use, out of fold and, where there is one, on the test set."""
    rows = details.get("metrics") or []
    if not rows:
        return Raw("")
    tested = any(row.get("test") is not None for row in rows)
    head = [say(title) for title in ("measure", "what it is", "validation", *(["test"] if tested else []))]
    cells = [
        [
            say(row["name"]),
            say(row.get("text") or ""),
            number(row.get("cv")),
            *([number(row.get("test"))] if tested else []),
        ]
        for row in rows
    ]
    note = say(
        "Validation: each row predicted by the fold that did not see it. The strength was chosen on these same rows, so the "
        "numbers lean to the bright side."
    )
    if tested:
        note += " " + say("Test: rows held out until the end, which nothing was chosen on.")
    title = say("How well it predicts")
    return section(
        title, table(head, cells, left=2, name=title, file="measures"), f'<p class="quiet">{note}</p>'
    )


def confusion(details: dict, moves: bool = False) -> Raw:
    """Counts of true against predicted labels; hits in one colour, misses in the other.

    Args:
        details: of the run.
        moves: whether the page's script counts the held-out rows itself, so that these here are for who has none.
    """
    data = details.get("confusion")
    if not data:
        return Raw("")
    labels, out = [str(label) for label in data["labels"]], ""
    for key, name in (("cv", "validation"), ("test", "test")):
        counts = data.get(key)
        if not counts:
            continue
        share = np.asarray(counts, float)
        share = share / np.maximum(share.sum(1, keepdims=True), 1)
        rows = "".join(
            f"<tr><td>{escape(labels[i])}</td>"
            + "".join(
                f'<td class="{"heat" if i == j else "miss"}" style="--h:{_heat(share[i, j], i == j)}%">{count:,}</td>'
                for j, count in enumerate(row)
            )
            + "</tr>"
            for i, row in enumerate(counts)
        )
        head = "".join(f'<th class="n">{escape(label)}</th>' for label in labels)
        matrix = f'<table class="matrix"><thead><tr><th>{say("true ↓ predicted →")}</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
        part_ = f"<h3>{say(name)}</h3>{scroll(matrix, say('Where it errs'))}"
        out += f'<div class="still">{part_}</div>' if moves and key == "cv" else part_
    return section(say("Where it errs"), out, still=moves and not data.get("test"))


def _heat(share: float, hit: bool) -> int:
    """Percent of colour, on which ink can be read: misses are rare, so theirs rises steeply."""
    return round(34 * (share if hit else share**0.5))


def coefficients(path: Any, details: dict) -> Raw:
    """The coefficients that are not zero, largest first, and the names of the others."""
    if path.engine != "linear":
        return Raw("")
    if not has_choice(path):
        return section(say("Coefficients"), part("coefficients"))
    rows = details.get("coefficients")
    if rows is None:
        rows = _own_coefficients(path)
    live = [row for row in rows if row["standardised"] != 0]
    dead = [row for row in rows if row["standardised"] == 0]
    outputs = any(row.get("output") is not None for row in rows)
    both = any(row.get("original") is not None for row in rows)
    largest = max((abs(row["standardised"]) for row in live), default=1.0)
    head = [
        say("feature"),
        *([say("output")] if outputs else []),
        "",
        *([say("per standard deviation"), say("per unit")] if both else [say("coefficient")]),
    ]
    cells = [
        [
            row["feature"],
            *([row.get("output")] if outputs else []),
            _bar(row["standardised"] / largest),
            number(row["standardised"]),
            *([number(row.get("original"))] if both else []),
        ]
        for row in live[:ROWS]
    ]
    for row in details.get("intercept") or []:
        end = row.get("output")  # of levels, which share their coefficients
        name = Raw(f"<i>{say('intercept')}</i>{'' if outputs or end is None else f' {escape(end)}'}")
        values = [number(row["standardised"]), *([number(row.get("original"))] if both else [])]
        cells.append([name, *([row.get("output")] if outputs else []), "", *values])
    text = note = ""
    if len(live) > ROWS:
        text += f"<p>{say('{count} smaller ones are not shown.', count=f'{len(live) - ROWS:,}')}</p>"
    if dead:
        names = [
            f"{r['feature']} ({r['output']})" if r.get("output") is not None else r["feature"] for r in dead
        ]
        shown = ", ".join(escape(name) for name in names[:200]) + ("…" if len(names) > 200 else "")
        text += (
            f"<details><summary><small>{say('{count} exactly zero', count=f'{len(dead):,}')}</small></summary>"
            f"<p>{shown}</p></details>"
        )
    if both:
        told = say(
            "Per standard deviation: the change of the output when the column rises by one standard deviation; these "
            "compare with each other. Per unit: in the column’s own units."
        )
        note = f'<p class="quiet">{told}</p>'
    still = table(head, cells, left=3 if outputs else 2, name=say("Coefficients of the chosen model"))
    return section(say("Coefficients"), part("coefficients"), f'<div class="still">{still}{text}</div>', note)


def _own_coefficients(path: Any) -> list[dict]:
    weight = np.asarray(path.weights[path.penalised[0]])[path.best.index]
    weight = weight.reshape(-1, weight.shape[-1])
    names = path.feature_names or [f"x{j}" for j in range(weight.shape[1])]
    rows = [
        {"feature": name, "output": i if len(weight) > 1 else None, "standardised": float(weight[i, j])}
        for i in range(len(weight))
        for j, name in enumerate(names)
    ]
    return sorted(rows, key=lambda row: -abs(row["standardised"]))


def _bar(share: float) -> Raw:
    width = 50 * abs(share)
    start, kind = (50, "") if share > 0 else (50 - width, ' class="minus"')
    return Raw(f'<span class="bar"><i{kind} style="left:{start:.1f}%;width:{width:.1f}%"></i></span>')


def tensors(path: Any) -> Raw:
    """The penalised tensors of a network at the chosen strength: shape, zeros, size."""
    if path.engine == "linear" or not has_choice(path):
        return Raw("")
    rows = []
    for name in path.penalised:
        value = np.asarray(path.weights[name], float)[path.best.index]
        live = int((value != 0).sum())
        shape = " × ".join(str(d) for d in value.shape)
        rows.append(
            [name, shape, f"{live:,}", f"{live / value.size:.0%}", number(float(np.sqrt((value**2).sum())))]
        )
    return section(
        title := say("Penalised weights of the chosen network"),
        table(
            [say(head) for head in ("tensor", "shape", "not zero", "share", "‖W‖₂")],
            rows,
            name=title,
            file="tensors",
        ),
    )


def path_table(path: Any) -> Raw:
    """Every strength: zeros, training and validation error, and the marks of the choices."""
    head = [
        "strength",
        "not zero",
        "training error",
        "validation error",
        "± SE",
        "",
        *(["gap"] if path.gaps is not None else []),
    ]
    head = [say(title) if title else "" for title in head]
    order = np.argsort(-np.asarray(path.strengths), kind="stable")
    named: dict[int, list[str]] = {}
    if has_choice(path):
        for choice, name in ((path.minimum, "minimum"), (path.one_se, "1-SE"), (path.best, "chosen")):
            named.setdefault(choice.index, []).append(say(name))
    rows, marked = [], []
    for place, i in enumerate(order.tolist()):
        marks = named.get(i, [])
        if say("chosen") in marks:
            marked.append(place)
        gap = [f"{path.gaps[i]:.0e}"] if path.gaps is not None else []
        rows.append(
            [
                number(path.strengths[i]),
                f"{int(path.nonzero[i]):,}",
                *(number(v[i]) for v in (path.train_mean, path.cv_mean, path.cv_se)),
                ", ".join(marks),
                *gap,
            ]
        )
    note = ""
    if path.gaps is not None:
        told = say(
            "Gap: the duality gap over the error of the null model, a certificate that no other coefficients do better by "
            "more than that."
        )
        note = f'<p class="quiet">{told}</p>'
    title = say("The whole path: {count} strengths", count=len(rows))
    return section(title, table(head, rows, marked=marked, name=title, file="path"), note, folded=True)
