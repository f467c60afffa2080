"""From a file to arrays: the table, its schema and target, the rows held out, groups, times and weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from normax.cli.options.run import RunOptions
from normax.cli.runs.columns import learn_schema, read, ways
from normax.cli.runs.families import with_scale
from normax.errors import InputError
from normax.tables import Locale, Schema, Table, Target, kinds
from normax.tables.answers import Offset, numbers_of
from normax.tables.noticing import Seen, noticed
from normax.tables.wording import notice

__all__ = ["Dataset", "Sample", "prepare", "target_name", "with_target"]


@dataclass(frozen=True)
class Sample:
    """Some rows of a table: `X` (n, p) raw features with NaN, `y` (n,), and what belongs to each row."""

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    offset: np.ndarray | None = None
    weight: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Sample:
        parts = (self.X, self.y, self.groups, self.time, self.offset, self.weight)
        return Sample(*(None if part is None else part[rows] for part in parts))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Dataset:
    """All that a fit needs to know of a file."""

    table: Table
    target: Target
    schema: Schema
    train: Sample
    test: Sample | None
    class_weight: np.ndarray | None
    missing: dict[str, int]
    without_target: int
    unused: dict[str, str]
    test_file: str | None

    def weight(self, rows: Sample) -> np.ndarray | None:
        """The weight of each of these rows, or None where all count alike."""
        if self.class_weight is None:
            return rows.weight
        return self.class_weight[rows.y] * (1.0 if rows.weight is None else rows.weight)


def prepare(options: RunOptions) -> Dataset:
    """Read DATA (and the test file), learn what its columns are, encode, hold rows out.

    Kinds and categories come from all rows; fills, means and scales are left to the path.

    Raises:
        InputError: for everything that "Bad input" names.
    """
    table = read(options.data, options)
    name = target_name(table, options)
    table, without_target = with_target(table, name, options)
    locale, dates = ways(table, options)
    target = Target.learn(
        table,
        name,
        options.task,
        options.log_target,
        locale,
        options.family,
        options.event,
        _offset(options),
        options.strata,
        options.levels,
    )
    schema, unused = learn_schema(table, [name, *options.aside], locale, dates, options)
    rows = _rows(table, schema, target, locale, dates, options)
    for text in noticed(Seen(table, schema, target, rows.X, rows.y, bool(options.group), bool(options.time))):
        notice(text)
    train, test, test_file = rows, None, None
    if options.test is not None:
        share = _fraction(options.test)
        if share is None:
            later, _ = with_target(read(options.test, options), name, options)
            beside = {"offset": _known(target, later), "weight": _weights(later, options)}
            test, test_file = Sample(schema.encode(later), target.encode(later), **beside), later.source
        else:
            held = _hold_out(rows, share, target, options.seed)
            train, test = rows.take(~held), rows.take(held)
    target = replace(target, family=with_scale(target.family, train.y))
    if target.task == "regression" and train.y.min() == train.y.max():
        raise InputError(f"target {target.name!r} is constant in the rows left to train on")
    weight = _class_weight(train, target, options)
    return Dataset(
        table, target, schema, train, test, weight, schema.absent(rows.X), without_target, unused, test_file
    )


def target_name(table: Table, options: RunOptions) -> str:
    """The column to predict, once it and the others that options name are known to be there and apart."""
    if options.target is None:
        raise InputError(f"name the column to predict, --target COLUMN, one of: {', '.join(table.names)}")
    table.require(dict.fromkeys([options.target, *options.aside, *options.drop]))
    if options.target in (*options.aside, *options.drop):
        raise InputError(
            f"--target {options.target}: the same column cannot be dropped, nor be group, time, weights, offset, event or strata"
        )
    if options.group and options.time:
        raise InputError("--group and --time: folds are either grouped or forward; name one")
    return options.target


def with_target(table: Table, name: str, options: RunOptions) -> tuple[Table, int]:
    """The table without the rows that have no target, if asked for, and how many those were."""
    if not options.drop_missing_target:
        return table, 0
    there = ~kinds.absent(table.column(name), words=True)
    if not there.any():
        raise InputError(f"target {name!r}: every cell is missing")
    return (table, 0) if there.all() else (table.take(there), int((~there).sum()))


def _rows(
    table: Table,
    schema: Schema,
    target: Target,
    locale: Locale,
    dates: dict[str, str | None],
    options: RunOptions,
) -> Sample:
    groups = time = None
    if options.group:
        cells = _complete(table, "--group", options.group)
        groups = kinds.texts(cells).dictionary_encode().indices.to_numpy()
    if options.time:
        cells = _complete(table, "--time", options.time)
        kind, form = kinds.infer(cells, locale)
        if form_said := dates.get(options.time):
            kind, form = kinds.DATE, form_said
        if kind == kinds.TEXT:
            raise InputError(
                f"--time {options.time}: expected numbers or dates, got text such as {cells[0].as_py()!r}"
            )
        time = kinds.read(cells, kind, form)
    beside = {"offset": _known(target, table), "weight": _weights(table, options)}
    return Sample(schema.encode(table), target.encode(table), groups, time, **beside)


def _offset(options: RunOptions) -> Offset | None:
    name = options.offset or options.exposure
    return None if name is None else Offset(name, options.exposure is not None)


def _known(target: Target, table: Table) -> np.ndarray | None:
    """What is known of each row's linear predictor."""
    return None if target.offset is None else target.offset.read(table)


