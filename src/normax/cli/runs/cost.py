"""What the simplest model within one standard error costs against the one of the smallest error."""

from __future__ import annotations

from typing import Any

from normax.cli.model.coefficients import feature_columns
from normax.cli.runs import metrics
from normax.cli.runs.setup import Setup
from normax.cli.summary import number

__all__ = ["cost"]


def cost(setup: Setup, path: Any) -> str | None:
    """One sentence: the loss of error, in per cent and in the target's units, and what is saved for it.

    The difference is taken fold by fold, so that what makes a fold hard cancels. None where both rules agree.
    """
    simple, least = path.one_se, path.minimum
    if simple.index == least.index or not least.cv_mean > 0:
        return None
    more, se = (100 * part / least.cv_mean for part in path.behind(simple.index))
    costs = "costs" if path.select == "1se" else "would cost"
    text = f"The 1-SE rule {costs} {more:.1f} % (± {se:.1f}) of error against the minimum"
    target, y = setup.data.target, setup.data.train.y
    rmse = [
        metrics.rmse(target, y, path.held_out(choice.index), setup.data.train.weight)
        for choice in (simple, least)
    ]
    if None not in rmse:
        text += f", an RMSE of {number(rmse[0])} instead of {number(rmse[1])},"
    saved = _used(setup, path, least) - _used(setup, path, simple)
    what = "column" if setup.network is None else "weight"
    return f"{text} for {saved:,} {what}{'s' * (saved != 1)} fewer." if saved > 0 else f"{text.rstrip(',')}."


def _used(setup: Setup, path: Any, choice: Any) -> int:
    """Columns of the table that a linear model uses, or weights of a network that are not zero."""
    if setup.network is not None:
        return choice.nonzero
    live = path.weights["weight"][choice.index].any(axis=0)
    behind = feature_columns(setup.data.schema, setup.expansion)
    return len({column for columns, used in zip(behind, live) if used for column in columns})
