"""What the simplest model within one standard error costs against the one of the smallest error."""

from __future__ import annotations

from typing import Any

from normax.cli.model.coefficients import feature_columns
from normax.cli.runs import metrics
from normax.cli.runs.setup import Setup
from normax.cli.summary import number
from normax.language import say

__all__ = ["cost"]


def cost(setup: Setup, path: Any) -> str | None:
    """One sentence: the loss of error, in per cent and in the target's units, and what is saved for it.

    The difference is taken fold by fold, so that what makes a fold hard cancels. None where both rules agree.
    """
    simple, least = path.one_se, path.minimum
    if simple.index == least.index or not least.cv_mean > 0:
        return None
    more, se = (100 * part / least.cv_mean for part in path.behind(simple.index))
    costs = "The 1-SE rule costs {more} % (± {se}) of error against the minimum"
    would = "The 1-SE rule would cost {more} % (± {se}) of error against the minimum"
    text = say(costs if path.select == "1se" else would, more=f"{more:.1f}", se=f"{se:.1f}")
    target, y = setup.data.target, setup.data.train.y
    rmse = [
        metrics.rmse(target, y, path.held_out(choice.index), setup.data.train.weight)
        for choice in (simple, least)
    ]
    if None not in rmse:
        text += say(", an RMSE of {one} instead of {other},", one=number(rmse[0]), other=number(rmse[1]))
    saved = _used(setup, path, least) - _used(setup, path, simple)
    if saved <= 0:
        return text.rstrip(",，") + say(".")
    fewer = " for {saved} column fewer." if setup.network is None else " for {saved} weight fewer."
    return text + say(fewer if saved == 1 else fewer.replace(" fewer", "s fewer"), saved=f"{saved:,}")


def _used(setup: Setup, path: Any, choice: Any) -> int:
    """Columns of the table that a linear model uses, or weights of a network that are not zero."""
    if setup.network is not None:
        return choice.nonzero
    live = path.weights["weight"][choice.index].any(axis=0)
    behind = feature_columns(setup.data.schema, setup.expansion)
    return len({column for columns, used in zip(behind, live) if used for column in columns})
