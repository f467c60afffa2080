"""Folders of Parquet larger than memory: read in passes, fitted from moments, and shown by a sample of their rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from normax.cli.beyond import Beyond
from normax.cli.model.coefficients import feature_names
from normax.cli.options.run import PathOptions
from normax.cli.runs.clock import Clock
from normax.cli.runs.columns import learn_schema, ways
from normax.cli.runs.data import Dataset, Sample, target_name, with_target
from normax.cli.runs.fitting import penalty_of
from normax.cli.runs.setup import Setup
from normax.errors import InputError, Notice
from normax.tables import FillAndScale, Schema, Table, Target, kinds
from normax.tables.survey import Survey, encoded
from normax.tables.wording import notice

__all__ = ["fit_beyond"]

#: Rows that are kept for pictures and measures.
SAMPLE = 50_000

#: Numbers a row by which batches are cut while columns are not known yet.
WIDTH = 128

#: What blocks do not take, by the name of the option.
REFUSED = [
    "group",
    "time",
    "weights",
    "offset",
    "exposure",
    "time_to",
    "event",
    "strata",
    "test",
    "class_weight",
    "words",
    "refit",
    "splines",
    "interactions",
    "onnx",
]


def fit_beyond(
    files: Beyond, options: PathOptions, clock: Clock, on_progress: Callable
) -> tuple[Setup, Any, int]:
    """The path of all rows; the setup of a sample of them, of which it knows the outputs; and how many they are."""
    _refuse(files, options)
    with clock.time("reading"):
        survey, like = _surveyed(files, options, on_progress)
        target, schema, unused = _learned(files, survey, like, options)
        data = _sampled(survey, like, target, schema, unused)
    data = replace(data, without_target=files.rows - survey.rows)
    options = options.settled(survey.rows, False)
    return _fitted(files, survey, data, options, on_progress)


def _surveyed(files: Beyond, options: PathOptions, on_progress: Callable) -> tuple[Survey, Table]:
    """What all rows hold, and one of their tables."""
    survey, like, done = Survey(max(1, -(-files.rows // SAMPLE))), None, 0
    for table in files.tables(None, WIDTH, options.missing):
        on_progress("looking at all rows", done, files.rows)
        done += table.rows
        like = with_target(table, target_name(table, options), options)[0]
        survey.add(like)
    if like is None:
        raise InputError(f"{files.name}: there are columns but no rows")
    return survey, like


def _refuse(files: Beyond, options: PathOptions) -> None:
    odd = [f"--{name.replace('_', '-')}" for name in REFUSED if getattr(options, name)]
    odd += [f"--model {options.model}"] if options.model != "linear" else []
    odd += [f"--family {options.family}"] if options.family not in (None, "gaussian") else []
    odd += ["--task classification"] if options.task == "classification" else []
    odd += [f"--penalty {options.penalty}"] if options.penalty not in ("l1", "l2", "elastic-net") else []
    if odd:
        raise InputError(
            f"{files.name}: {files.rows:,} rows are more than memory holds, and in blocks {', '.join(odd)} cannot be done; "
            "leave that out, or give some of the files"
        )


def _learned(
    files: Beyond, survey: Survey, like: Table, options: PathOptions
) -> tuple[Target, Schema, dict[str, str]]:
    """What the columns are, by rows that show what all rows hold, and their categories by all rows."""
    telling = survey.telling(like)
    locale, dates = ways(telling, options)
    name = target_name(telling, options)
    target = Target.learn(telling, name, options.task, options.log_target, locale, options.family)
    if target.task != "regression":
        raise InputError(
            f"target {name!r}: {files.rows:,} rows are more than memory holds, and in blocks classes cannot be fitted; give "
            "some of the files, or say --task regression if these are quantities"
        )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", Notice)
        schema, unused = learn_schema(telling, [name], locale, dates, options)
    for warning in said:  # rare categories are counted among all rows below
        if "rare categories are one" not in str(warning.message):
            notice(str(warning.message))
    survey.count_texts(schema, files.tables([c.name for c in schema.columns], WIDTH, options.missing))
    return target, survey.amended(schema), unused


def _sampled(survey: Survey, like: Table, target: Target, schema: Schema, unused: dict[str, str]) -> Dataset:
    """The rows that are kept, as a run in memory would have them."""
    some = survey.some(like)
    rows = Sample(schema.encode(some), target.encode(some))
    missing = {column.name: survey.absent[column.name] for column in schema.columns}
    return Dataset(some, target, schema, rows, None, None, missing, 0, unused, None)


def _fitted(
    files: Beyond, survey: Survey, data: Dataset, options: PathOptions, on_progress: Callable
) -> tuple[Setup, Any, int]:
    from sklearn.model_selection import KFold

    from normax.linear_model.sources.folds import RowFolds
    from normax.paths import moments_path as moments

    n, schema = survey.rows, data.schema
    cv = options.cv or 10
    if n < cv:
        raise InputError(f"--cv {cv}: there are {n} rows")
    splitter = KFold(cv, shuffle=True, random_state=options.seed)
    folds = RowFolds.listed(splitter.split(np.zeros((n, 1), np.int8)), n)
    assert folds.labels is not None
    own = folds.labels[np.concatenate(survey.sample)]
    masks, shift = _missing(schema, data.train.X)

    def shifted(X: np.ndarray) -> np.ndarray:
        X = X - shift
        return np.nan_to_num(X, copy=False, nan=0.0)

    columns = [*(column.name for column in schema.columns), data.target.name]

    def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        raw = files.tables(columns, len(schema.features), options.missing)
        kept = (with_target(table, data.target.name, options)[0] for table in raw)
        for X, y in encoded(kept, schema, data.target):
            yield shifted(X), y

    path = moments.moments_path(
        blocks,
        folds,
        masks,
        shift,
        moments.Sample(shifted(data.train.X), data.train.y, own),
        lambda mean, scale: FillAndScale.from_json({"mean": mean, "scale": scale}),
        penalty=penalty_of(options, schema, None),
        strengths=options.strengths,
        select=options.select,
        feature_names=feature_names(schema, None),
        on_progress=on_progress,
    )
    pairs = [(np.flatnonzero(own != k), np.flatnonzero(own == k)) for k in range(cv)]
    notice(
        f"{n:,} rows, more than memory holds, were read in blocks: errors, coefficients and gaps are of all rows; measures "
        f"such as R2, and pictures of rows, are of {len(own):,}, one in {survey.stride}"
    )
    return Setup(options, data, None, pairs), path, n


def _missing(schema: Schema, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each feature the one that tells where it is missing, −1 for none, and the mean of those of numbers in X (r,
    p), from which blocks are reckoned."""
    masks, start = np.full(X.shape[1], -1), 0
    for column in schema.columns:
        end = start + len(column.features)
        if column.missing and column.kind not in (kinds.TEXT, kinds.WORDS):
            masks[start] = end - 1
            at = start + 1
            for part in column.parts:  # a missing date is on no weekday, but its angle is nowhere
                stop = at + len(part.features)
                masks[at:stop] = -1 if part.levels else end - 1
                at = stop
        start = end
    some = masks >= 0
    shift = np.zeros(X.shape[1])
    there = ~np.isnan(X[:, some])
    shift[some] = np.where(there, X[:, some], 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return masks, shift
