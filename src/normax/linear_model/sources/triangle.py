"""All that squared error needs of any number of rows, as a triangle: their count, weight, means and deviations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Triangle"]

# A column whose deviations are this share of its size is constant but for rounding.
CONSTANT = 1e-13


@dataclass(frozen=True)
class Triangle:
    """Some rows z of k numbers: how many, the sum of their weights, their weighted means (k,), and R (k, k) with
    `RᵀR = Σ_i ω_i (z_i − z̄)(z_i − z̄)ᵀ`."""

    rows: int
    total: float
    mean: np.ndarray
    factor: np.ndarray

    @classmethod
    def none(cls, k: int) -> Triangle:
        return cls(0, 0.0, np.zeros(k), np.zeros((k, k)))

    @classmethod
    def of(cls, Z: np.ndarray, weights: np.ndarray) -> Triangle:
        """Of rows (n, k) of weights (n,), not all 0: one QR, whose error is that of the rows and not of their
        squares."""
        total = float(weights.sum())
        mean = weights @ Z / total
        factor: Any = np.linalg.qr(np.sqrt(weights)[:, None] * (Z - mean), mode="r")
        return cls(len(Z), total, mean, factor)

    def __add__(self, other: Triangle) -> Triangle:
        """Of both together."""
        total = self.total + other.total
        apart = other.mean - self.mean
        between = np.sqrt(self.total * other.total / total) * apart
        factor: Any = np.linalg.qr(np.vstack([self.factor, other.factor, between]), mode="r")
        return Triangle(self.rows + other.rows, total, self.mean + other.total / total * apart, factor)

    def alike(self) -> tuple[np.ndarray, np.ndarray]:
        """(k + 1, k) rows and their weights (k + 1,), with the same weight, means and products as all rows, which
        penalised squared error cannot tell from them.

        The triangle is turned, by a reflection that takes the first axis to (1, …, 1)/√(k + 1), to rows that add up to
        0: a row of zeros above it stands in that direction.
        """
        k = len(self.mean)
        count = k + 1
        lengths = np.sqrt(np.einsum("ij,ij->j", self.factor, self.factor))
        moving = lengths > CONSTANT * np.sqrt(self.total) * np.abs(self.mean)
        Z = np.zeros((count, k))
        Z[1 : 1 + len(self.factor)] = np.where(moving, np.sqrt(count / self.total) * self.factor, 0.0)
        v = np.full(count, -1 / np.sqrt(count))
        v[0] += 1
        Z -= 2 / (v @ v) * np.outer(v, v @ Z)
        return self.mean + Z, np.full(count, self.total / count)
