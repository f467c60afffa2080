"""What the page says in sentences: the headline, the captions, the objective and its scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from normax.language import say, spoken
from normax.report import traces
from normax.report.html import Raw, escape
from normax.report.strength_axis import has_choice, number
from normax.selection import verdict

__all__ = ["captions", "headline", "objective"]

LOSS_NOUNS = {
    "squared": "squared error",
    "mse": "squared error",
    "absolute": "absolute error",
    "cross_entropy": "cross-entropy",
    "binary_cross_entropy": "cross-entropy",
    "poisson": "deviance",
    "negative-binomial": "deviance",
    "gamma": "deviance",
    "tweedie": "deviance",
    "huber": "Huber loss",
    "quantile": "check loss",
    "ordinal": "cross-entropy",
    "cox": "partial log-likelihood per row",
}
RULES = {"1se": "the 1\u2011SE rule", "min": "the minimum of the validation error"}


def headline(path: Any, details: Mapping[str, Any] | None = None) -> str:
    """What was chosen and what it means, in one sentence; by the test set where the details have one.

    Before it stands that the chosen model is measurably worse than a simple one, where it is.
    """
    if not has_choice(path):
        return say(
            "{count} strengths fitted on all rows without cross-validation, so none of them was chosen.",
            count=len(path.strengths),
        )
    free = path.unpenalised_error
    null = path.null_error if path.best.nonzero else None
    worse = verdict(path.best.cv_mean, null, None if free is None else free[:2])
    chosen = _chosen(path, details)
    return f"{worse} {chosen}" if worse else chosen


def _chosen(path: Any, details: Mapping[str, Any] | None) -> str:
    best = path.best
    counts, total, noun, _ = traces.counted(path)
    left, told = int(counts[best.index]), {"total": f"{total:,}", "name": say(noun)}
    if left == 0:
        kept = say("sets all {total} {name} to zero", **told)
    elif left == total:
        kept = say("shrinks all {total} {name} and sets none to zero", **told)
    else:
        kept = say(
            "keeps {left} of {total} {name} and sets the others to exactly zero", left=f"{left:,}", **told
        )
    text = say(
        "At strength {strength}, chosen by {rule}, the model {kept}",
        strength=number(best.strength), rule=say(RULES[path.select]), kept=kept,
    )  # fmt: skip
    where, error, null = _evidence(path, details or {})
    if null is None or not np.isfinite(null) or null <= 0:
        return text + say("; its validation error is {error}.", error=number(best.cv_mean))
    gain = 1 - error / null
    if left == 0 or gain < 0.005:
        return text + say("; {where}, it predicts no better than a model without any features.", where=where)
    loss = say(LOSS_NOUNS.get(str(path.loss), "error"))
    return text + say(
        "; {where}, its {loss} is {gain} below that of a model without features.",
        where=where,
        loss=loss,
        gain=f"{gain:.0%}",
    )


def _evidence(path: Any, details: Mapping[str, Any]) -> tuple[str, float, float | None]:
    """Where it was measured, the error of the chosen model there, and that of the null model."""
    test = {row["model"]: row.get("test") for row in details.get("baselines") or []}
    if test.get("null") is not None and test.get("chosen") is not None:
        return say("on the test rows"), test["chosen"], test["null"]
    null = None if path.null_error is None else path.null_error[0]
    return say("in cross-validation"), path.best.cv_mean, null


def captions(path: Any, details: Mapping[str, Any] | None = None) -> tuple[str, str]:
    """What to read in the error curves, and in the traces."""
    folds = len(path.fold_sizes) if path.fold_sizes is not None else 0
    if not has_choice(path):
        errors = say("<b>Training error</b> at each strength. Without folds there is no validation error.")
    else:
        errors = say(
            "<b>Blue</b>: mean error on the held-out rows of {folds} folds, with bars of ± 1 standard error; small rings "
            "are the folds. <b>Orange</b>: error on the rows that the model was fitted to, which falls as the penalty "
            "weakens. Where both are high the model underfits; where they part and blue rises, it overfits.",
            folds=folds,
        )  # fmt: skip
        errors += _spaced(_about_rule(path))
    known = details or {}
    if known.get("log_target"):
        errors += _spaced(say("The target was fitted as its logarithm, and these errors are on that scale."))
    about = _about_traces(path)
    if known.get("coefficients"):
        about += _spaced(say("Heights are per standard deviation of the column, so that they compare."))
    return errors, about


def _spaced(sentence: str) -> str:
    """The next sentence; Chinese has no blank before it."""
    return sentence if spoken() == "zh" else f" {sentence}"


def _about_rule(path: Any) -> str:
    """How the choice follows from the curve."""
    if path.minimum.index == path.one_se.index:
        return say(
            "The strongest penalty within one standard error of the minimum is the minimum itself here."
        )
    return say(
        "The lowest point is at strength {minimum}. Everything up to one standard error above it (thin horizontal line) is "
        "as good as the data can tell; the <b>1\u2011SE rule</b> takes the strongest penalty there, {one_se}: the simplest "
        "model that is not measurably worse.",
        minimum=number(path.minimum.strength), one_se=number(path.one_se.strength),
    )  # fmt: skip


def _about_traces(path: Any) -> str:
    zeros = traces.has_zeros(path)
    if traces.selects_features(path):
        return say(
            "Each line is one feature: the norm of the weights that read it. Read from left to right: as the penalty "
            "weakens, features come in one by one (dots). Left of its dot, a feature is <b>not used at all</b>."
        )
    if path.engine != "linear" and not zeros:
        return say(
            "Each line is the size of one penalised weight tensor. Read from right to left: as the penalty grows, "
            "weights shrink, and none reaches zero."
        )
    if path.engine != "linear":
        if not traces.drops_units(path):
            return say(
                "<b>To choose from</b>: the size of each penalised weight tensor; the share of its weights that are not "
                "exactly zero. Read from right to left: as the penalty grows, weights shrink and go out one by one."
            )
        return say(
            "<b>To choose from</b>: the size of each penalised weight tensor; the share of its weights that are not exactly "
            "zero; the share of units in use: features that some weight reads, and neurons or channels, by the tensor that "
            "makes them, with a weight that is not zero. Read from right to left: as the penalty grows, weights shrink and "
            "go out one by one."
        )
    if zeros:
        return say(
            "Each line is one coefficient. Read from left to right: as the penalty weakens, coefficients leave zero one by "
            "one (dots). Left of its dot, a coefficient is <b>exactly zero</b>: its column is not used at all."
        )
    return say(
        "Each line is one coefficient: the <b>ridge trace</b>. Read from right to left: as the penalty grows, all "
        "coefficients shrink together towards zero, and none reaches it."
    )


LOSS_FORMULAS = {
    "squared": "½ (y<sub>i</sub> − f(x<sub>i</sub>))²",
    "mse": "(y<sub>i</sub> − f(x<sub>i</sub>))²",
    "binary_cross_entropy": "−log p(y<sub>i</sub> | x<sub>i</sub>)",
    "cross_entropy": "−log p(y<sub>i</sub> | x<sub>i</sub>)",
    "poisson": "(exp f(x<sub>i</sub>) − y<sub>i</sub> f(x<sub>i</sub>))",
    "cox": "(log Σ<sub>j at risk</sub> exp f(x<sub>j</sub>) − f(x<sub>i</sub>)) over events i,",
}


def objective(path: Any, rows: int | None) -> Raw:
    """The objective as a formula, and what its strength is called elsewhere."""
    loss = LOSS_FORMULAS.get(str(path.loss), "loss(y<sub>i</sub>, f(x<sub>i</sub>))")
    terms = [say("minimise over w, b:"), f"(1/n) Σ<sub>i</sub> {loss}", f"+ {_penalty_formula(path.penalty)}"]
    text = '<p class="formula">' + " ".join(f"<span>{term}</span>" for term in terms) + "</p>"
    if has_choice(path):
        where = say(
            "Here s = {strength}. Intercepts and biases are not penalised.",
            strength=number(path.best.strength),
        )
        text += f"<p>{where}{_elsewhere(path, rows)}</p>"
    centre, scale = getattr(path, "target_scale", (0, 1))
    if np.any(centre) or scale != 1:
        told = say(
            "The network saw the target standardised, and s belongs to that scale; errors and predictions are in the "
            "target’s own units."
        )
        text += f"<p>{told}</p>"
    return Raw(text)


def _penalty_formula(penalty: Any) -> str:
    kind = type(penalty).__name__
    if getattr(penalty, "strength", None) == 1:
        if kind == "L1":
            return "s ‖w‖<sub>1</sub>"
        if kind == "L2":
            return "s ½ ‖w‖<sub>2</sub>²"
        if kind == "ElasticNet":
            ratio = penalty.l1_ratio
            return f"s ({ratio:g} ‖w‖<sub>1</sub> + {(1 - ratio) / 2:g} ‖w‖<sub>2</sub>²)"
    return say("s Ω(w), where Ω is {penalty}", penalty=f"<code>{escape(penalty)}</code>")


def _elsewhere(path: Any, rows: int | None) -> str:
    """The chosen strength on the scales of scikit-learn, where it has one."""
    kind = type(path.penalty).__name__
    if path.engine != "linear" or not rows or getattr(path.penalty, "strength", None) != 1:
        return ""
    s, name, extra = path.best.strength, "", ""
    if path.loss == "squared" and kind in ("L1", "ElasticNet"):
        mixed = "" if kind == "L1" else f", l1_ratio={path.penalty.l1_ratio:.6g}"
        name, value = ("Lasso" if kind == "L1" else kind), f"alpha={s:.6g}{mixed}"
    elif path.loss == "squared" and kind == "L2":
        name, value, extra = "Ridge", f"alpha={s * rows:.6g}", "n·s"
    elif path.loss in ("binary_cross_entropy", "cross_entropy") and s > 0:
        name, value, extra = "LogisticRegression", f"C={1 / (s * rows):.6g}", "1/(n·s)"
    if not name:
        return ""
    told = {"name": f"<code>{name}</code>", "value": f"<code>{value}</code>"}
    if extra:
        return _spaced(say("scikit-learn’s {name} calls it {value}, which is {extra}.", extra=extra, **told))
    return _spaced(say("scikit-learn’s {name} calls it {value}.", **told))
