"""Weighted products of the columns at work, added up block by block.

With many rows, products of all columns with all are as good from a sample of them: only how fast steps converge hangs on
what is off their diagonal. That, and what a step needs of the intercepts, is from all rows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from normax.compiled import kernel

__all__ = ["Products", "picked_rows"]

# A multiplier whose products with whole numbers are spread evenly over 32 bits.
SPREAD = np.uint32(2654435769)


@dataclass(frozen=True)
class Products:
    """Sums over rows, of q × q second derivatives each: for the rows of each part apart.

    Attributes:
        G: (parts, q, q, b, a) products of b new columns with all a, and beside them h (parts, q, q, a) of all with the
            intercepts and D (parts, q, q) of these: of the rows that are picked.
        all_h, all_D: the same, and squares (parts, q, q, a), of every row.
    """

    G: np.ndarray
    h: np.ndarray
    D: np.ndarray
    all_h: np.ndarray
    all_D: np.ndarray
    squares: np.ndarray

    @classmethod
    def nothing(cls, parts: int, q: int, a: int, first: int) -> Products:
        own = (parts, q, q)
        wide = [np.zeros((*own, a)) for _ in range(3)]
        return cls(np.zeros((*own, a - first, a)), wide[0], np.zeros(own), wide[1], np.zeros(own), wide[2])

    def sums(self) -> list[np.ndarray]:
        return [getattr(self, field.name) for field in fields(self)]

    def join(self, other: Products) -> None:
        for one, two in zip(self.sums(), other.sums()):
            one += two

    def of_parts(self, kept: list[int]) -> Products:
        """The sums over some parts as one."""
        return Products(*(one[kept].sum(axis=0) for one in self.sums()))

    def add_dense(
        self, at: tuple[int, int, int], Z: np.ndarray, squares: Any, d: np.ndarray, picked: np.ndarray
    ) -> None:
        """Take in centred columns Z (r, a) by curvatures d (r,) of one part and two outputs; `squares` are theirs where
        not all rows are picked, None where all are."""
        first, h, D = Z.shape[1] - self.G.shape[-2], d @ Z, d.sum()
        self.all_h[at] += h
        self.all_D[at] += D
        if squares is not None:
            self.squares[at] += d @ squares
            Z, d = Z[picked], d[picked]
            h, D = d @ Z, d.sum()
        self.h[at] += h
        self.D[at] += D
        if first == 0 and (d >= 0).all():  # a product with itself costs half
            B = Z * np.sqrt(d)[:, None]
            self.G[at] += B.T @ B
        else:
            self.G[at] += (Z[:, first:] * d[:, None]).T @ Z

    def add_sparse(
        self, at: tuple[int, int, int], X: Any, features: np.ndarray, d: np.ndarray, picked: np.ndarray
    ) -> None:
        """The same of some columns (a,) of compressed rows X (r, p) as they come, not centred; of the square of new ones
        the lower half."""
        place = np.full(X.shape[1], -1, dtype=np.intp)
        place[features] = np.arange(len(features))
        first = self.h.shape[-1] - self.G.shape[-2]
        sums = (self.G[at], self.h[at], self.all_h[at], self.squares[at])
        _add(X.indptr, X.indices, X.data, place, d, picked, first, *sums)
        self.all_D[at] += d.sum()
        self.D[at] += d[picked].sum()

    def centre(self, means: np.ndarray) -> None:
        """What columns as they come were to be taken about, and the other half of their square."""
        first = self.h.shape[-1] - self.G.shape[-2]
        for part, c in np.ndindex(*self.D.shape[:2]):
            for e in range(c + 1):
                at = (part, c, e)
                G, h, D = self.G[at], self.h[at], self.D[at]
                G[:, first:] = np.tril(G[:, first:]) + np.tril(G[:, first:], -1).T
                G -= np.outer(h[first:], means) + np.outer(means[first:], h - D * means)
                h -= D * means
                self.squares[at] -= means * (2 * self.all_h[at] - self.all_D[at] * means)
                self.all_h[at] -= self.all_D[at] * means

    def mirror(self) -> None:
        """Of outputs e and c what is known of c and e."""
        for sums in self.sums():
            for c in range(sums.shape[1]):
                for e in range(c):
                    sums[:, e, c] = sums[:, c, e]


def picked_rows(numbers: np.ndarray, share: float) -> np.ndarray:
    """(rows,) a share of the rows, by their numbers alone, without a period that rows might have."""
    if share >= 1:
        return np.ones(len(numbers), dtype=bool)
    return numbers.astype(np.uint32) * SPREAD < np.uint32(share * (2**32 - 1))


@kernel
def _add(indptr, indices, data, place, d, picked, first, G, h, all_h, squares):
    """Row by row: `at` and `x` are the entries of a row whose columns are at work."""
    at, x = np.empty(len(h), dtype=np.intp), np.empty(len(h))
    for i in range(len(d)):
        if d[i] == 0.0:
            continue
        count = 0
        for t in range(indptr[i], indptr[i + 1]):
            j = place[indices[t]]
            if j >= 0:
                at[count], x[count] = j, data[t]
                count += 1
        for s in range(count):
            v, j = d[i] * x[s], at[s]
            all_h[j] += v
            squares[j] += v * x[s]
            if not picked[i]:
                continue
            h[j] += v
            if j < first:
                continue
            for t in range(count):
                if at[t] <= j:
                    G[j - first, at[t]] += v * x[t]
