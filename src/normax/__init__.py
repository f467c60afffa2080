"""normax: penalised models, from the Lasso to deep networks.

The face of the package. Names load on first use, so that `import normax` costs next to nothing and a
linear model never waits for JAX.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

__version__ = "0.1.0"

# name -> the module it lives in; a module's own name stands for the module itself.
_HOME = {
    "nn": "normax.nn",
    "penalties": "normax.penalties",
    "linear_model": "normax.linear_model",
    "estimators": "normax.estimators",
    "selection": "normax.selection",
    "paths": "normax.paths",
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
    return sorted({*globals(), *__all__})
