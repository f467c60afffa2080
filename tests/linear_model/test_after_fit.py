"""What is asked after a fit, against scikit-learn, against its definition, and on planted problems."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import sklearn.linear_model as sk
from sklearn.datasets import load_diabetes, load_wine
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold

from normax import linear_model as lm
from normax.errors import InputError, Notice
from normax.linear_model.analysis.stability import error_bound


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return (X - X.mean()) / X.std(ddof=0), y


@pytest.mark.parametrize("rule", ["aic", "bic"])
def test_criteria_equal_scikit_learns(diabetes, rule):
    X, y = diabetes
    theirs = sk.LassoLarsIC(criterion=rule).fit(X, y)
    kept = theirs.alphas_ > 0
    ours = lm.information_criteria(
        X, y, strengths=theirs.alphas_[kept], noise_variance=theirs.noise_variance_
    )
    # At a knot itself a coefficient is zero to rounding only: scikit-learn counts it by its size, as we do not.
    same = ours.df == np.count_nonzero(np.abs(ours.path.coef[:, 0]) > 1e-9, axis=1)
    assert same.sum() > 5
    np.testing.assert_allclose(getattr(ours, rule)[same], theirs.criterion_[kept][same], rtol=1e-10)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.3])
@pytest.mark.parametrize("shape", [(50, 6), (10, 25)])
def test_degrees_of_freedom_are_the_trace_of_the_hat_matrix(l1_ratio, shape):
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=shape), rng.normal(size=shape[0]), rng.uniform(0.5, 2, shape[0])
    options = {"l1_ratio": l1_ratio, "sample_weight": w, "penalty_factor": rng.uniform(0.5, 2, shape[1])}
    path = lm.fit_path(X, y, strengths=[0.5, 0.1, 0.01], **options)
    ours = lm.degrees_of_freedom(X, path, **options)
    root = np.sqrt(w / w.sum())[:, None]
    for df, s, coef in zip(ours, path.strengths, path.coef[:, 0]):
        A = np.flatnonzero(coef)
        Z = (X[:, A] - np.average(X[:, A], axis=0, weights=w)) * root
        D = np.diag(s * (1 - l1_ratio) * options["penalty_factor"][A])
        assert df == pytest.approx(np.trace(Z @ np.linalg.solve(Z.T @ Z + D, Z.T)), rel=1e-8)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_a_classifiers_degrees_of_freedom_are_the_trace_at_its_own_probabilities(classes, intercept):
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(60, 4)), rng.integers(classes, size=60), rng.uniform(0.5, 2, 60)
    w[:3] = 0
    offset = rng.normal(size=60 if classes == 2 else (60, classes))
    model = lm.LogisticRegression(C=0.1, fit_intercept=intercept).fit(X, y, sample_weight=w, offset=offset)
    mean = model.predict_proba(X, offset)[:, -1:] if classes == 2 else model.predict_proba(X, offset)
    m = mean.shape[1]
    share, H = w / w.sum(), np.zeros((m, 5, m, 5))
    for x, mu, s in zip(np.column_stack([X, np.ones(60)]), mean, share):
        H += s * np.einsum("cd,i,j->cidj", np.diag(mu) - np.outer(mu, mu), x, x)
    B, A, C = H[:, :4, :, 4].reshape(4 * m, m), H[:, 4, :, 4], H[:, :4, :, :4].reshape(4 * m, 4 * m)
    C = C - B @ np.linalg.pinv(A) @ B.T if intercept else C
    trace = np.trace(np.linalg.solve(C + np.eye(4 * m) / (0.1 * w.sum()), C))
    told = dict(model.summary().facts)["degrees of freedom"]
    assert float(told) == pytest.approx(trace, rel=1e-3)  # four digits are shown
    assert model._described.df == pytest.approx(trace, rel=1e-9)


def test_degrees_of_freedom_count_repeated_columns_once_and_all_logits_but_one(diabetes):
    X, y = diabetes
    X = X.to_numpy()
    doubled = np.column_stack([X[:, 2], X[:, 2], X[:, 8]])
    path = lm.fit_path(doubled, y, strengths=[1.0])
    path.coef[0, 0, 1] = path.coef[0, 0, 0] = path.coef[0, 0, :2].sum() / 2
    assert lm.degrees_of_freedom(doubled, path).tolist() == [2]
    Z, c = load_wine(return_X_y=True)
    Z = (Z[:, :3] - Z[:, :3].mean(axis=0)) / Z[:, :3].std(axis=0)
    found = lm.information_criteria(Z, c, family="multinomial", l1_ratio=0.0, strengths=[1e-7])
    assert found.df[0] == pytest.approx(2 * 3, abs=1e-3)
    eta = found.path.predict(Z)[0]
    share = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
    assert found.deviance[0] == pytest.approx(2 * log_loss(c, share, normalize=False), rel=1e-9)


def test_interpolating_fits_are_never_chosen():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 60))
    y = 3 * X[:, 0] + rng.normal(size=20)
    found = lm.information_criteria(X, y, strengths=lm.max_strength(X, y) * np.geomspace(1, 1e-9, 60))
    assert np.isnan(found.bic).any()
    assert found.nonzero[found.best("ebic")] <= found.nonzero[found.best("aic")] < 19


def test_relaxed_ends_are_the_lasso_and_least_squares_on_its_columns(diabetes):
    X, y = diabetes
    found = lm.relaxed_path(X, y, strengths=[20.0, 5.0, 1.0], gammas=[0, 0.5, 1], cv=KFold(4))
    for i, s in enumerate(found.strengths):
        lasso = lm.Lasso(s).fit(X, y)
        used = np.flatnonzero(lasso.coef_)
        free = sk.LinearRegression().fit(X.iloc[:, used], y)
        np.testing.assert_allclose(found.coef[i, 2, 0], lasso.coef_, atol=1e-9)
        np.testing.assert_allclose(found.coef[i, 0, 0, used], free.coef_, atol=1e-6)
        np.testing.assert_allclose(found.coef[i, 1], (found.coef[i, 0] + found.coef[i, 2]) / 2)
    errors, sizes = [], []
    for train, test in KFold(4).split(X):
        part = lm.relaxed_path(X.iloc[train], y.iloc[train], strengths=[5.0], gammas=[0.5], cv=None)
        errors.append(0.5 * np.mean((y.iloc[test] - part.predict(X.iloc[test], (0, 0))) ** 2))
        sizes.append(len(test))
    assert found.cv_mean[1, 1] == pytest.approx(np.average(errors, weights=sizes), rel=1e-9)
    with pytest.raises(InputError, match="no folds"):
        part.predict(X)


def test_relaxing_helps_where_a_few_strong_columns_matter():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 60))
    y = (X[:, :3].sum(axis=1) * 2 + rng.normal(size=120) > 0).astype(int)
    for family, response in (
        ("gaussian", X[:, :3].sum(axis=1) + 0.5 * rng.normal(size=120)),
        ("binomial", y),
    ):
        found = lm.relaxed_path(X, response, strengths=20, family=family, cv=5)
        assert found.gammas[found.best[1]] < 1
        assert found.cv_mean.min() < found.cv_mean[:, -1].min()


def test_stability_finds_planted_columns_and_equals_a_loop():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 40))
    y = X[:, :3] @ [2.0, -2.0, 1.5] + rng.normal(size=120)
    found = lm.stability_selection(X, y, halves=10, most=5, strengths=8, seed=3)
    assert sorted(found.selected.tolist()) == [0, 1, 2]
    order, count = np.random.default_rng(3), np.zeros(40)
    for _ in range(5):
        rows = order.permutation(120)
        for half in (rows[:60], rows[60:]):
            entered: list[int] = []
            for s in found.strengths:
                coef = np.abs(sk.Lasso(s, tol=1e-10, max_iter=100_000).fit(X[half], y[half]).coef_)
                new = [j for j in np.argsort(-coef) if coef[j] > 0 and j not in entered]
                entered += new[: 5 - len(entered)]
            count[entered] += 1
    np.testing.assert_allclose(found.frequency[-1], count / 10)
    assert (np.diff(found.frequency, axis=0) >= 0).all()
    again = lm.stability_selection(X, y, halves=10, most=5, strengths=8, seed=3)
    np.testing.assert_array_equal(found.frequency, again.frequency)


def test_the_bounds_hold_on_noise_and_are_the_papers():
    # q = 4, p = 100, pi = 0.9: 16 / (0.8 * 100); pairs: 4 (0.1 + 1/100) / (1 + 1/50) * 16 / 100
    assert error_bound(4, 100, 0.9, 50) == pytest.approx((0.2, 4 * 0.11 / 1.02 * 0.16))
    assert np.isnan(error_bound(4, 100, 0.9, 0)[1])
    rng = np.random.default_rng(1)
    false = []
    for seed in range(8):
        X, y = rng.normal(size=(60, 50)), rng.normal(size=60)
        found = lm.stability_selection(X, y, halves=20, threshold=0.7, strengths=15, seed=seed)
        assert found.bound <= 1
        false.append(len(found.selected))
    assert np.mean(false) <= 1


def test_inflation_is_its_definition(diabetes):
    X, y = diabetes
    found = lm.variance_inflation(X)
    for j, vif in enumerate(found.vif):
        rest = X.drop(columns=X.columns[j])
        r2 = sk.LinearRegression().fit(rest, X.iloc[:, j]).score(rest, X.iloc[:, j])
        assert vif == pytest.approx(1 / (1 - r2), rel=1e-8)
    assert found.table()[0]["feature"] == "s1"
    exact = lm.variance_inflation(X.assign(sum=X.age + X.bmi, flat=1.0))
    names = np.array(exact.feature_names)
    assert set(names[np.isinf(exact.vif)]) == {"age", "bmi", "sum"}
    assert names[np.isnan(exact.vif)].tolist() == ["flat"]
    np.testing.assert_allclose(exact.vif[names == "s5"], found.vif[8], rtol=1e-6)


def test_the_ridge_trace_is_ridge_on_standardised_columns(diabetes):
    X, y = diabetes
    w = np.random.default_rng(0).uniform(0.5, 2, len(y))
    raw = X * np.arange(1, 11) + 3
    found = lm.ridge_trace(raw, y, strengths=[1.0, 1e-3, 1e-12], sample_weight=w)
    mean = np.average(raw, axis=0, weights=w)
    Z = (raw.to_numpy() - mean) / np.sqrt(np.average((raw - mean) ** 2, axis=0, weights=w))
    for s, coef in zip(found.strengths[:2], found.coef):
        theirs = sk.Ridge(s * w.sum()).fit(Z, y, sample_weight=w)
        np.testing.assert_allclose(coef, theirs.coef_, rtol=1e-6)
    np.testing.assert_allclose(found.vif[2], lm.variance_inflation(X, sample_weight=w).vif, rtol=1e-5)
    assert found.df[2] == pytest.approx(10)


def test_every_picture_is_drawn_and_names_what_it_shows(diabetes):
    from normax.report.style import png

    X, y = diabetes
    pictures = {
        "EBIC": lm.information_criteria(X, y, strengths=10),
        "chosen": lm.relaxed_path(X, y, strengths=5),
        "γ = 0 (no shrinkage)": lm.relaxed_path(X, y, strengths=5, cv=None),
        "threshold": lm.stability_selection(X, y, halves=4, strengths=5, most=3),
        "∞: repeats others": lm.variance_inflation(pd.DataFrame({"a": X.age, "b": 2 * X.age, "c": X.bmi})),
        "s1": lm.ridge_trace(X, y),
    }
    for word, result in pictures.items():
        figure = result.plot()
        said = " ".join(text.get_text() for ax in figure.axes for text in ax.texts)
        assert word in said
        assert png(figure, dpi=50)[:4] == b"\x89PNG"
        assert len(str(result.table()).splitlines()) > 1
        assert type(result).__name__ in repr(result)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda X, y: lm.information_criteria(X, y, gamma=2), "gamma: expected a number in"),
        (lambda X, y: lm.information_criteria(X, y).best("bci"), "did you mean 'bic'"),
        (lambda X, y: lm.stability_selection(X, y, threshold=0.4), "threshold: expected"),
        (lambda X, y: lm.stability_selection(X, y, halves=3), "even number"),
        (lambda X, y: lm.stability_selection(X, y, most=11), "from 1 to 10"),
        (lambda X, y: lm.relaxed_path(X, y, gammas=[1.5]), "gammas: expected"),
        (lambda X, y: lm.ridge_trace(X, y, strengths=[0.0]), "strengths > 0"),
    ],
)
def test_bad_arguments_are_told(diabetes, call, told):
    with pytest.raises(InputError, match=told):
        call(*diabetes)


@pytest.mark.parametrize("shape", [(60, 8), (30, 80)])
@pytest.mark.parametrize("family", ["gaussian", "binomial", "multinomial"])
def test_a_sparse_table_is_judged_like_a_dense_one(family, shape):
    rng = np.random.default_rng(0)
    X = rng.normal(size=shape) * (rng.random(shape) < 0.4) + 0.5 * (rng.random(shape) < 0.1)
    eta = X[:, :3].sum(axis=1) + 0.5 * rng.normal(size=shape[0])
    y = {"gaussian": eta, "binomial": eta > 0, "multinomial": np.digitize(eta, [-0.5, 0.5])}[family]
    S, y, weights = scipy.sparse.csr_array(X), y.astype(float), rng.uniform(0.5, 2, shape[0])
    for mixture, intercept in ((1.0, True), (0.5, False)):
        options = {
            "family": family,
            "l1_ratio": mixture,
            "fit_intercept": intercept,
            "sample_weight": weights,
        }
        path = lm.fit_path(X, y, strengths=[0.1, 0.02], **options)
        df = lm.degrees_of_freedom(X, path, **options)
        np.testing.assert_allclose(lm.degrees_of_freedom(S, path, **options), df, rtol=1e-8)
        assert 0 < df[0] < df[1]
    options["strengths"] = path.strengths
    ours, same = lm.information_criteria(S, y, **options), lm.information_criteria(X, y, **options)
    np.testing.assert_allclose(ours.ebic, same.ebic, rtol=1e-6)
    if family == "multinomial":
        return
    ours, same = (
        lm.relaxed_path(Z, y, strengths=path.strengths, cv=3, family=family, l1_ratio=0.9) for Z in (S, X)
    )
    np.testing.assert_allclose(ours.cv_mean[:, 1:], same.cv_mean[:, 1:], rtol=1e-4)
    np.testing.assert_allclose(ours.predict(S, (0, 2)), same.predict(X, (0, 2)), atol=1e-5)
    ours, same = (lm.stability_selection(Z, y, halves=4, most=3, strengths=5, family=family) for Z in (S, X))
    np.testing.assert_array_equal(ours.frequency, same.frequency)


def test_collinearity_of_a_sparse_table_comes_from_its_moments(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 6)) * (rng.random((50, 6)) < 0.5)
    X[:, 5] = X[:, 0] + 0.1 * X[:, 1]
    X[:, 3] = 2.0
    y, weights = rng.normal(size=50), rng.integers(0, 3, size=50)
    S = scipy.sparse.csc_array(X)
    dense = lm.variance_inflation(X, sample_weight=weights)
    trace = lm.ridge_trace(X, y, sample_weight=weights, strengths=[1.0, 1e-3])

    def densify(*_, **__):
        raise AssertionError("made dense")

    for name in ("toarray", "todense"):
        monkeypatch.setattr(scipy.sparse.csc_array, name, densify)
    sparse = lm.variance_inflation(S, sample_weight=weights)
    assert np.isinf(sparse.vif[0])
    assert np.isnan(sparse.vif[3])
    np.testing.assert_allclose(sparse.vif, dense.vif, rtol=1e-8)
    ours = lm.ridge_trace(S, y, sample_weight=weights, strengths=[1.0, 1e-3])
    np.testing.assert_allclose(ours.coef, trace.coef, atol=1e-9)
    np.testing.assert_allclose(ours.vif, trace.vif, atol=1e-9)
    np.testing.assert_allclose(ours.df, trace.df, rtol=1e-9)


def test_a_relaxed_fit_that_expects_more_than_a_number_holds_is_not_chosen():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 30))
    found = lm.relaxed_path(X, rng.poisson(np.exp(0.5 * X[:, 0])), family="poisson", strengths=20)
    assert np.isfinite(found.cv_mean[found.best])
    assert not np.isnan(found.cv_se).any()


def test_relaxed_folds_judge_the_classes_that_they_train_on():
    """A class with one row: the fold that holds it out has the error of its other rows among the other classes."""
    rng = np.random.default_rng(0)
    y = np.r_[np.arange(24) % 2, 2]
    X = rng.normal(size=(25, 3)) + y[:, None] % 2
    test = np.arange(0, 25, 3)
    train = np.setdiff1d(np.arange(25), test)
    given = {"family": "multinomial", "strengths": [0.05, 0.01]}
    with pytest.warns(Notice, match="fold 0 trains without class 2, of which it holds out 1"):
        found = lm.relaxed_path(X, y, cv=[(train, test), (test, train)], **given)
    rest, kept = np.flatnonzero(y < 2), test[y[test] < 2]
    where = {row: i for i, row in enumerate(rest)}
    pair = [np.array([where[i] for i in rows]) for rows in (train, kept)]
    alone = lm.relaxed_path(X[rest], y[rest], cv=[tuple(pair)], **given)
    last = lm.relaxed_path(X, y, cv=[(test, train)], **given)
    sizes = [len(kept), len(train)]
    expected = np.average([alone.cv_mean, last.cv_mean], axis=0, weights=sizes)
    np.testing.assert_allclose(found.cv_mean, expected, rtol=1e-8)
