"""Embedding: rows of a table by their index."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn import init
from normax.nn.cells import Parameter
from normax.nn.functional._common import as_array
from normax.nn.layers._common import new_parameter
from normax.nn.module import Module

__all__ = ["Embedding"]


class Embedding(Module):
    """Rows of a table `(num_embeddings, embedding_dim)`, which start from a standard normal.

    Args:
        num_embeddings: rows.
        embedding_dim: columns.
        padding_idx: a row that starts at 0 and gets no gradient.
        max_norm: not supported: it changes the table while reading it; penalise the rows instead.
        norm_type: of `max_norm`.
        scale_grad_by_freq: not supported.
        sparse: not supported: gradients are dense.
        device: where the table lives.
        dtype: of the table.

    Raises:
        InputError: for what is not supported and, in eager mode, for an index outside the table.

    Example:
        >>> import jax.numpy as jnp
        >>> Embedding(10, 3)(jnp.array([[1, 2], [4, 9]])).shape
        (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if max_norm is not None or scale_grad_by_freq or sparse:
            raise InputError(
                "Embedding: max_norm, scale_grad_by_freq and sparse are not supported; leave them out"
            )
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise InputError(f"padding_idx: expected within {num_embeddings} rows, got {padding_idx}")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        if _weight is None:
            self.weight = new_parameter((num_embeddings, embedding_dim), "weight", device, dtype)
            self.reset_parameters()
        else:
            self.weight = Parameter(_weight, role="weight")
        self.weight.requires_grad = not _freeze

    @classmethod
    def from_pretrained(
        cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None
    ) -> Embedding:
        """An embedding with a given table, frozen unless `freeze=False`."""
        table = as_array(embeddings)
        rows, columns = table.shape
        return cls(rows, columns, padding_idx=padding_idx, _weight=table, _freeze=freeze)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.value = self.weight.value.at[self.padding_idx].set(0)

    def forward(self, input: Any) -> Any:
        index, table = as_array(input), self.weight.value
        if not jnp.issubdtype(index.dtype, jnp.integer):
            raise InputError(f"expected integer indices, got {index.dtype}")
        if not isinstance(index, jax.core.Tracer):
            values = np.asarray(index)
            if values.size and not 0 <= values.min() <= values.max() < self.num_embeddings:
                wrong = values.min() if values.min() < 0 else values.max()
                raise InputError(f"expected indices from 0 to {self.num_embeddings - 1}, got {int(wrong)}")
        rows = table[index]
        if self.padding_idx is None:
            return rows
        return jnp.where((index == self.padding_idx)[..., None], jax.lax.stop_gradient(rows), rows)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
