"""scikit-learn's callbacks (1.9 and later), told of every Newton step of a fit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from normax.linear_model.path import LinearPath

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before 1.9, whose estimators have no `set_callbacks` either

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing to support."""

    def with_callbacks(method: Any) -> Any:
        return method


__all__ = ["CallbackSupportMixin", "watched", "with_callbacks"]


def watched(
    model: Any, rows: dict[str, Any], solve: Callable[[int], LinearPath], most: int, attributes: Callable
) -> LinearPath:
    """A fit whose steps the callbacks of `model` see one by one: before and after each, the estimator as it would be
    had `max_iter` ended it there. A callback that answers True ends it.

    A step is no call of its own in the solver, so that what is shown is fitted anew with a budget of so many steps;
    that is done for who watches alone. As in scikit-learn one task more is begun than steps are taken.

    Args:
        rows: X, y and metadata, as the hooks are told them.
        solve: from a budget of steps to the fit; most: `max_iter`; attributes: from a fit to what an estimator keeps.
    """
    if not (hasattr(model, "_skl_callbacks") or hasattr(model, "_parent_callback_ctx")):
        return solve(most)
    context = model._init_callback_context(max_subtasks=max(most, 1) + 1)
    context.call_on_fit_task_begin(estimator=model, **rows)
    whole = solve(most)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the whole fit has told
        fit, step, steps = solve(0), 0, max(int(whole.n_iter[0]), 1)
        while step < steps:
            task = _begun(context, model, rows, attributes, fit)
            step += 1
            fit = whole if step == steps else solve(step)
            if task.call_on_fit_task_end(
                estimator=model, reconstruction_attributes=partial(attributes, fit), **rows
            ):
                break
        _begun(context, model, rows, attributes, fit).call_on_fit_task_end(estimator=model)
    context.call_on_fit_task_end(estimator=model, reconstruction_attributes=partial(attributes, fit), **rows)
    return fit


def _begun(context: Any, model: Any, rows: dict[str, Any], attributes: Callable, fit: LinearPath) -> Any:
    task = context.subcontext(task_name="newton-iter")
    return task.call_on_fit_task_begin(
        estimator=model, reconstruction_attributes=partial(attributes, fit), **rows
    )
