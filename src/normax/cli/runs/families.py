"""The families of numbers other than gaussian, and of levels, as `linear_path` takes them and people measure them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from normax.linear_model.families import (
    Cox,
    Family,
    Huber,
    NegativeBinomial,
    Ordinal,
    Quantile,
    Tweedie,
    family_of,
)
from normax.linear_model.families.negative_binomial import LEAST, dispersion_of
from normax.linear_model.families.ordinal import level_log_probability
from normax.tables import Target

__all__ = [
    "LOSS_TEXTS",
    "TEXTS",
    "constant",
    "deviances",
    "dispersed",
    "loss_of",
    "measures",
    "named",
    "with_scale",
]

TEXTS = {
    "C index": "share of pairs of rows whose order is known that are in the right one; over folds their mean",
    "MAE": "mean absolute error, in the target's units",
    "check loss": "mean of τ·(y − f) above and (1 − τ)·(f − y) below, for the quantile τ",
    "levels off": "mean number of levels between the likeliest and the true one",
    "share below": "share of rows below their predicted quantile",
}

#: What an error per row measures.
LOSS_TEXTS = {
    "binomial": "half the deviance of shares",
    "poisson": "half the Poisson deviance",
    "negative-binomial": "half the negative binomial deviance",
    "gamma": "half the gamma deviance",
    "tweedie": "half the Tweedie deviance",
    "huber": "Huber's loss, half the squared error of small residuals",
    "quantile": "check loss of the quantile",
    "ordinal": "negative log-likelihood",
    "cox": "negative log partial likelihood that the held-out rows add",
}

#: Residuals up to so many standard deviations, robustly measured, are squared by a Huber loss without a size of its
#: own.
HUBER = 1.345
_MAD = 1.4826  # a normal sd in median absolute deviations


def named(family: str) -> Family:
    """The family that `--family` names, its parameter behind a colon.

    Example:
        >>> named("quantile:0.9"), named("poisson").name
        (Quantile(level=0.9), 'poisson')
    """
    name, _, parameter = family.partition(":")
    if not parameter:
        return family_of(name)
    made: dict[str, Any] = {"quantile": Quantile, "tweedie": Tweedie, "huber": Huber}
    made |= {"negative-binomial": NegativeBinomial}
    return made[name](float(parameter))


def loss_of(target: Target) -> Any:
    """What `linear_path` is told of a target's loss."""
    return target.loss if target.family is None else named(target.family)


def with_scale(family: str | None, y: np.ndarray) -> str | None:
    """The family with the size that a Huber loss needs, in units of y, and with the dispersion that counts have about
    their mean, if it has none."""
    if family == "negative-binomial":
        counts, even = np.asarray(y, dtype=float), np.full(len(y), 1 / len(y))
        return dispersed(max(dispersion_of(counts, np.full(len(y), counts.mean()), even), LEAST))
    if family != "huber":
        return family
    spread = _MAD * np.median(np.abs(y - np.median(y))) or float(np.std(y))
    return f"huber:{HUBER * spread:.4g}"


def dispersed(dispersion: float) -> str:
    """The family of counts with this dispersion, as `--family` names it."""
    return f"negative-binomial:{dispersion:g}"


def deviances(target: Target, y: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """(n,) what each row adds to the error as the path counts it: half its deviance, or of the partial likelihood."""
    family = named(target.loss)
    if isinstance(family, Ordinal):
        return -level_log_probability(y, outputs.reshape(len(y), -1))
    y = family.response(y, len(y))
    eta = outputs.reshape(len(y), 1)
    if isinstance(family, Cox):
        share = np.full(len(y), 1 / len(y)) if weight is None else weight / weight.sum()
        return family.suited(y, share, np.zeros_like(y)).loss(y, eta)
    return family.deviance(y, eta)


def constant(
    target: Target, y: np.ndarray, weight: np.ndarray | None, offset: np.ndarray | None
) -> np.ndarray:
    """(m,) the best outputs that know no feature, beside an offset (n,)."""
    family = named(target.loss)
    if isinstance(family, Ordinal):
        return -family.thresholds(y, np.zeros(len(y)) if offset is None else offset, weight)
    y = family.response(y, len(y))
    share = np.full(len(y), 1 / len(y)) if weight is None else weight / weight.sum()
    return family.constant(y, share, np.zeros_like(y) if offset is None else offset[:, None])


def measures(
    target: Target, y: np.ndarray, outputs: np.ndarray, parts: Sequence[np.ndarray], weight: np.ndarray | None
) -> dict[str, float | None]:
    """What people ask of a family's predictions, of rows that all have one."""
    if target.event is not None:
        from normax.linear_model import concordance

        time, event = y[:, -2 if target.strata is None else 1], y[:, -1 if target.strata is None else 2]
        strata = None if target.strata is None else y[:, 3]
        each = [
            concordance(time[r], event[r], outputs[r], strata=None if strata is None else strata[r])
            for r in parts
        ]
        known = [c for c in each if not np.isnan(c)]
        return {"C index": float(np.mean(known)) if known else None}
    if target.ordinal:
        return _of_levels(target, y, outputs, parts, weight)
    answers = target.predict(outputs)
    found: dict[str, float | None] = {"MAE": float(np.average(np.abs(y - answers), weights=weight))}
    half = float(np.average(deviances(target, y, outputs, weight), weights=weight))
    if target.loss.startswith("quantile"):
        return found | {"check loss": half, "share below": float(np.average(y <= answers, weights=weight))}
    return found if target.loss.startswith("huber") else found | {"deviance": 2 * half}


def _of_levels(
    target: Target, y: np.ndarray, outputs: np.ndarray, parts: Sequence[np.ndarray], weight: np.ndarray | None
) -> dict[str, float | None]:
    from normax.linear_model import concordance

    outputs = outputs.reshape(len(y), -1)
    each = [concordance(y[r].astype(float), np.ones(len(r)), -outputs[r, 0]) for r in parts]
    known = [c for c in each if not np.isnan(c)]
    rows = np.unique(np.concatenate(parts))
    own = None if weight is None else weight[rows]
    likeliest = target.probabilities(outputs[rows]).argmax(axis=1)
    off = np.abs(likeliest - y[rows])
    return {
        "C index": float(np.mean(known)) if known else None,
        "accuracy": float(np.average(off == 0, weights=own)),
        "base rate": float(
            np.bincount(y[rows], weights=own).max() / (len(rows) if own is None else own.sum())
        ),
        "levels off": float(np.average(off, weights=own)),
        "deviance": float(2 * np.average(deviances(target, y[rows], outputs[rows], own), weights=own)),
    }
