"""Embeddings: rows of a table by their index, alone or reduced over bags."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn import init
from normax.nn.cells import Parameter
from normax.nn.functional._common import as_array
from normax.nn.functional.embedding import refuse_sparse, row_number
from normax.nn.layers._common import new_parameter
from normax.nn.module import Module

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """A table `(num_embeddings, embedding_dim)` of parameters with a row that may stand for padding."""

    def _make(self, rows, columns, padding_idx, weight, device, dtype):
        refuse_sparse(type(self).__name__, self.sparse)
        self.num_embeddings, self.embedding_dim = rows, columns
        self.padding_idx = None if padding_idx is None else row_number(padding_idx, rows)
        if weight is None:
            self.weight = new_parameter((rows, columns), "weight", device, dtype)
            self.reset_parameters()
            return
        self.weight = Parameter(weight, role="weight")
        if self.weight.shape != (rows, columns):
            raise InputError(f"_weight: expected shape {(rows, columns)}, got {self.weight.shape}")

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.value = self.weight.value.at[self.padding_idx].set(0)

    def extra_repr(self) -> str:
        words = [f"{self.num_embeddings}, {self.embedding_dim}"]
        words += [f"padding_idx={self.padding_idx}"] if self.padding_idx is not None else []
        words += [f"max_norm={self.max_norm}"] if self.max_norm is not None else []
        words += [f"norm_type={self.norm_type}"] if self.norm_type != 2 else []
        words += [f"scale_grad_by_freq={self.scale_grad_by_freq}"] if self.scale_grad_by_freq else []
        return ", ".join(words)


def _given_table(embeddings: Any) -> Any:
    table = as_array(embeddings)
    if table.ndim != 2:
        raise InputError(f"embeddings: expected a table (rows, columns), got shape {table.shape}")
    return table


class Embedding(_Table):
    """Rows of a table `(num_embeddings, embedding_dim)`, which start from a standard normal.

    Args:
        num_embeddings: rows.
        embedding_dim: columns.
        padding_idx: a row that starts at 0 and gets no gradient.
        max_norm: rows that are read are scaled to at most this norm before, in the table itself; training steps refuse
            it, where the constraint `penalties.MaxNorm(1 / max_norm)` serves.
        norm_type: p of that norm.
        scale_grad_by_freq: divide a row's gradient by how often the indices name it.
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
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self._make(num_embeddings, embedding_dim, padding_idx, _weight, device, dtype)
        self.weight.requires_grad = not _freeze

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An embedding with a given table, frozen unless `freeze=False`."""
        table = _given_table(embeddings)
        rest = padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse
        embedding = cls(table.shape[0], table.shape[1], *rest, _weight=table)
        embedding.weight.requires_grad = not freeze
        return embedding

    def forward(self, input: Any) -> Any:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
        )


class EmbeddingBag(_Table):
    """Sum, mean or maximum of the rows of each bag of indices, without the rows in between.

    Args:
        num_embeddings: rows of the table, which starts from a standard normal.
        embedding_dim: columns.
        max_norm: rows that are read are scaled to at most this norm before, in the table itself; training steps refuse
            it, where the constraint `penalties.MaxNorm(1 / max_norm)` serves.
        norm_type: p of that norm.
        scale_grad_by_freq: divide a row's gradient by how often the indices name it; not with `"max"`.
        mode: `"sum"`, `"mean"` or `"max"`; an empty bag gives 0.
        sparse: not supported: gradients are dense.
        include_last_offset: offsets end with the length of the input.
        padding_idx: a row that starts at 0 and that no bag counts.
        device: where the table lives.
        dtype: of the table.

    Raises:
        InputError: for what is not supported; in a call as `functional.embedding_bag`.

    Example:
        >>> import jax.numpy as jnp
        >>> bags = EmbeddingBag(10, 3, mode="sum")
        >>> bags(jnp.array([1, 2, 4, 5, 4]), jnp.array([0, 2])).shape
        (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if mode not in ("sum", "mean", "max"):
            raise InputError(f"mode: expected 'sum', 'mean' or 'max', got {mode!r}")
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.mode, self.include_last_offset = mode, include_last_offset
        self._make(num_embeddings, embedding_dim, padding_idx, _weight, device, dtype)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """An embedding bag with a given table, frozen unless `freeze=False`."""
        table = _given_table(embeddings)
        rest = mode, sparse, table, include_last_offset, padding_idx
        bag = cls(table.shape[0], table.shape[1], max_norm, norm_type, scale_grad_by_freq, *rest)
        bag.weight.requires_grad = not freeze
        return bag

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            scale_grad_by_freq=self.scale_grad_by_freq,
            mode=self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )

    def extra_repr(self) -> str:
        own = super().extra_repr()
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return own.replace(padding, "", 1) + f", mode={self.mode!r}" + padding
