"""Regularisation paths: strengths and folds in one go, a choice by evidence, and the model it leads to."""

from typing import TYPE_CHECKING, Any

from normax.paths.result import Choice, Path

__all__ = ["Choice", "Ensemble", "Path", "linear_path", "path"]

if TYPE_CHECKING:
    from normax.paths.ensemble import Ensemble
    from normax.paths.linear import linear_path
    from normax.paths.network import path
else:

    def __getattr__(name: str) -> Any:
        if name == "path":  # the engine of networks needs JAX, that of linear models Numba and scikit-learn
            from normax.paths.network import path

            return path
        if name == "linear_path":
            from normax.paths.linear import linear_path

            return linear_path
        if name == "Ensemble":
            from normax.paths.ensemble import Ensemble

            return Ensemble
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
