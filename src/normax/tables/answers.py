"""What families of numbers can be, what an output of theirs means, and the columns that stand beside a target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from normax.errors import InputError, quoted
from normax.tables import kinds
from normax.tables.wording import notice

if TYPE_CHECKING:
    from normax.tables.reading import Table

__all__ = ["Offset", "mean_of", "numbers_of", "refuse_impossible", "survival"]


def _logistic(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


#: From a linear predictor to the mean; for Cox's model to the hazard over that of the average row.
_MEANS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "binomial": _logistic,
    **dict.fromkeys(("poisson", "negative-binomial", "gamma", "tweedie", "cox"), np.exp),
}
_IMPOSSIBLE: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "binomial": ("shares from 0 to 1", lambda y: (y < 0) | (y > 1)),
    **dict.fromkeys(("poisson", "negative-binomial"), ("counts of 0 or more", lambda y: y < 0)),
    "gamma": ("amounts above 0", lambda y: y <= 0),
    "tweedie": ("amounts of 0 or more", lambda y: y < 0),
    "cox": ("times of 0 or more", lambda y: y < 0),
}


@dataclass(frozen=True)
class Offset:
    """A known part of the linear predictor.

    Args:
        name: its column.
        exposure: whether its logarithm is, as of the time over which events were counted.

    Example:
        >>> from normax.tables import read_table
        >>> Offset("years", exposure=True).read(read_table({"years": [1, 1, 2]})).round(3).tolist()
        [0.0, 0.0, 0.693]
    """

    name: str
    exposure: bool = False

    def read(self, table: Table) -> np.ndarray:
        """(n,) finite numbers.

        Raises:
            InputError: if the column is absent, has missing cells or text, or an exposure that is not above 0.
        """
        option = "--exposure" if self.exposure else "--offset"
        values = numbers_of(table, self.name, option)
        if not self.exposure:
            return values
        low = np.flatnonzero(values <= 0)
        if low.size:
            raise InputError(
                f"{option} {self.name}: expected numbers above 0, got {values[low[0]]:g} in row {low[0] + 1}"
            )
        return np.log(values)


def mean_of(family: str | None) -> Callable[[np.ndarray], np.ndarray]:
    """What an output of a family, which may have its parameter behind a colon, says of the target."""
    return _MEANS.get((family or "").partition(":")[0], np.asarray)


def refuse_impossible(y: np.ndarray, family: str, what: str) -> None:
    """An InputError where numbers (n,) are none of a family, which names the first row."""
    name = family.partition(":")[0]
    if name not in _IMPOSSIBLE:
        return
    expected, wrong = _IMPOSSIBLE[name]
    rows = np.flatnonzero(wrong(y))
    if rows.size:
        raise InputError(
            f"{what}: --family {name} expects {expected}, got {y[rows[0]]:g} in row {rows[0] + 1}"
            f" ({rows.size} such rows)"
        )


def numbers_of(table: Table, name: str, option: str) -> np.ndarray:
    """(n,) the numbers of a column that an option names, one in every row."""
    cells = table.column(name)
    kind, form = kinds.infer(cells)
    if kind not in (kinds.NUMERIC, kinds.BOOLEAN):
        raise InputError(f"{option} {name}: expected numbers, got {kind} such as {quoted(cells[0].as_py())}")
    values = kinds.read(cells, kind, form)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(
            f"{option} {name}: every row needs a number, and {bad.size} of {len(values)} have none (first: row"
            f" {bad[0] + 1})"
        )
    return values


def survival(table: Table, times: np.ndarray, event: str, strata: str | None = None) -> np.ndarray:
    """(n, 2) times and events, or with strata (n, 4): no start, −∞, time, event, and the number of the stratum."""
    happened = _events(table, event)
    if strata is None:
        return np.column_stack([times, happened])
    cells = table.column(strata).to_pylist()
    missing = [i for i, cell in enumerate(cells) if cell is None or cell == ""]
    if missing:
        raise InputError(
            f"--strata {strata}: every row needs a group, and {len(missing)} of {len(cells)} have none (first: row"
            f" {missing[0] + 1})"
        )
    number, counts = np.unique([str(cell) for cell in cells], return_inverse=True, return_counts=True)[1:]
    alone = np.flatnonzero(counts[number] == 1)
    if len(alone):
        notice(
            f"--strata {strata}: {len(alone)} of {len(counts)} groups have one row (first: row {alone[0] + 1}), which"
            " adds nothing to the likelihood"
        )
    return np.column_stack([np.full(len(times), -np.inf), times, happened, number])


def _events(table: Table, name: str) -> np.ndarray:
    """(n,) 1 where the event happened and 0 where the row was censored, of a column of 0 and 1 or truth values."""
    values = numbers_of(table, name, "--event")
    if not np.isin(values, (0, 1)).all():
        odd = values[~np.isin(values, (0, 1))][0]
        raise InputError(f"--event {name}: expected 1 (or yes) for an event and 0 (or no), got {odd:g}")
    if not values.any():
        raise InputError(f"--event {name}: no row has an event, so there is nothing to learn")
    return values
