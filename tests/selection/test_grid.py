import numpy as np
import pytest

from normax.errors import InputError
from normax.selection import strength_grid


def test_grid_is_geometric_and_starts_exactly_at_the_largest():
    grid = strength_grid(0.7, 50, 1e-3)
    assert grid.shape == (50,)
    assert grid[0] == 0.7
    np.testing.assert_allclose(grid[-1], 0.7e-3, rtol=1e-12)
    np.testing.assert_allclose(grid[1:] / grid[:-1], 1e-3 ** (1 / 49), rtol=1e-12)


def test_grid_of_one():
    assert strength_grid(2.0, 1, 1e-3).tolist() == [2.0]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0.0, 3, 0.1), "largest"),
        ((np.inf, 3, 0.1), "largest"),
        ((np.nan, 3, 0.1), "largest"),
        ((1.0, 0, 0.1), "count"),
        ((1.0, 2.5, 0.1), "count"),
        ((1.0, 3, 1.0), "ratio"),
        ((1.0, 3, 0.0), "ratio"),
    ],
)
def test_grid_refuses(arguments, name):
    with pytest.raises(InputError, match=name):
        strength_grid(*arguments)
