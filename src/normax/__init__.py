"""normax: penalised models, from the Lasso to deep networks.

The face of the package. Names load on first use, so that `import normax` costs next to nothing and a
linear model never waits for JAX.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the table below, for who checks types or completes names
    from normax import diagnostics as diagnostics
    from normax import distributed as distributed
    from normax import estimators as estimators
    from normax import linear_model as linear_model
    from normax import nn as nn
    from normax import paths as paths
    from normax import penalties as penalties
    from normax import plot as plot
    from normax import report as report
    from normax import selection as selection
    from normax import tables as tables
    from normax.binding import functional_call as functional_call
    from normax.binding import jit as jit
    from normax.binding import value_and_grad as value_and_grad
    from normax.binding.remat import remat as remat
    from normax.binding.scan import scan as scan
    from normax.binding.scan_layers import scan_layers as scan_layers
    from normax.cli.model.estimator import load_model as load_model
    from normax.errors import InputError as InputError
    from normax.errors import Notice as Notice
    from normax.estimators import NetworkClassifier as NetworkClassifier
    from normax.estimators import NetworkRegressor as NetworkRegressor
    from normax.interop import load as load
    from normax.interop import save as save
    from normax.interop.export import export as export
    from normax.nn.device import cuda as cuda
    from normax.nn.device import device as device
    from normax.nn.random import manual_seed as manual_seed
    from normax.paths.comparison import compare as compare
    from normax.paths.network import path as path
    from normax.penalties.scales import convert_strength as convert_strength
    from normax.porting.taking import from_torch as from_torch
    from normax.pruning.compact import compact as compact
    from normax.report.drawing import draw as draw
    from normax.training.callbacks import Callback as Callback
    from normax.training.callbacks import CSVLog as CSVLog
    from normax.training.callbacks import EarlyStopping as EarlyStopping
    from normax.training.checkpoint import Checkpoint as Checkpoint
    from normax.training.fit import fit as fit
    from normax.training.groups import decay as decay
    from normax.training.groups import select as select
    from normax.training.lassonet import LassoNet as LassoNet
    from normax.training.loggers import MLflow as MLflow
    from normax.training.loggers import TensorBoard as TensorBoard
    from normax.training.loggers import WandB as WandB
    from normax.training.penalize import penalize as penalize
    from normax.training.penalize import penalty as penalty
    from normax.training.sources import parquet as parquet
    from normax.training.step import train_step as train_step
    from normax.training.summary import summary as summary
    from normax.uncertainty import monte_carlo as monte_carlo

__version__ = "0.2.0"

# name -> the module it lives in; a module's own name stands for the module itself.
_HOME = {
    "nn": "normax.nn",
    "penalties": "normax.penalties",
    "linear_model": "normax.linear_model",
    "estimators": "normax.estimators",
    "selection": "normax.selection",
    "paths": "normax.paths",
    "diagnostics": "normax.diagnostics",
    "distributed": "normax.distributed",
    "plot": "normax.plot",
    "report": "normax.report",
    "tables": "normax.tables",
    "InputError": "normax.errors",
    "Notice": "normax.errors",
    "compact": "normax.pruning.compact",
    "convert_strength": "normax.penalties.scales",
    "cuda": "normax.nn.device",
    "device": "normax.nn.device",
    "from_torch": "normax.porting.taking",
    "functional_call": "normax.binding",
    "jit": "normax.binding",
    "value_and_grad": "normax.binding",
    "CSVLog": "normax.training.callbacks",
    "Callback": "normax.training.callbacks",
    "Checkpoint": "normax.training.checkpoint",
    "EarlyStopping": "normax.training.callbacks",
    "NetworkClassifier": "normax.estimators",
    "NetworkRegressor": "normax.estimators",
    "compare": "normax.paths.comparison",
    "LassoNet": "normax.training.lassonet",
    "decay": "normax.training.groups",
    "MLflow": "normax.training.loggers",
    "TensorBoard": "normax.training.loggers",
    "WandB": "normax.training.loggers",
    "export": "normax.interop.export",
    "fit": "normax.training.fit",
    "load": "normax.interop",
    "load_model": "normax.cli.model.estimator",
    "monte_carlo": "normax.uncertainty",
    "path": "normax.paths.network",
    "penalize": "normax.training.penalize",
    "parquet": "normax.training.sources",
    "penalty": "normax.training.penalize",
    "save": "normax.interop",
    "remat": "normax.binding.remat",
    "scan": "normax.binding.scan",
    "scan_layers": "normax.binding.scan_layers",
    "summary": "normax.training.summary",
    "draw": "normax.report.drawing",
    "select": "normax.training.groups",
    "train_step": "normax.training.step",
    "manual_seed": "normax.nn.random",
}

__all__ = ["__version__", *_HOME]


if not TYPE_CHECKING:  # who checks types knows the names

    def __getattr__(name: str) -> Any:
        home = _HOME.get(name)
        if home is None:
            if find_spec(f"normax.{name}") is not None:  # a room, which `from normax import` loads by itself
                raise AttributeError(f"module 'normax' has no attribute {name!r} before it is imported")
            from normax.instead import missing_name

            elsewhere: list[str] = []
            if not name.startswith("_"):  # what tools ask every module for
                from normax import linear_model, nn, penalties

                homes = {
                    "nn": nn,
                    "nn.functional": nn.functional,
                    "linear_model": linear_model,
                    "penalties": penalties,
                }
                elsewhere = [f"nx.{home}.{n}" for home, module in homes.items() for n in module.__all__]
            raise missing_name("normax", name, __all__, elsewhere)
        module = importlib.import_module(home)
        value = module if home == f"normax.{name}" else getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
