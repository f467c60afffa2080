"""Rows set aside from a fit's own training rows, to stop it by."""

from __future__ import annotations

import numpy as np

from normax.errors import InputError

__all__ = ["set_aside"]


def set_aside(
    rows: np.ndarray,
    share: float,
    seed: int,
    labels: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    time: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Part training rows into those that train and those that are only watched.

    Classes stay in proportion where each has two rows, groups stay together, and with times the latest are watched.

    Args:
        rows: row numbers.
        share: of them that is watched, in (0, 1).
        seed: of the draw.
        labels, groups, time: of all rows, `(n,)`, or None.

    Returns:
        (rows that train, rows that are watched), ascending.

    Raises:
        InputError: if one of the two would be empty.

    Example:
        >>> [part.tolist() for part in set_aside(np.arange(10), 0.2, 0, time=np.arange(10))]
        [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9]]
    """
    from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit

    wanted = round(share * len(rows))
    if not 0 < wanted < len(rows):
        raise InputError(
            f"validation: a share of {share:g} of {len(rows)} training rows leaves one side empty"
        )
    if time is not None:
        order = np.argsort(time[rows], kind="stable")
        watched = time[rows] >= time[rows][order[-wanted]]
        if watched.all():
            raise InputError("validation: all training rows are of one time, so that none are the latest")
        return rows[~watched], rows[watched]
    options = {"n_splits": 1, "test_size": share if groups is not None else wanted, "random_state": seed}
    if groups is not None:
        if len(np.unique(groups[rows])) < 2:
            raise InputError("validation: all training rows are of one group, which cannot be parted")
        pairs = GroupShuffleSplit(**options).split(rows, groups=groups[rows])
    elif labels is not None and _can_stratify(labels[rows], wanted):
        pairs = StratifiedShuffleSplit(**options).split(rows, labels[rows])
    else:
        pairs = ShuffleSplit(**options).split(rows)
    train, watched = next(iter(pairs))
    return np.sort(rows[train]), np.sort(rows[watched])


def _can_stratify(labels: np.ndarray, wanted: int) -> bool:
    counts = np.unique(labels, return_counts=True)[1]
    return counts.min() > 1 and len(counts) <= min(wanted, len(labels) - wanted)
