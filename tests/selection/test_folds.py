import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit

from normax.errors import InputError
from normax.selection import folds


def held_out(pairs, n):
    """Every row exactly once on the held-out side, and train is the rest."""
    seen = np.concatenate([test for _, test in pairs])
    assert sorted(seen.tolist()) == list(range(n))
    for train, test in pairs:
        assert len(train) + len(test) == n


def test_none_is_no_folds():
    assert folds(None, 10) == []


def test_counted_folds_partition_the_rows_and_repeat():
    pairs = folds(4, 23, seed=3)
    held_out(pairs, 23)
    assert sorted(len(test) for _, test in pairs) == [5, 6, 6, 6]
    again, other = folds(4, 23, seed=3), folds(4, 23, seed=4)
    assert all((a[1] == b[1]).all() for a, b in zip(pairs, again))
    assert any(a[1].tolist() != b[1].tolist() for a, b in zip(pairs, other))


def test_stratified_folds_spread_every_class():
    y = np.array(["a"] * 6 + ["b"] * 15)
    pairs = folds(3, 21, y=y, stratify=True)
    held_out(pairs, 21)
    for _, test in pairs:
        assert (y[test] == "a").sum() == 2


@pytest.mark.parametrize("stratify", [False, True])
def test_a_group_stands_on_one_side(stratify):
    groups, y = np.repeat(np.arange(8), 3), np.tile([0, 1, 0], 8)
    pairs = folds(4, 24, y=y, groups=groups, stratify=stratify)
    held_out(pairs, 24)
    for train, test in pairs:
        assert not set(groups[train]) & set(groups[test])


def test_forward_folds_train_on_the_past():
    time = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 2))
    pairs = folds(4, 20, time=time)
    assert len(pairs) == 4
    for train, test in pairs:
        assert time[train].max() < time[test].min()


def test_splitters_and_pairs_are_taken_as_they_are():
    assert len(folds(ShuffleSplit(3, test_size=0.2, random_state=0), 20)) == 3
    groups = np.repeat([0, 1, 2], 4)
    for train, test in folds(GroupKFold(3), 12, groups=groups):
        assert not set(groups[train]) & set(groups[test])
    mask = np.arange(6) < 2
    (pair,) = folds([(~mask, mask)], 6)
    assert [side.tolist() for side in pair] == [[2, 3, 4, 5], [0, 1]]


@pytest.mark.parametrize(
    ("cv", "options", "message"),
    [
        (5, {"n": 3}, "at least 5 rows.*got 3"),
        (1, {"n": 3}, "at least 2 folds"),
        ("five", {"n": 9}, "number of folds"),
        (2.5, {"n": 9}, "number of folds"),
        (3, {"n": 6, "y": ["x"] * 5 + ["rare"], "stratify": True}, r"rare \(1\)"),
        (3, {"n": 6, "stratify": True}, "need the labels"),
        (3, {"n": 6, "groups": [0, 0, 0, 1, 1, 1]}, "at least 3 groups.*got 2"),
        (3, {"n": 6, "time": [0, 0, 0, 1, 1, 2]}, "at least 4 times.*got 3"),
        (2, {"n": 3, "time": [0, 1, 2], "groups": [0, 1, 2]}, "forward folds"),
        (2, {"n": 3, "groups": [0, 1]}, "groups: expected one entry for each of the 3 rows"),
        (KFold(5), {"n": 3}, "KFold cannot split these 3 rows"),
        ([([0, 1], [])], {"n": 3}, "fold 0 has no held-out rows"),
        ([([0, 1], [2]), ([0, 1], [1, 2])], {"n": 3}, "fold 1: 1 rows on both sides, the first is row 1"),
        ([([0, 1], [7])], {"n": 3}, r"outside 0\.\.2"),
        ([([0, 1], [0.5])], {"n": 3}, "not a pair of index arrays"),
        ([3, 4], {"n": 3}, "not a pair of index arrays"),
        ([], {"n": 3}, "no folds at all"),
    ],
)
def test_folds_refuse(cv, options, message):
    with pytest.raises(InputError, match=message):
        folds(cv, **options)


def test_all_faults_are_told_at_once():
    with pytest.raises(InputError, match="fold 0 has no training rows; fold 1: held-out rows reach outside"):
        folds([([], [1]), ([0], [5])], 3)
