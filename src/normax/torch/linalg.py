"""`torch.linalg`, and the functions of it that `torch` has by older names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.torch import products, reductions
from normax.torch.ops import alias, function, returned
from normax.torch.windowing import diagonal as _diagonal

__all__ = [
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "householder_product",
    "inv",
    "inv_ex",
    "lstsq",
    "lu",
    "lu_factor",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]

LinAlgError = np.linalg.LinAlgError


_Eig, _Eigh = returned("eig", "eigenvalues eigenvectors"), returned("eigh", "eigenvalues eigenvectors")
_Svd, _OldSvd = returned("svd", "U S Vh"), returned("svd", "U S V")
_Qr, _Slogdet = returned("qr", "Q R"), returned("slogdet", "sign logabsdet")
_Lstsq = returned("lstsq", "solution residuals rank singular_values")
_Inv, _Solve = returned("inv_ex", "inverse info"), returned("solve_ex", "result info")
_Cholesky, _Lu = returned("cholesky_ex", "L info"), returned("lu", "P L U")
_Factor, _Triangular = (
    returned("lu_factor", "LU pivots"),
    returned("triangular_solve", "solution cloned_coefficient"),
)


def _of_one(name: str, apply: Callable[..., Any], doc: str) -> Callable[..., Any]:
    def compute(A: Any) -> Any:
        return apply(A)

    compute.__name__, compute.__doc__ = name, doc
    return function(compute)


det = _of_one("det", jnp.linalg.det, "The determinant.")
inv = _of_one("inv", jnp.linalg.inv, "The inverse.")
svdvals = _of_one("svdvals", lambda A: jnp.linalg.svd(A, compute_uv=False), "The singular values.")
eigvals = _of_one("eigvals", jnp.linalg.eigvals, "The eigenvalues.")
matrix_exp = _of_one("matrix_exp", jax.scipy.linalg.expm, "The exponential of a matrix.")
slogdet = _of_one(
    "slogdet", lambda A: _Slogdet(*jnp.linalg.slogdet(A)), "Sign and logarithm of the determinant."
)
eig = _of_one("eig", lambda A: _Eig(*jnp.linalg.eig(A)), "Eigenvalues and eigenvectors.")
matmul = products.matmul


@function
def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """The vector product along a dimension."""
    return jnp.cross(input, other, axis=dim)


@function
def cholesky(A: Any, *, upper: bool = False) -> Any:
    """L with `A = L Lᴴ`, or `Lᴴ`."""
    L = jnp.linalg.cholesky(A)
    return jnp.conj(jnp.swapaxes(L, -1, -2)) if upper else L


def _no_info(A: Any) -> Any:
    return jnp.zeros(A.shape[:-2], np.int32)


@function
def cholesky_ex(A: Any, *, upper: bool = False, check_errors: bool = False) -> Any:
    """`cholesky`, and 0 where it went well."""
    L = cholesky(A, upper=upper)
    return _Cholesky(L, jnp.any(jnp.isnan(L), (-2, -1)).astype(np.int32))


@function
def inv_ex(A: Any, *, check_errors: bool = False) -> Any:
    """`inv`, and 0."""
    return _Inv(jnp.linalg.inv(A), _no_info(A))


@function
def eigh(A: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of a symmetric matrix."""
    return _Eigh(*jnp.linalg.eigh(A, UPLO))


@function
def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of a symmetric matrix."""
    return jnp.linalg.eigvalsh(A, UPLO)


@function
def svd(A: Any, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """`A = U diag(S) Vh`."""
    return _Svd(*jnp.linalg.svd(A, full_matrices))


@function
def qr(A: Any, mode: str = "reduced") -> Any:
    """`A = Q R`."""
    if mode == "r":
        return _Qr(jnp.zeros(0, A.dtype), jnp.linalg.qr(A, "r"))
    return _Qr(*jnp.linalg.qr(A, mode))


@function
def pinv(A: Any, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    """The pseudoinverse."""
    return jnp.linalg.pinv(A, rtol, hermitian)


def _solved(A: Any, B: Any) -> Any:
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    return jnp.linalg.solve(A, B[..., None])[..., 0] if vector else jnp.linalg.solve(A, B)


@function
def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """X with `A X = B`, or `X A = B`."""
    if left:
        return _solved(A, B)
    return jnp.swapaxes(jnp.linalg.solve(jnp.swapaxes(A, -1, -2), jnp.swapaxes(B, -1, -2)), -1, -2)


@function
def solve_ex(A: Any, B: Any, *, left: bool = True, check_errors: bool = False) -> Any:
    """`solve`, and 0."""
    return _Solve(solve(A, B, left=left), _no_info(A))


@function
def solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    """`solve` of a triangular matrix."""
    return jax.lax.linalg.triangular_solve(A, B, left_side=left, lower=not upper, unit_diagonal=unitriangular)


@function
def lstsq(A: Any, B: Any, rcond: Any = None, *, driver: str | None = None) -> Any:
    """X with the least `‖A X − B‖`."""
    batched = jnp.linalg.lstsq
    for _ in range(A.ndim - 2):
        batched = jax.vmap(batched)
    solution, residuals, rank, values = batched(A, B)
    return _Lstsq(solution, residuals, rank, values)


@function
def lu(A: Any, *, pivot: bool = True) -> Any:
    """`A = P L U`."""
    return _Lu(*jax.scipy.linalg.lu(A))


@function
def lu_factor(A: Any, *, pivot: bool = True) -> Any:
    """L and U in one matrix, and the pivots, counted from 1."""
    factors, pivots = jax.scipy.linalg.lu_factor(A)
    return _Factor(factors, pivots + 1)


@function
def matrix_power(A: Any, n: int) -> Any:
    """`Aⁿ`."""
    return jnp.linalg.matrix_power(A, n)


@function
def matrix_rank(
    A: Any, tol: Any = None, *, atol: Any = None, rtol: Any = None, hermitian: bool = False
) -> Any:
    """How many singular values are not 0."""
    return jnp.linalg.matrix_rank(A, rtol if tol is None else tol)


@function
def multi_dot(tensors: Any) -> Any:
    """The product of matrices, in the cheapest order."""
    return jnp.linalg.multi_dot(tensors)


@function
def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """A norm of vectors, of one dimension or none named, or of matrices, of two."""
    if ord is None or (dim is None and A.ndim == 1) or (np.ndim(dim) == 0 and dim is not None):
        return reductions.vector_norm(A, 2 if ord is None else ord, reductions.axes(dim), keepdim)
    return jnp.linalg.norm(A, ord, None if dim is None else tuple(dim), keepdim)


@function
def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`(Σ |x|^ord)^(1/ord)`."""
    return reductions.vector_norm(x, ord, reductions.axes(dim), keepdim)


