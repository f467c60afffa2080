"""Harrell's C against its definition, pair by pair."""

import numpy as np
import pytest

from normax.errors import InputError
from normax.linear_model.analysis.concordance import concordance


def by_pairs(time, event, risk):
    right = pairs = 0.0
    for i in range(len(time)):
        for j in range(len(time)):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                pairs += 1
                right += (risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j])
    return right / pairs


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_definition_with_ties_in_times_and_in_risks(seed):
    rng = np.random.default_rng(seed)
    time, event, risk = rng.integers(1, 12, 60), rng.integers(0, 2, 60), rng.integers(0, 8, 60)
    assert concordance(time, event, risk) == pytest.approx(by_pairs(time, event, risk), abs=1e-12)


def test_of_two_classes_at_two_times_it_is_the_area_under_the_curve():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    ill, risk = rng.integers(0, 2, 80), rng.normal(size=80)
    assert concordance(np.where(ill, 1.0, 2.0), ill, risk) == pytest.approx(roc_auc_score(ill, risk))


def test_where_no_order_is_known_there_is_none():
    assert np.isnan(concordance([1, 2], [0, 0], [1, 2]))
    with pytest.raises(InputError, match="got 2, 1, 2, 2 and 2"):
        concordance([1, 2], [0], [1, 2])
