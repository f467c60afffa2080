"""The coefficients of a fitted estimator or pipeline, in the units of X's columns where that can be told."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from normax.errors import InputError
from normax.linear_model.design.validation import column_names

__all__ = ["coefficients", "sizes_and_names"]


def coefficients(model: Any) -> np.ndarray:
    """(t,) coefficients, those of one output after the other.

    Raises:
        InputError: for a model that has none.
    """
    steps, last = _parts(model)
    if not hasattr(last, "coef_"):
        raise InputError(
            f"model: expected an estimator with coef_, got {type(last).__name__}; give statistic=, a function of the "
            "fitted model"
        )
    coef = np.asarray(last.coef_.toarray() if issparse(last.coef_) else last.coef_, dtype=float)
    for step in reversed(steps) if _only_scaled(steps) else ():
        if step != "passthrough" and step.scale_ is not None:
            coef = coef / step.scale_
    return coef.ravel()


def sizes_and_names(values: Any, model: Any, X: Any, own: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    """The numbers as (t,), and what to call them.

    Args:
        values: coefficients if `own`, a statistic otherwise; model: fitted; X: what to.
    """
    values = np.asarray(values, dtype=float).ravel()
    if not own:
        return values, tuple(f"statistic {i}" for i in range(len(values)))
    steps, last = _parts(model)
    coef = last.coef_
    p = coef.shape[-1]
    if _only_scaled(steps):
        known = column_names(X)
    else:
        try:
            known = tuple(map(str, model[:-1].get_feature_names_out()))
        except (AttributeError, ValueError):
            known = None
    names = known if known is not None and len(known) == p else tuple(f"x{j}" for j in range(p))
    outputs = len(values) // p
    if outputs == 1:
        return values, names
    classes = getattr(last, "classes_", np.arange(outputs))
    labels = classes if len(classes) == outputs else np.arange(outputs)
    return values, tuple(f"{label}: {name}" for label in labels for name in names)


def _parts(model: Any) -> tuple[list[Any], Any]:
    """The steps before the last, and the last, of a pipeline; through a search to what it found best."""
    model = getattr(model, "best_estimator_", model)
    if isinstance(model, Pipeline):
        steps = [step for _, step in model.steps]
        before, last = _parts(steps[-1])
        return [*steps[:-1], *before], last
    return [], model


def _only_scaled(steps: list[Any]) -> bool:
    return all(step == "passthrough" or isinstance(step, StandardScaler) for step in steps)
