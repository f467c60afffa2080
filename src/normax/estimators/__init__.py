"""Networks with scikit-learn's conventions: `fit`, `predict`, `clone`, pipelines, searches."""

from typing import TYPE_CHECKING, Any

__all__ = ["NetworkClassifier", "NetworkRegressor"]

if TYPE_CHECKING:
    from normax.estimators.network import NetworkClassifier, NetworkRegressor
else:

    def __getattr__(name: str) -> Any:
        if name in __all__:  # these need JAX; the defaults that the command shares do not
            from normax.estimators import network

            return getattr(network, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
