"""Of the many unpenalised fits to fewer rows than columns, the one with the smallest coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from normax.linear_model.design.products import COPIED
from normax.linear_model.path import LinearPath
from normax.linear_model.problem.problem import Problem

__all__ = ["smallest"]


def smallest(path: LinearPath, problem: Problem) -> LinearPath:
    """The path with each `w` replaced by that of the smallest `‖w‖₂` among those with the same `X w + b`.

    It is the projection of `w` on the space of the (centred) rows; the intercept takes up what the centres tell. Fits
    with a penalty are of that kind already, as are those to more rows than columns where columns are independent. Beyond
    `COPIED` cells the path stays as it is.

    Args:
        path: fits without a penalty, bounds or factors; problem: of which they are fits.
    """
    design = problem.design
    counted = design.weights > 0
    if design.p <= counted.sum() or design.p * design.n > COPIED:
        return path
    Z = design.columns(np.arange(design.p))[counted]
    old = path.coef.reshape(-1, design.p)
    new = np.linalg.lstsq(Z, Z @ old.T, rcond=None)[0].T
    shift = ((old - new) @ design.means).reshape(path.intercept.shape)
    return replace(path, coef=new.reshape(path.coef.shape), intercept=path.intercept + shift)
