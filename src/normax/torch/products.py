"""Products of matrices and vectors: `matmul`, `bmm`, `addmm`, `einsum`, `outer`, `cdist`, ..."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from normax.torch.ops import function, method, op
from normax.torch.promotion import together
from normax.torch.tensor import Methods

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "cdist",
    "chain_matmul",
    "cross",
    "diag",
    "diag_embed",
    "diagflat",
    "dist",
    "dot",
    "einsum",
    "ger",
    "inner",
    "kron",
    "matmul",
    "mm",
    "mv",
    "outer",
    "spmm",
    "tensordot",
    "trace",
    "tril",
    "triu",
    "vander",
    "vdot",
]


@op
def matmul(input: Any, other: Any) -> Any:
    """The product of matrices, over leading dimensions; vectors count as a row or a column."""
    return jnp.matmul(*_alike("matmul", input, other))


def _alike(name: str, *arrays: Any) -> Any:
    """Refuse arrays of different dtypes, as PyTorch does."""
    if len({a.dtype for a in arrays}) > 1:
        raise RuntimeError(
            f"{name}: expected m1 and m2 to have the same dtype, but got: {' != '.join(str(a.dtype) for a in arrays)}"
        )
    return arrays


@op
def mm(input: Any, mat2: Any) -> Any:
    """The product of two matrices."""
    return _of(2, 2, "mm", input, mat2)


spmm = mm  # of sparse matrices in PyTorch, of dense ones too


@op
def bmm(input: Any, mat2: Any) -> Any:
    """Products of two rows of matrices."""
    return _of(3, 3, "bmm", input, mat2)


@op
def mv(input: Any, vec: Any) -> Any:
    """The product of a matrix and a vector."""
    return _of(2, 1, "mv", input, vec)


@op
def dot(input: Any, tensor: Any) -> Any:
    """The product of two vectors."""
    return _of(1, 1, "dot", input, tensor)


def _of(a_dims: int, b_dims: int, name: str, a: Any, b: Any) -> Any:
    if (a.ndim, b.ndim) != (a_dims, b_dims):
        raise RuntimeError(
            f"{name}: expected tensors of {a_dims} and {b_dims} dimensions, got {list(a.shape)} and {list(b.shape)}"
        )
    return jnp.matmul(*_alike(name, a, b))


@op
def vdot(input: Any, other: Any) -> Any:
    """The product of two vectors, the first one conjugated."""
    return jnp.vdot(input, other)


@op
def inner(input: Any, other: Any) -> Any:
    """Products along the last dimensions."""
    return jnp.inner(input, other)


@op
def outer(input: Any, vec2: Any) -> Any:
    """Every product of two elements."""
    return jnp.outer(*together(input, vec2))


ger = outer
Methods.ger = outer  # type: ignore[attr-defined]


@op
def kron(input: Any, other: Any) -> Any:
    """Kronecker's product."""
    return jnp.kron(*together(input, other))


def _scaled(product: Any, input: Any, beta: Any, alpha: Any) -> Any:
    product = product if alpha == 1 else alpha * product
    if beta == 0:
        return jnp.broadcast_to(product, jnp.broadcast_shapes(product.shape, input.shape))
    return (input if beta == 1 else beta * input) + product


@op
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """`beta · input + alpha · mat1 mat2`."""
    return _scaled(jnp.matmul(mat1, mat2), input, beta, alpha)


@op
def addmv(input: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """`beta · input + alpha · mat vec`."""
    return _scaled(jnp.matmul(mat, vec), input, beta, alpha)


@op
def addr(input: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """`beta · input + alpha · vec1 vec2ᵀ`."""
    return _scaled(jnp.outer(vec1, vec2), input, beta, alpha)


@op
def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """`beta · input + alpha · batch1 batch2`, matrix by matrix."""
    return _scaled(jnp.matmul(batch1, batch2), input, beta, alpha)


@op
def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """`beta · input + alpha · Σ batch1 batch2`."""
    return _scaled(jnp.sum(jnp.matmul(batch1, batch2), 0), input, beta, alpha)


@function
def chain_matmul(*matrices: Any) -> Any:
    """The product of matrices, in the cheapest order."""
    return jnp.linalg.multi_dot(matrices) if len(matrices) > 1 else matrices[0]


@function
def einsum(equation: Any, *operands: Any) -> Any:
    """Sums of products, `"bij,bjk->bik"`; spaces count for nothing, operands may be one list."""
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    if isinstance(equation, str):
        return jnp.einsum(equation.replace(" ", ""), *operands)
    return jnp.einsum(equation, *operands)


@function
def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """Sums of products over dimensions."""
    return jnp.tensordot(a, b, dims)


def _cross_axis(a: Any, b: Any, dim: Any) -> int:
    if dim is not None:
        return dim
    shape = jnp.broadcast_shapes(a.shape, b.shape)
    return next(i for i, n in enumerate(shape) if n == 3)


@op
def cross(input: Any, other: Any, dim: int | None = None) -> Any:
    """The vector product, along the first dimension of length 3 unless said."""
    a, b = together(input, other)
    return jnp.cross(a, b, axis=_cross_axis(input, other, dim))


@op
def trace(input: Any) -> Any:
    """The sum of the diagonal."""
    return jnp.trace(input)


@op
def tril(input: Any, diagonal: int = 0) -> Any:
    """0 above a diagonal."""
    return jnp.tril(input, diagonal)


@op
def triu(input: Any, diagonal: int = 0) -> Any:
    """0 below a diagonal."""
    return jnp.triu(input, diagonal)


@op
def diag(input: Any, diagonal: int = 0) -> Any:
    """A vector as the diagonal of a matrix, or the diagonal of a matrix."""
    return jnp.diag(input, diagonal)


@op
def diagflat(input: Any, offset: int = 0) -> Any:
    """All elements as the diagonal of a matrix."""
    return jnp.diagflat(input, offset)


@op
def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The last dimension as diagonals of matrices."""
    n = input.shape[-1] + abs(offset)
    row = jnp.arange(input.shape[-1]) + max(-offset, 0)
    made = jnp.zeros((*input.shape[:-1], n, n), input.dtype).at[..., row, row + offset].set(input)
    return jnp.moveaxis(made, (-2, -1), (dim1, dim2))


@function
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Powers as columns."""
    return jnp.vander(x, N, increasing)


@op
def dist(input: Any, other: Any, p: float = 2) -> Any:
    """The p-norm of the difference."""
    from normax.torch.reductions import vector_norm

    return vector_norm(input - other, p, None, False)


@function
def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: Any = None) -> Any:
    """The p-norm of the difference of every two rows."""
    from normax.torch.reductions import vector_norm

    return vector_norm(x1[..., :, None, :] - x2[..., None, :, :], p, -1, False)


@method
def __matmul__(self: Any, other: Any) -> Any:
    return matmul(self, other)


@method
def __rmatmul__(self: Any, other: Any) -> Any:
    return matmul(other, self)