@function
def matrix_norm(
    A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """A norm of matrices: "fro", "nuc", 1, 2, ∞ or their negatives."""
    return jnp.linalg.norm(A, ord, tuple(dim), keepdim)


@function
def cond(A: Any, p: Any = None) -> Any:
    """The condition number."""
    return jnp.linalg.cond(A, p)


@function
def tensorinv(A: Any, ind: int = 2) -> Any:
    """The inverse with respect to `tensordot`."""
    return jnp.linalg.tensorinv(A, ind)


@function
def tensorsolve(A: Any, B: Any, dims: Any = None) -> Any:
    """`solve` with respect to `tensordot`."""
    return jnp.linalg.tensorsolve(A, B, dims)


@function
def vander(x: Any, N: int | None = None) -> Any:
    """Powers as columns, from 0."""
    return x[..., None] ** np.arange(x.shape[-1] if N is None else N)


@function
def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """Products of vectors along a dimension."""
    return jnp.linalg.vecdot(x, y, axis=dim)


@function
def householder_product(A: Any, tau: Any) -> Any:
    """The product of reflections."""
    return jax.lax.linalg.householder_product(A, tau)


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonal of the last two dimensions."""
    return _diagonal(A, offset, dim1, dim2)


# Under torch itself, by older names ---------------------------------------------------------------------


@function
def old_cholesky(input: Any, upper: bool = False) -> Any:
    """`linalg.cholesky`."""
    return cholesky(input, upper=upper)


@function
def old_svd(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """`input = U diag(S) Vᴴ`, with V itself."""
    U, S, Vh = jnp.linalg.svd(input, not some)
    return _OldSvd(U, S, jnp.conj(jnp.swapaxes(Vh, -1, -2)))


@function
def old_qr(input: Any, some: bool = True) -> Any:
    """`linalg.qr`."""
    return _Qr(*jnp.linalg.qr(input, "reduced" if some else "complete"))


@function
def logdet(input: Any) -> Any:
    """The logarithm of the determinant; NaN where that is negative."""
    sign, log = jnp.linalg.slogdet(input)
    return jnp.where(sign < 0, jnp.nan, log)


@function
def cholesky_solve(B: Any, L: Any, upper: bool = False) -> Any:
    """X with `L Lᴴ X = B`."""
    return jax.scipy.linalg.cho_solve((L, not upper), B)


@function
def cholesky_inverse(L: Any, upper: bool = False) -> Any:
    """The inverse of `L Lᴴ`."""
    return jax.scipy.linalg.cho_solve((L, not upper), jnp.eye(L.shape[-1], dtype=L.dtype))


@function
def triangular_solve(
    b: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """X with `A X = b` of a triangular matrix."""
    x = jax.lax.linalg.triangular_solve(
        A, b, left_side=True, lower=not upper, transpose_a=transpose, unit_diagonal=unitriangular
    )
    return _Triangular(x, A)


# torch's name -> the function; all of them are methods too.
OF_TORCH = {
    "cholesky": old_cholesky,
    "cholesky_inverse": cholesky_inverse,
    "cholesky_solve": cholesky_solve,
    "det": det,
    "inverse": inv,
    "logdet": logdet,
    "matrix_exp": matrix_exp,
    "matrix_power": matrix_power,
    "pinverse": pinv,
    "qr": old_qr,
    "slogdet": slogdet,
    "svd": old_svd,
    "triangular_solve": triangular_solve,
}
for _name, _call in OF_TORCH.items():
    alias(_call, _name)
