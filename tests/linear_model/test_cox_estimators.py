"""Cox's model as an estimator: statsmodels' baseline and survival, C by counting pairs, folds, strata and bad input."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from normax import linear_model as lm
from normax.errors import InputError, Notice


@pytest.fixture(scope="module")
def rows():
    """X, entry, time, event and stratum of 100 rows, times with ties."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 4)) + 1
    life, end = rng.exponential(np.exp(-X[:, :2] @ [0.8, -0.5])), rng.exponential(2.0, size=100)
    time = np.ceil(10 * np.minimum(life, end)) / 10
    entry = np.floor(10 * time * rng.uniform(0, 0.6, size=100)) / 10
    return X, entry, time, (life <= end).astype(float), np.array(["u", "v", "w"])[rng.integers(0, 3, 100)]


def test_baseline_and_survival_are_statsmodels(rows):
    hazards = pytest.importorskip("statsmodels.duration.hazard_regression")
    X, entry, time, event, stratum = rows
    entry = entry + 0.05  # statsmodels has rows at risk at their very start too
    code = np.unique(stratum, return_inverse=True)[1]
    theirs = hazards.PHReg(time, X, status=event, entry=entry, strata=code, ties="breslow").fit()
    ours = lm.CoxRegressor().fit(X, np.column_stack([time, event]), strata=stratum, entry=entry)
    np.testing.assert_allclose(ours.coef_, theirs.params, atol=1e-7)
    shift = np.exp(-ours.intercept_)  # their baseline is of a row of zeros
    for label, (at, cumulative, _) in zip("uvw", theirs.baseline_cumulative_hazard):
        found = (
            ours.baseline_hazard_.at(at - 1e-9, np.array([label]), 1)[0] / shift
        )  # theirs is just before each
        np.testing.assert_allclose(found, cumulative, atol=1e-7)
    at = [0.1, 0.5, 1.0]
    survival = ours.predict_survival(X[:3], at, strata=["u", "v", "u"])
    expected = np.exp(
        -ours.baseline_hazard_.at(at, ["u", "v", "u"], 3) * np.exp(ours.predict(X[:3]))[:, None]
    )
    np.testing.assert_allclose(survival, expected)
    assert (np.diff(survival, axis=1) <= 0).all()


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_the_hazard_gives_back_the_events(rows, ties):
    """The events that rows were to have add up to those they had: martingale residuals sum to 0 under Breslow's ties."""
    X, _, time, event, _ = rows
    model = lm.CoxRegressor(alpha=0.01, ties=ties).fit(X, np.column_stack([time, event]))
    base = model.baseline_hazard_
    assert (base.times == np.unique(time[event > 0])).all()
    risk = np.exp(model.predict(X))
    for t, step in zip(base.times, base.hazard):
        tied, whole = risk[(time == t) & (event > 0)], risk[time >= t].sum()
        parts = np.arange(len(tied)) / len(tied) * (tied.sum() if ties == "efron" else 0.0)
        assert step == pytest.approx((1 / (whole - parts)).sum())


def test_concordance_counts_pairs(rows):
    X, entry, time, event, stratum = rows
    weights = np.random.default_rng(1).integers(0, 3, 100)
    risk = np.round(X[:, 0], 1)  # with ties
    right = pairs = 0.0
    for i in np.flatnonzero(event):
        after = (time > time[i]) | ((time == time[i]) & (event == 0))
        j = after & (entry < time[i]) & (stratum == stratum[i])
        pairs += weights[i] * weights[j].sum()
        right += weights[i] * weights[j] @ ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    options = {"entry": entry, "strata": stratum, "sample_weight": weights}
    assert lm.concordance(time, event, risk, **options) == pytest.approx(right / pairs)
    with pytest.raises(InputError, match="got 100, 100, 100, 99 and 100"):
        lm.concordance(time, event, risk, entry=entry[:99])


def test_all_ways_to_say_y_are_one(rows):
    X, entry, time, event, stratum = rows
    y = np.column_stack([time, event])
    said = lm.CoxRegressor(alpha=0.05, l1_ratio=0.5).fit(X, y, strata=stratum, entry=entry)
    code = np.unique(stratum, return_inverse=True)[1]
    columns = clone(said).fit(csr_array(X), np.column_stack([entry, time, event, code]))
    np.testing.assert_allclose(columns.coef_, said.coef_, atol=1e-9)
    kinds = np.array([(bool(e), t) for t, e in y], dtype=[("event", "?"), ("time", "f8")])
    plain, record = clone(said).fit(X, y), clone(said).fit(X, kinds)
    frame = clone(said).fit(X, pd.DataFrame({"time": time, "event": event > 0}))
    for model in (record, frame):
        np.testing.assert_array_equal(model.coef_, plain.coef_)
    assert record.score(X, kinds) == plain.score(X, y) == lm.concordance(time, event, plain.predict(X))
    weighed = clone(said).fit(X, y, sample_weight=np.full(100, 2.0))
    np.testing.assert_allclose(weighed.baseline_hazard_.hazard, plain.baseline_hazard_.hazard)
    assert "CoxRegressor (cox" in plain.summary().facts["model"]


