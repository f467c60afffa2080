import numpy as np
import pytest

from normax.errors import InputError
from normax.selection import choose, edge_notice, summarise


def test_summary_is_that_of_all_rows():
    """With folds of unequal size the mean is the mean over rows, not over folds."""
    rng = np.random.default_rng(0)
    sizes = [3, 5, 4]
    rows = [rng.normal(size=(m, 2)) for m in sizes]
    mean, se = summarise([r.mean(0) for r in rows], sizes)
    np.testing.assert_allclose(mean, np.concatenate(rows).mean(0))
    by_hand = sum(m * (r.mean(0) - mean) ** 2 for m, r in zip(sizes, rows)) / 12 / 2
    np.testing.assert_allclose(se, np.sqrt(by_hand))


def test_equal_folds_give_the_plain_standard_error():
    errors = np.random.default_rng(1).normal(size=(10, 4))
    mean, se = summarise(errors, np.full(10, 7))
    np.testing.assert_allclose(mean, errors.mean(0))
    np.testing.assert_allclose(se, errors.std(0, ddof=1) / np.sqrt(10))


def test_a_single_fold_has_no_standard_error():
    mean, se = summarise([[1.0, 2.0]], [5])
    assert mean.tolist() == [1.0, 2.0]
    assert np.isnan(se).all()


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_one_se_takes_the_largest_strength_within_the_bar(order):
    strengths = np.array([8.0, 4.0, 2.0, 1.0, 0.5])[order]
    mean = np.array([3.0, 1.4, 1.2, 1.0, 1.1])[order]
    se = np.array([9.0, 9.0, 9.0, 0.25, 9.0])[order]  # only the bar at the minimum counts
    assert strengths[choose(strengths, mean, se, "1se")] == 2.0
    assert strengths[choose(strengths, mean, se, "min")] == 1.0
    assert strengths[choose(strengths, mean, se)] == 2.0


def test_nan_is_never_chosen_and_ties_go_to_the_simpler_model():
    strengths = np.array([4.0, 2.0, 1.0])
    assert choose(strengths, [np.nan, 1.0, 1.0], [np.nan, 0.1, 0.1], "1se") == 1
    assert choose(strengths, [np.nan, 1.0, 1.0], [np.nan, 0.1, 0.1], "min") == 1
    assert choose(strengths, [2.0, 1.0, 1.5], [np.nan] * 3, "1se") == 1
    with pytest.raises(InputError, match="NaN"):
        choose(strengths, [np.nan] * 3, [0.0] * 3)


def test_unknown_rule_names_the_two():
    with pytest.raises(InputError, match=r"'1se' or 'min', got 'mni'; did you mean 'min'"):
        choose([1.0], [1.0], [0.0], rule="mni")


def test_shapes_are_checked():
    with pytest.raises(InputError, match="one length"):
        choose([1.0, 2.0], [1.0], [0.0])
    with pytest.raises(InputError, match="fold sizes"):
        summarise([[1.0], [2.0]], [3])
    with pytest.raises(InputError, match="fold sizes"):
        summarise([[1.0], [2.0]], [3, 0])


def test_edge_notice():
    strengths = [1.0, 0.1, 0.01]
    assert edge_notice(strengths, 1) is None
    assert "weakest strength, 0.01" in edge_notice(strengths, 2)
    assert "strongest strength, 1" in edge_notice(strengths, 0)
    assert "weakest" in edge_notice(strengths[::-1], 0)
    assert edge_notice([1.0], 0) is None
