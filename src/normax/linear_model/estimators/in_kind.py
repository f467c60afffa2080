"""Tables of other array libraries, where scikit-learn dispatches by the array API: taken over, and answered in kind.

All is computed in NumPy on the processor, in double precision; what comes from elsewhere, a GPU say, is copied once, and
coefficients and predictions are handed back as arrays of the same library on the same device.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn import get_config

__all__ = ["Home", "home_of", "numpy_of"]


@dataclass(frozen=True)
class Home:
    """Where arrays came from: a namespace of the array API, and a device of it."""

    namespace: str
    device: Any

    def array(self, a: np.ndarray) -> Any:
        """A NumPy array, or a number, as an array there."""
        return importlib.import_module(self.namespace).asarray(np.asarray(a), device=self.device)


def home_of(X: Any) -> Home | None:
    """Where X came from, if scikit-learn is to dispatch by the array API and X is an array of another library."""
    if type(X) is np.ndarray or issparse(X) or not get_config()["array_api_dispatch"]:
        return None
    if type(X).__module__.partition(".")[0] == "torch":  # which has no __array_namespace__
        return Home("torch", X.device)
    namespace = getattr(X, "__array_namespace__", None)
    if namespace is None or namespace().__name__ == "numpy":
        return None
    return Home(namespace().__name__, X.device)


def numpy_of(a: Any) -> Any:
    """An array of any library as NumPy's; what is none stays as it is."""
    if isinstance(a, np.ndarray) or not (hasattr(a, "__dlpack__") or hasattr(a, "__array__")) or issparse(a):
        return a
    if hasattr(a, "detach"):
        a = a.detach().cpu()
    elif hasattr(a, "get") and not hasattr(a, "columns"):  # CuPy's, which never comes by itself
        a = a.get()
    return np.asarray(a)
