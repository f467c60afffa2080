"""What a run starts from: the table as arrays, the network to fit, and the options that follow from both, settled."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli.interrupts import held_back
from normax.cli.model.coefficients import feature_columns
from normax.cli.model.network import architecture
from normax.cli.options.run import RunOptions
from normax.cli.runs.clock import Clock
from normax.cli.runs.data import Dataset, prepare
from normax.cli.runs.folding import folds_of, with_folds
from normax.tables import Expansion, FillAndScale
from normax.tables.expansion import DISTINCT
from normax.tables.wording import notice

__all__ = ["Setup", "expansion_of", "set_up", "training"]


@dataclass(frozen=True)
class Setup:
    """What is fitted to what, and how; `network` as `model.json` has it, None for the linear model; all fits share
    the folds."""

    options: Any
    data: Dataset
    network: dict[str, Any] | None
    folds: list[tuple[np.ndarray, np.ndarray]]
    expansion: Expansion | None = None

    @property
    def transform(self) -> FillAndScale:
        """The preprocessing, which every fold fits to its training rows."""
        return FillAndScale(self.expansion)


def set_up(options: RunOptions, clock: Clock) -> Setup:
    """Read the table, settle the options by it, and import what the fit needs; linear models do without JAX."""
    with clock.time("reading"):
        data = prepare(options)
        rows, features = data.train.X.shape
        network = architecture(options.model, rows, features, data.target.outputs, Path(options.out))
        asked = options.cv is not None
        options = with_folds(options.settled(rows, network is not None), data, asked)
        if options.onnx:
            from normax.cli.model.onnx_file import check_onnx

            check_onnx(data.schema, any(options.expands.values()), data.target)
    path = ["comparison"] if options.model == "auto" else ["linear" if network is None else "network"]
    kind = {"compare": ["comparison"], "path": path}[options.command]
    with clock.time("loading"), held_back():
        for name in ("normax.paths", *(f"normax.paths.{k}" for k in kind), "normax.report"):
            importlib.import_module(name)
    with clock.time("reading"):
        expansion = expansion_of(data, **options.expands)
        if expansion is not None and options.expands["curves"] and not expansion.curves:
            notice(f"--splines: no column has {DISTINCT} different numbers, so that there is nothing to bend")
        return Setup(options, data, network, folds_of(options, data), expansion)


def expansion_of(data: Dataset, curves: bool = False, products: bool = False) -> Expansion | None:
    """Curves and products of the features, with knots of all rows to train on; None for neither."""
    if not (curves or products):
        return None
    X, owners = data.train.X, [c for (c,) in feature_columns(data.schema, None)]
    return Expansion.learn(X, owners, curves, products).fitted(X)


def training(setup: Setup) -> dict[str, Any]:
    """What `nx.path` is told of a network's folds and training."""
    import optax

    options, data, train = setup.options, setup.data, setup.data.train
    return {
        "loss": data.target.loss,
        "strengths": options.strengths,
        "cv": setup.folds,
        "groups": train.groups,
        "time": train.time,
        "select": options.select,
        "optimizer": optax.adam(options.learning_rate),
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "transform": setup.transform,
        "scale_target": data.target.task == "regression",
        "sample_weight": data.weight(train),
        "feature_names": data.schema.features,
        "seed": options.seed,
    }
