"""One path: of the linear model, with what it is given beside the features, or of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from normax.cli.model.coefficients import feature_columns, feature_names
from normax.cli.model.network import build
from normax.cli.runs.families import loss_of
from normax.cli.runs.setup import Setup, training
from normax.paths.arguments import unit_penalty
from normax.penalties import ElasticNet, GroupLasso
from normax.tables import Expansion, Schema

__all__ = ["fit_path", "penalty_of"]

#: Shares of the penalised fit that `--refit` tries, those of glmnet.
GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def fit_path(setup: Setup, on_progress: Callable) -> Any:
    """The path of a setup."""
    return (_linear if setup.network is None else _network)(setup, on_progress)


def _linear(setup: Setup, on_progress: Callable) -> Any:
    from normax.paths import linear_path

    options, data, train = setup.options, setup.data, setup.data.train
    return linear_path(
        train.X,
        train.y,
        loss=loss_of(data.target),
        offset=train.offset,
        penalty=penalty_of(setup.options, setup.data.schema, setup.expansion),
        strengths=options.strengths,
        cv=setup.folds,
        groups=train.groups,
        time=train.time,
        select=options.select,
        gammas=GAMMAS if options.refit else None,
        transform=setup.transform,
        sample_weight=data.weight(train),
        feature_names=feature_names(data.schema, setup.expansion),
        seed=options.seed,
        on_progress=on_progress,
    )


def _network(setup: Setup, on_progress: Callable) -> Any:
    import normax as nx

    options, train = setup.options, setup.data.train
    assert setup.network is not None
    nx.manual_seed(options.seed)
    return nx.path(
        build(setup.network),
        (train.X, train.y),
        penalty=penalty_of(setup.options, setup.data.schema, setup.expansion),
        **training(setup),
        on_progress=on_progress,
    )


def penalty_of(options: Any, schema: Schema, expansion: Expansion | None) -> Any:
    """The penalty that options name, for the features of a schema."""
    if options.penalty == "group-lasso":
        behind = feature_columns(schema, expansion)
        number = {columns: k for k, columns in enumerate(dict.fromkeys(behind))}
        return GroupLasso(groups=[number[columns] for columns in behind])
    if options.l1_ratio is not None:
        return ElasticNet(l1_ratio=options.l1_ratio)
    return unit_penalty(options.penalty)
