import numpy as np
import pytest

from normax.linear_model.design.columns import Columns, wider
from normax.linear_model.design.design import Design
from normax.linear_model.quadratic.gram import GrowingGram
from normax.linear_model.quadratic.line_search import armijo, parabola


@pytest.fixture
def design():
    random = np.random.default_rng(0)
    weights = random.uniform(0.5, 1.5, 12)
    return Design(random.normal(size=(12, 40)), weights / weights.sum(), True)


def test_columns_keep_the_order_in_which_they_came(design):
    columns = Columns(design)
    assert columns.add(np.array([7, 3])) == 2
    assert columns.add(np.array([3, 30, 7, 1])) == 2
    np.testing.assert_array_equal(columns.features, [7, 3, 30, 1])
    np.testing.assert_array_equal(columns.Z, design.columns(columns.features))
    np.testing.assert_array_equal(columns.at(np.array([1, 9, 9, 3])), [3, 4, 4, 1])
    np.testing.assert_allclose(columns.variance, design.weights @ columns.Z**2)


def test_growing_products_are_those_of_all_columns_whatever_order_they_came_in(design):
    gram = GrowingGram(design)
    for new in np.array_split(np.random.default_rng(1).permutation(40), 7):
        gram.add(new)
    Z = design.columns(gram.features)
    np.testing.assert_allclose(gram.G, Z.T @ (design.weights[:, None] * Z), atol=1e-14)
    assert len(gram.full) == 40


@pytest.mark.parametrize(("shape", "axes"), [((5,), [0]), ((3, 5), [1]), ((5, 5), [0, 1])])
def test_a_wider_block_holds_what_was_in_use_and_lies_as_before(shape, axes):
    block = np.asarray(np.random.default_rng(0).normal(size=shape), order="F" if axes == [1] else "C")
    out = wider(block, 4, 6, axes=axes)
    used = tuple(slice(4) if axis in axes else slice(None) for axis in range(block.ndim))
    np.testing.assert_array_equal(out[used], block[used])
    assert all(out.shape[axis] >= 10 for axis in axes)
    assert out.flags.f_contiguous if axes == [1] else out.flags.c_contiguous
    assert wider(block, 4, 5, axes=axes) is block


def test_armijo_takes_the_longest_part_that_gains_what_the_slope_promises():
    t, loss = armijo(lambda t: parabola(-1.0, 20.0, t), lambda t: 0.5 * t, 0.0, 0.5)
    assert (t, loss) == (1 / 32, parabola(-1.0, 20.0, 1 / 32))
    assert armijo(lambda t: t, lambda t: 0.0, 0.0, 1.0) == (0.0, 0.0)
