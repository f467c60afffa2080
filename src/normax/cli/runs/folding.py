"""The folds of a run: as many as were asked for or as the rows allow, and the rows of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from normax.cli.options.run import RunOptions
from normax.cli.runs.data import Dataset
from normax.errors import InputError
from normax.tables.wording import many, notice

__all__ = ["folds_of", "with_folds"]


def with_folds(options: Any, data: Dataset, asked: bool) -> Any:
    """The options with no more folds than the rows allow; a default that is too many becomes smaller with a notice.

    Args:
        options: settled; data: of the run; asked: whether the number of folds was typed.

    Raises:
        InputError: for more folds than that which were asked for, and where two are too many.
    """
    most, why = _most(data)
    if options.cv <= most:
        return options
    if most < 2:
        raise InputError(
            f"cross-validation needs two folds at least, and {why}; give it more rows or leave it out of the file"
        )
    if asked:
        raise InputError(f"--cv {options.cv}: {why}; say --cv {most}")
    notice(f"{options.cv} folds became {most}: {why}")
    return replace(options, cv=most)


def _most(data: Dataset) -> tuple[int, str]:
    """How many folds there can be, and what sets the limit."""
    train = data.train
    if train.time is not None:
        times = len(np.unique(train.time))
        return times - 1, f"forward folds need one time more, and there are {many(times, 'time')}"
    if train.groups is not None:
        groups = len(np.unique(train.groups))
        return groups, f"every fold needs a group, and there are {many(groups, 'group')}"
    if data.target.task == "regression":
        return len(train.y), f"there are {many(len(train.y), 'row')} to train on"
    counts = np.bincount(train.y, minlength=len(data.target.labels))
    rarest = counts.min()
    few = [repr(label) for label, n in zip(data.target.labels, counts) if n == rarest]
    shown = ", ".join(few[:5]) + (f", ... ({len(few)} classes)" if len(few) > 5 else "")
    each = "each class needs a row in each fold, and of the rows to train on"
    return int(rarest), f"{each} class {shown} has {rarest}"


def folds_of(options: RunOptions, data: Dataset) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of training and held-out rows, which all fits of a run share."""
    from normax.selection import folds

    train = data.train
    spread = data.target.task == "classification" and train.time is None
    labels = train.y if spread else None
    return folds(options.cv, len(train.y), labels, train.groups, train.time, spread, options.seed)
