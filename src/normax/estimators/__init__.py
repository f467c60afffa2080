"""Networks with scikit-learn's conventions: `fit`, `predict`, `clone`, pipelines, searches."""

from typing import Any

__all__ = ["NetworkClassifier", "NetworkRegressor"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # these need JAX; the defaults that the command shares do not
        from normax.estimators import network

        return getattr(network, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