def _weights(table: Table, options: RunOptions) -> np.ndarray | None:
    if options.weights is None:
        return None
    weight = numbers_of(table, options.weights, "--weights")
    low = np.flatnonzero(weight < 0)
    if low.size or not weight.any():
        told = f"{weight[low[0]]:g} in row {low[0] + 1}" if low.size else "0 in every row"
        raise InputError(f"--weights {options.weights}: expected numbers of 0 or more, got {told}")
    return weight


def _complete(table: Table, option: str, name: str):
    cells = table.column(name)
    absent = kinds.absent(cells, words=True)
    if absent.any():
        raise InputError(
            f"{option} {name}: every row needs one, and {absent.sum()} of {len(cells)} have none"
        )
    return cells


def _fraction(text: str) -> float | None:
    """The share of rows that `--test` holds out, or None where it names a file."""
    try:
        share = float(text)
    except ValueError:
        return None
    if not 0 < share < 1:
        raise InputError(f"--test {text}: expected a share between 0 and 1, or a file")
    return share


def _hold_out(rows: Sample, share: float, target: Target, seed: int) -> np.ndarray:
    """A mask of test rows: the last ones in time, whole groups, each class's share, or simply some rows."""
    n = len(rows.y)
    if rows.time is not None:
        held = rows.time >= np.sort(rows.time)[min(n - 1, round(n * (1 - share)))]
    else:
        random = np.random.default_rng(seed)
        strata = rows.y if target.task == "classification" else np.zeros(n, int)
        if rows.groups is not None:  # one entry a group, of the first class of its rows
            _, first, which = np.unique(rows.groups, return_index=True, return_inverse=True)
            held = _some_of_each(strata[first], share, random)[which]
        else:
            held = _some_of_each(strata, share, random)
    if not held.any() or held.sum() > n - 2:
        raise InputError(
            f"--test {share:g}: of {n} rows it leaves {held.sum()} to test on and {n - held.sum()} to train"
        )
    if target.task == "classification":
        absent = [repr(label) for k, label in enumerate(target.labels) if k not in rows.y[~held]]
        if absent:
            raise InputError(f"--test {share:g}: no row of class {', '.join(absent)} is left to train on")
    return held


def _some_of_each(strata: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    held = np.zeros(len(strata), bool)
    for stratum in np.unique(strata):
        members = random.permutation(np.flatnonzero(strata == stratum))
        held[members[: round(len(members) * share)]] = True
    return held


def _class_weight(train: Sample, target: Target, options: RunOptions) -> np.ndarray | None:
    """(classes,) the weight of a row of each class, n / (classes · rows of the class), so that all count alike."""
    if options.class_weight is None:
        return None
    if target.task != "classification":
        raise InputError("--class-weight balanced: expected classes, and this target is a regression")
    count = np.bincount(train.y, minlength=len(target.labels))
    return len(train.y) / (len(count) * np.maximum(count, 1))
