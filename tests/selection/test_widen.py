"""A grid that goes on: only past the edge where the minimum is, never over what is known, and not for ever."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from normax.selection import levels_off, strength_grid, widened


def follow(error, grid, **options):
    """The strengths that were evaluated, call by call, beside the result."""
    calls = []

    def evaluate(strengths):
        calls.append(strengths)
        return (error(strengths), -strengths)

    strengths, (values, others) = widened(grid, evaluate, lambda values, _: values, **options)
    np.testing.assert_array_equal(values, error(strengths))
    np.testing.assert_array_equal(others, -strengths)
    assert (np.diff(strengths) < 0).all()
    assert sorted(np.concatenate(calls), reverse=True) == strengths.tolist()
    return calls, strengths


def bowl(centre):
    return lambda s: np.log10(s / centre) ** 2


@pytest.mark.parametrize("centre", [0.02, 1.0, 30.0])
def test_a_minimum_inside_or_at_the_end_where_all_is_zero_costs_nothing(centre):
    calls, strengths = follow(bowl(centre), strength_grid(1.0, 20, 1e-3))
    assert len(calls) == 1
    assert len(strengths) == 20


@pytest.mark.parametrize("centre", [1e-4, 1e-6, 1e-9, 1e-14])
def test_a_grid_goes_on_to_a_weaker_minimum_in_its_own_steps(centre):
    grid = strength_grid(1.0, 20, 1e-3)
    calls, strengths = follow(bowl(centre), grid)
    least = strengths[np.argmin(bowl(centre)(strengths))]
    assert strengths[-1] < least < grid[-1]
    assert all(len(more) <= 20 for more in calls)
    np.testing.assert_allclose(calls[1][1:] / calls[1][:-1], grid[1] / grid[0], rtol=0.1)


def test_a_grid_goes_on_to_a_stronger_minimum_where_that_is_another_model():
    _, strengths = follow(bowl(2e4), strength_grid(1.0, 20, 1e-3), stronger=True)
    least = strengths[np.argmin(bowl(2e4)(strengths))]
    assert 1.0 < least < strengths[0]


def test_a_grid_ends_where_the_error_is_level_and_in_any_case():
    grid = strength_grid(1.0, 30, 1e-3)
    assert len(follow(lambda s: 1 + s**2, grid)[0]) == 1  # already level
    assert len(follow(lambda s: s**2, grid)[0]) == 3  # of all its range, but not of what is left
    calls, strengths = follow(lambda s: 1 + s, grid)
    assert len(calls) == 3
    assert levels_off(strengths, 1 + strengths, len(strengths) - 1)
    calls, strengths = follow(np.log, grid)
    assert len(calls) == 5
    assert strengths[-1] == pytest.approx(1e-18)
    assert len(follow(np.ones_like, grid, stronger=True)[0]) == 1
    assert len(follow(np.log, grid[:1])[0]) == 1


def test_a_level_start_is_no_end():
    """Where every strength of a grid is far too strong, its errors hardly differ, but the last decade has all of the change."""
    _, strengths = follow(lambda s: s / (s + 1e-6) + 1e-7 / s, strength_grid(1.0, 30, 1e-3))
    assert strengths[-1] < 1e-6


def test_a_grid_goes_no_further_than_fits_are_certified():
    def evaluate(strengths):
        if strengths.min() < 0.99e-3:
            warnings.warn("too weak", ConvergenceWarning, stacklevel=2)
        return (np.log(strengths),)

    strengths, _ = widened(strength_grid(1.0, 20, 1e-3), evaluate, lambda values: values)
    assert len(strengths) == 20


@pytest.mark.parametrize("stronger", [True, False])
def test_a_grid_goes_on_past_a_hill_towards_an_end_that_is_known_to_be_better(stronger):
    def error(s):
        return (
            2 + np.log10(s / 0.03) ** 2 * np.exp(-(np.log10(s / 0.03) ** 2)) - 2 * (s < 1e-5) - 3 * (s > 1e4)
        )

    grid = strength_grid(1.0, 20, 1e-3)
    assert len(follow(error, grid)[1]) == 20
    strengths = follow(error, grid, stronger=stronger, limits=lambda: (-1.0, 0.0))[1]
    assert strengths[0] > 1e4 if stronger else strengths[-1] < 1e-5
