"""Linear predictors as what a user asks of them."""

from __future__ import annotations

import numpy as np

from normax.errors import InputError, suggest
from normax.linear_model.families.base import Family

__all__ = ["as_kind"]

# What `predict` gives.
KINDS = ("link", "response", "class")


def as_kind(eta: np.ndarray, family: Family | None, kind: str) -> np.ndarray:
    """Linear predictors (…, n, m) as they are, as expected responses, or (…, n) as numbers of classes."""
    if kind not in KINDS:
        raise InputError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}{suggest(str(kind), KINDS)}")
    if kind == "link":
        return eta
    if family is None or family.name == "ordinal" or (kind == "class" and not family.classes):
        why = (
            "a path from fit_path, which knows its family"
            if family is None
            else f"a family with it, not {family.name}"
        )
        raise InputError(
            f"kind: {kind!r} needs {why}; take kind='link' (OrdinalClassifier has the levels' shares)"
        )
    if kind == "response":
        m = eta.shape[-1]
        return np.exp(eta) if family.name == "cox" else family.mean(eta.reshape(-1, m)).reshape(eta.shape)
    if family.coupled:
        return np.argmax(eta, axis=-1)
    if eta.shape[-1] > 1:
        raise InputError("kind: 'class' of several outputs is not one class a row; take kind='response'")
    return (eta[..., 0] > 0).astype(int)