@pytest.mark.parametrize("scoring", ["likelihood", "concordance"])
def test_folds_choose(rows, scoring):
    X, _, time, event, _ = rows
    y, alphas, cv = np.column_stack([time, event]), [10.0, 0.1, 0.001], KFold(4, shuffle=True, random_state=0)
    chosen = lm.CoxRegressorCV(alphas=alphas, cv=cv, scoring=scoring).fit(X, y)
    np.testing.assert_allclose(chosen.coef_, lm.CoxRegressor(alpha=chosen.alpha_).fit(X, y).coef_, atol=1e-8)
    if scoring == "concordance":
        search = GridSearchCV(lm.CoxRegressor(), {"alpha": alphas}, cv=cv).fit(X, y)
        by_rows = [search.cv_results_[f"split{k}_test_score"] for k in range(4)]
        np.testing.assert_allclose(1 - chosen.fold_errors_, by_rows)
        return
    from normax.paths.linear import linear_path

    with pytest.warns(Notice, match="smallest at the weakest"):
        path = linear_path(X, y, loss="cox", penalty="l2", strengths=alphas, cv=cv)
    np.testing.assert_allclose(
        chosen.cv_mean_ - chosen.cv_mean_[0], path.cv_mean - path.cv_mean[0], atol=1e-8
    )
    automatic = lm.CoxRegressorCV(alphas=5, l1_ratio=1.0, cv=3, select="1se").fit(X, y)
    assert automatic.gap_ < 1e-6
    assert automatic.alphas_.shape == automatic.cv_mean_.shape


def test_odd_strata_and_events_at_once():
    """A stratum of one row says nothing; events at time 0 and ties of all rows are events like others."""
    X, y = np.array([[0.0], [1.0], [0.5], [2.0]]), np.array([(0, 1), (1, 1), (2, 0), (0, 1)])
    with pytest.warns(Notice, match="1 of 2 have one row"):
        one = lm.CoxRegressor(alpha=0.1).fit(X, y, strata=["a", "a", "a", "b"])
    none = lm.CoxRegressor(alpha=0.1 * 4 / 3).fit(X[:3], y[:3])
    np.testing.assert_allclose(one.coef_, none.coef_, atol=1e-9)
    assert np.isfinite(one.predict_survival(X, [0.0, 9.0], strata=["a", "a", "a", "b"])).all()
    tied = lm.CoxRegressor(alpha=0.1).fit(X, [(1, 1)] * 4)
    np.testing.assert_allclose(tied.baseline_hazard_.times, [1.0])


@pytest.mark.parametrize(
    ("y", "options", "told"),
    [
        ([(1, 0), (2, 0), (3, 0)], {}, "all rows are censored"),
        ([(-1, 1), (2, 1), (3, 1)], {}, "times >= 0, got -1 at row 0"),
        ([1.0, 2.0, 3.0], {}, r"time and event"),
        ([(1, 1), (2, 1), (3, 0)], {"entry": [0, 5, 1]}, "starts before their stops, got 5 to 2 at row 1"),
        ([(1, 1), (2, 1), (3, 0)], {"strata": ["a"]}, "strata: expected one for each of the 3 rows"),
        ([(1, 1), (2, 1), (3, 0)], {"entry": ["a", "b", "c"]}, "entry: expected numbers, got dtype <U1"),
        ([("1", "1"), ("2", "1"), ("3", "0")], {}, "time and event"),
        ([(0, 1, 1), (0, 2, 1), (1, 3, 0)], {"entry": [0, 0, 1]}, "beside the column that y"),
    ],
)
def test_what_no_times_can_be_is_told(y, options, told):
    for model in (lm.CoxRegressor(), lm.CoxRegressorCV(cv=2)):
        with pytest.raises(InputError, match=told):
            model.fit(np.eye(3), y, **options)


def test_what_predictions_need_is_told(rows):
    X, _, time, event, stratum = rows
    y = np.column_stack([time, event])
    model = lm.CoxRegressor(alpha=0.1).fit(X, y, strata=stratum)
    for given, told in (
        (None, "since the model was fitted with strata"),
        (["q"] * 100, "labels of the fit, got 'q'"),
    ):
        with pytest.raises(InputError, match=told):
            model.predict_survival(X, [1.0], strata=given)
    with pytest.raises(InputError, match="times: expected times >= 0"):
        model.predict_survival(X, [-1.0], strata=stratum)
    with pytest.raises(InputError, match="times: expected numbers"):
        model.predict_survival(X, ["late"], strata=stratum)
    with pytest.raises(InputError, match="train without an event"):
        lm.CoxRegressorCV(cv=[(np.flatnonzero(event == 0), np.flatnonzero(event))]).fit(X, y)


def test_rows_that_nobody_is_compared_with_are_told():
    X = np.random.default_rng(0).normal(size=(12, 2))
    y = np.column_stack([np.arange(1.0, 13.0), np.ones(12)])
    with pytest.warns(Notice, match=r"strata: 1 of 2 have one row \(first: row 3\)"):
        lm.CoxRegressor(alpha=0.1).fit(X, y, strata=np.arange(12) == 3)
    with pytest.raises(InputError, match="every event is alone in its stratum"):
        lm.fit_path(
            X, np.column_stack([np.full(12, -np.inf), y, np.arange(12)]), family="cox", strengths=[0.1]
        )
    last = np.column_stack([y[:, 0], np.arange(12) == 11])
    with pytest.raises(InputError, match="every event is alone in its stratum"):
        lm.CoxRegressor(alpha=0.1).fit(X, last)
