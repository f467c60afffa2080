"""`--model auto`: a linear model, one with curves, and a network on the same folds; the simplest within noise is
kept."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from normax.cli.details import Contender, Contest
from normax.cli.model.network import architecture
from normax.cli.options.run import PathOptions
from normax.cli.runs import metrics
from normax.cli.runs.data import Dataset
from normax.cli.runs.fitting import fit_path
from normax.cli.runs.setup import Setup, expansion_of
from normax.errors import Notice

__all__ = ["Compared", "compete"]


@dataclass(frozen=True)
class Compared:
    """Models on the same folds, the simplest first, and the name of the one that is kept."""

    comparison: Any
    kept: str

    @property
    def seconds(self) -> dict[str, float]:
        return self.comparison.seconds

    def told(self, data: Dataset) -> Contest:
        """The table and the sentence."""
        return Contest(
            verdict=self._verdict(), models=[self._row(name, data) for name in self.comparison.paths]
        )

    def _row(self, name: str, data: Dataset) -> Contender:
        path, (behind, behind_se) = self.comparison.paths[name], self.comparison.difference(name)
        best, test, error = path.best, data.test, None
        if test is not None:
            each = metrics.errors(data.target, test.y, np.asarray(path.predict(test.X), float))
            error = float(np.average(each, weights=data.weight(test)))
        return Contender(
            model=name,
            strength=best.strength,
            nonzero=best.nonzero,
            cv=best.cv_mean,
            se=best.cv_se,
            behind=behind,
            behind_se=behind_se,
            kept=name == self.kept,
            rmse=metrics.rmse(data.target, data.train.y, np.asarray(path.held_out(), float)),
            test=error,
            seconds=self.seconds[name],
        )

    def _verdict(self) -> str:
        """Which is kept, and how far every other one is from it, fold by fold, as a share of its error."""
        error = self.comparison.paths[self.kept].best.cv_mean
        parts = []
        for name in self.comparison.paths:
            if name == self.kept:
                continue
            more, se = (100 * part / error for part in self.comparison.difference(name, self.kept))
            if abs(more) <= se:
                parts.append(f"{name} cannot be told from it ({more:+.1f} % of its error, ± {se:.1f})")
            else:
                which = "worse" if more > 0 else "better"
                parts.append(f"{name} is measurably {which} ({more:+.1f} %, ± {se:.1f})")
        return f"Kept: {self.kept}, the simplest that is not measurably behind the best; {'; '.join(parts)}."


def compete(setup: Setup, options: PathOptions, on_progress: Callable) -> tuple[Setup, Any, Compared]:
    """Fit every model on the folds of the setup.

    Args:
        setup: of the linear model.
        options: as they were typed, for each model to settle by its own defaults.
        on_progress: called as (phase, done, total).

    Returns:
        The setup and the path of the model that is kept, and the comparison.
    """
    from normax.paths.comparison import Comparison

    entered = _entered(setup, options)
    paths, seconds = {}, {}
    for number, (name, each) in enumerate(entered.items()):
        began = time.perf_counter()

        def tell(phase: str, done: int, total: int, name: str = name, number: int = number) -> None:
            on_progress(f"{name}: {phase}", round(1000 * (number + done / total)), 1000 * len(entered))

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Notice)
            paths[name] = fit_path(each, tell)
        seconds[name] = time.perf_counter() - began
        for w in caught:
            told = issubclass(w.category, Notice)
            warnings.warn(f"{name}: {w.message}" if told else str(w.message), w.category, stacklevel=2)
    comparison = Comparison(paths, seconds, ())
    kept = next(name for name in paths if np.subtract(*comparison.difference(name)) <= 0)
    return entered[kept], replace(paths[kept], notices=()), Compared(comparison, kept)


def _entered(setup: Setup, options: PathOptions) -> dict[str, Setup]:
    """The setup of every model, the simplest first; without a number that can bend there are no curves."""
    data = setup.data
    (rows, features), out = data.train.X.shape, Path(options.out)
    curves = expansion_of(data, curves=True)
    entered = {"linear": setup}
    if curves is not None and curves.curves:
        entered["splines"] = replace(setup, expansion=curves)
    own = replace(options, model="mlp", cv=setup.options.cv).settled(rows, network=True)
    network = architecture("mlp", rows, features, data.target.outputs, out)
    return entered | {"mlp": replace(setup, network=network, options=replace(own, model="auto"))}
