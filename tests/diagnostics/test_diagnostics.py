"""Diagnostics against scikit-learn, definitions written out, and what must hold whatever the data."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.inspection import permutation_importance as peers
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.preprocessing import StandardScaler

import normax as nx
from normax import diagnostics, nn
from normax.errors import InputError
from normax.linear_model.analysis.criteria import degrees_of_freedom
from normax.linear_model.path import fit_path
from normax.selection import folds


@pytest.fixture(scope="module")
def scored():
    random = np.random.default_rng(0)
    y = random.random(400) < 0.3
    return y, np.clip(random.normal(0.3 + 0.25 * y, 0.2), 0, 1).round(2)  # with ties


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(1)
    X = random.normal(size=(80, 6)) * [1, 2, 3, 1, 1, 1]
    return X, X @ [2.0, -1, 0.5, 0, 0, 0] + random.normal(size=80)


def test_curves_are_scikit_learns(scored):
    y, score = scored
    names = np.where(y, "yes", "no")
    found = diagnostics.roc(names, score)
    assert found.auc == pytest.approx(metrics.roc_auc_score(y, score))
    assert diagnostics.roc(names, -score, positive="no").auc == pytest.approx(found.auc)
    assert diagnostics.roc(y, score**3).auc == pytest.approx(found.auc)  # a rank statistic
    curve = diagnostics.precision_recall(names, score)
    assert curve.average_precision == pytest.approx(metrics.average_precision_score(y, score))
    assert curve.base_rate == y.mean()


def test_calibration_bins_keep_equal_probabilities_together(scored):
    y, p = scored
    found = diagnostics.calibration(y, p, bins=7)
    assert found.count.sum() == len(y)
    assert found.brier == pytest.approx(metrics.brier_score_loss(y, p))
    np.testing.assert_allclose(found.predicted @ found.count, p.sum())
    np.testing.assert_allclose(found.observed @ found.count, y.sum())
    apart = np.random.default_rng(2).permutation(len(y)) / len(y)
    observed, predicted = calibration_curve(y, apart, n_bins=8, strategy="quantile")
    ours = diagnostics.calibration(y, apart, bins=8)
    np.testing.assert_allclose(ours.observed, observed)
    np.testing.assert_allclose(ours.predicted, predicted)
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint((ours.observed * ours.count).round(), ours.count, method="wilson")
    np.testing.assert_allclose([ours.low, ours.high], [low, high], atol=1e-12)
    assert len(diagnostics.calibration(y, np.full(len(y), 0.4)).count) == 1


def test_each_class_by_itself():
    random = np.random.default_rng(3)
    y, called = random.integers(0, 4, 200), random.integers(0, 3, 200)  # nobody is called 3
    rows = diagnostics.per_class(y, called)
    peer = metrics.precision_recall_fscore_support(y, called, zero_division=np.nan)
    np.testing.assert_allclose([[r[n] for r in rows] for n in ("precision", "recall", "f1", "rows")], peer)
    assert np.isnan(rows[3]["precision"])


def test_residuals(table):
    X, y = table
    predicted = LinearRegression().fit(X, y).predict(X)
    found = diagnostics.residuals(y, predicted)
    assert found.r2 == pytest.approx(metrics.r2_score(y, predicted))
    assert found.rmse == pytest.approx(metrics.root_mean_squared_error(y, predicted))
    assert found.largest(1)[0]["row"] == np.abs(y - predicted).argmax()
    with pytest.raises(InputError, match=r"predicted: row 1 is nan.*"):
        diagnostics.residuals([1, 2], [1, np.nan])
    with pytest.raises(InputError, match="as many rows"):
        diagnostics.residuals([1, 2], [1])


def test_importance_is_scikit_learns_up_to_the_shuffles(table):
    X, y = table
    model = LinearRegression().fit(X, y)
    ours = diagnostics.permutation_importance(model, X, y, loss="mse", repeats=200)
    peer = peers(model, X, y, scoring="neg_mean_squared_error", n_repeats=200, random_state=0)
    by_name = [ours.estimate[ours.names.index(f"x{j}")] for j in range(6)]
    np.testing.assert_allclose(by_name, peer.importances_mean, rtol=0.1, atol=0.02)
    # Shuffled within itself, a linear column adds twice its coefficient's share of the variance.
    assert by_name[1] == pytest.approx(2 * model.coef_[1] ** 2 * X[:, 1].var(), rel=0.15)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    named = LinearRegression().fit(frame, y)
    again = diagnostics.permutation_importance(named, frame, y, loss="mse", repeats=200)
    np.testing.assert_allclose(again.estimate, ours.estimate)
    assert again.names[0] == "abcdef"[int(ours.names[0][1:])]
    both = diagnostics.permutation_importance(model, X, y, groups={"noise": [3, 4, 5], "b": [1]})
    assert both.names == ("b", "noise")
    with pytest.raises(InputError, match="did you mean 'squared'"):
        diagnostics.permutation_importance(model, X, y, loss="squard")


def test_importance_of_a_path_is_in_its_own_loss(table):
    X, y = table
    classes = (y + np.random.default_rng(4).normal(scale=4, size=80) > 0).astype(int)
    path = nx.paths.linear_path(
        X, classes, loss="binary_cross_entropy", strengths=10, cv=3, feature_names=list("abcdef")
    )
    found = diagnostics.permutation_importance(path, X, classes)
    assert found.names[0] in "abc"
    assert found.loss == pytest.approx(metrics.log_loss(classes, 1 / (1 + np.exp(-path.predict(X)))))


def test_coefficients_of_folds_are_those_of_fits_to_their_rows(table):
    X, y = table
    found = diagnostics.fold_coefficients(X, y, strength=0.3, cv=4, seed=5, transform=StandardScaler())
    for (train, _), coef in zip(folds(4, 80, seed=5), found.each):
        Z = StandardScaler().fit_transform(X[train])
        np.testing.assert_allclose(coef, Lasso(alpha=0.3, tol=1e-10).fit(Z, y[train]).coef_, atol=1e-6)
    assert (found.low <= found.each).all()
    assert found.chosen[0] == 1
    assert found.one_sign[:3].all()
    assert found.table()[0]["feature"] == found.names[np.abs(found.estimate).argmax()]


def test_degrees_of_freedom_are_the_trace_of_the_hat_matrix(table):
    X, _ = table
    weights = np.arange(80) % 3
    strengths = [0.0, 0.1, 10.0]
    found = diagnostics.ridge_degrees_of_freedom(X, strengths, sample_weight=weights)
    W = weights / weights.sum()
    Z = (X - W @ X) * np.sqrt(W)[:, None]
    for s, df in zip(strengths, found):
        assert df == pytest.approx(np.trace(Z @ np.linalg.pinv(Z.T @ Z + s * np.eye(6)) @ Z.T))
    path = fit_path(X, X[:, 0], strengths=strengths, l1_ratio=0.0)
    other = degrees_of_freedom(X, path, l1_ratio=0.0)
    np.testing.assert_allclose(diagnostics.ridge_degrees_of_freedom(X, strengths), other)
    repeated = np.hstack([X, X[:, :1]])
    assert diagnostics.ridge_degrees_of_freedom(repeated, [0.0])[0] == pytest.approx(6)


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.0])
def test_no_point_of_the_ball_beats_the_fit(table, family, ratio):
    X, y = table
    y = y if family == "gaussian" else (y > 0).astype(float)
    found = diagnostics.constraint(X, y, (0, 4), strengths=6, l1_ratio=ratio, family=family)
    for i in range(6):
        a, b = found.boundary(i)
        r = found.l1_ratio
        np.testing.assert_allclose(
            r * (abs(a) + abs(b)) + (1 - r) / 2 * (a**2 + b**2), found.size[i], atol=1e-9
        )
        at = float(found.loss(i, *found.coef[i]))
        assert found.loss(i, a, b).min() >= at - 1e-6 * abs(at)
        near = found.free[i] + 1e-3 * np.array([[0, 1, 0, -1], [1, 0, -1, 0]]).T
        assert found.loss(i, *near.T).min() >= float(found.loss(i, *found.free[i]))
    if ratio == 1:
        assert (found.coef[found.telling()] != 0).sum() == 1
    with pytest.raises(InputError, match="two different columns"):
        diagnostics.constraint(X, y, (0, 0))
    with pytest.raises(InputError, match="no column 'x9'"):
        diagnostics.constraint(X, y, (0, "x9"))


def test_the_living_are_what_compact_keeps():
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))
    first, second, third = (np.array(net[i].weight.value) for i in (0, 2, 4))
    second[:, 1] = 0  # neuron 1 of layer 1 feeds nothing
    second[3] = 0  # neuron 3 of layer 2 hears nothing
    third[:, 0] = 0  # neuron 0 of layer 2 feeds nothing,
    second[1:, 4] = 0  # and neuron 4 of layer 1 feeds it alone
    first[np.arange(6) != 4, 2] = 0  # as input 2 feeds that neuron alone
    for i, w in zip((0, 2, 4), (first, second, third)):
        net[i].weight.value = jnp.asarray(w)
    found = diagnostics.living(net, feature_names=["a", "b", "c", "d"])
    assert found.alive == ("a", "b", "d")
    assert found.dead == ("c",)
    assert np.flatnonzero(~found.neurons["layer 1"]).tolist() == [1, 4]
    assert np.flatnonzero(~found.neurons["layer 2"]).tolist() == [0, 3]
    small = nx.compact(net)
    assert [small[0].out_features, small[2].out_features] == [4, 3]


def test_channels_behind_a_flattening_are_seen_through():
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 4, 2))
    net[3].weight.value = net[3].weight.value.at[:, 4:8].set(0)  # the second channel's four positions
    assert diagnostics.living(net).neurons["layer 1"].tolist() == [True, False, True]


def test_dropout_keeps_the_mean_and_zeroes_its_share():
    net = nn.Sequential(nn.Linear(4, 50), nn.ReLU(), nn.Dropout(0.4), nn.Linear(50, 1))
    X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    found = diagnostics.dropout_effect(net, X, masks=400)
    assert (found.layer, found.p) == ("2", 0.4)
    assert found.zero == pytest.approx(0.4, abs=0.01)
    np.testing.assert_allclose(found.still, np.maximum(np.asarray(net[0](X)), 0), rtol=1e-6)
    alive = found.still > 0
    assert (found.mean / np.where(alive, found.still, 1))[alive].mean() == pytest.approx(1, abs=0.01)
    assert (found.sd / np.where(alive, found.still, 1))[alive].mean() == pytest.approx(
        np.sqrt(0.4 / 0.6), abs=0.01
    )
    assert net.training
    with pytest.raises(InputError, match="there are '2'"):
        diagnostics.dropout_effect(net, X, layer="3")
