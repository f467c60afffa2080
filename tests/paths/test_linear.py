"""The certified engine of paths: folds, errors, choices, hand-over from nx.path."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import Lasso, Ridge
from sklearn.preprocessing import StandardScaler

import normax as nx
from normax.errors import InputError, Notice
from normax.linear_model import OrdinalClassifierCV, fit_path
from normax.linear_model.families import Gamma, Huber, Quantile, Tweedie
from normax.paths import linear_path
from normax.penalties import L1, L2, ElasticNet
from normax.selection import folds
from normax.tables.scaling import FillAndScale


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_held_out_errors_are_those_of_scikit_learn_fold_by_fold(diabetes):
    X, y = diabetes
    path = linear_path(X, y, strengths=[10.0, 1.0, 0.1], cv=4, seed=3)
    for k, (train, test) in enumerate(folds(4, len(y), seed=3)):
        for i, strength in enumerate(path.strengths):
            model = Lasso(strength, tol=1e-12, max_iter=100000).fit(X[train], y[train])
            residual = y[test] - model.predict(X[test])
            np.testing.assert_allclose(path.fold_errors[k, i], 0.5 * np.mean(residual**2), rtol=1e-7)
            np.testing.assert_allclose(path.held_out(i)[test], model.predict(X[test]), rtol=1e-6)


def test_ridge_strength_is_sklearn_alpha_over_n(diabetes):
    X, y = diabetes
    path = linear_path(X, y, penalty=L2, strengths=[0.5, 0.05], cv=None)
    for i, strength in enumerate(path.strengths):
        model = Ridge(strength * len(y)).fit(X, y)
        np.testing.assert_allclose(path.weights["weight"][i, 0], model.coef_, rtol=1e-8)


def test_every_point_is_certified_and_zeros_are_counted(diabetes):
    path = linear_path(*diabetes, strengths=30, cv=None, penalty=ElasticNet(l1_ratio=0.9))
    assert path.gaps.max() < 1e-6
    assert path.nonzero[0] == 0
    assert path.nonzero[-1] == 10
    np.testing.assert_array_equal(path.nonzero, (path.weights["weight"][:, 0] != 0).sum(1))


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_mse_is_twice_squared_at_half_the_strength(diabetes):
    X, y = diabetes
    squared = linear_path(X, y, strengths=[5.0, 0.5], cv=3)
    mse = linear_path(X, y, loss="mse", strengths=[10.0, 1.0], cv=3)
    np.testing.assert_allclose(mse.weights["weight"], squared.weights["weight"], rtol=1e-9)
    np.testing.assert_allclose(mse.cv_mean, 2 * squared.cv_mean, rtol=1e-9)


def test_instance_strength_multiplies_and_sums_compose(diabetes):
    X, y = diabetes
    plain = linear_path(X, y, strengths=[2.0], cv=None, penalty=ElasticNet(1.0, l1_ratio=0.25))
    summed = linear_path(X, y, strengths=[4.0], cv=None, penalty=L1(0.125) + L2(0.375))
    np.testing.assert_allclose(plain.weights["weight"], summed.weights["weight"], rtol=1e-9)


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_preprocessing_is_fitted_on_training_rows_alone(diabetes):
    X, y = diabetes
    seen = []

    class Spy(StandardScaler):
        def fit(self, X, y=None):
            seen.append(len(X))
            return super().fit(X, y)

    path = linear_path(X * 7 + 3, y, transform=Spy(), strengths=5, cv=4)
    assert sorted(set(seen)) == [331, 332, 442]
    np.testing.assert_allclose(
        path.predict(X * 7 + 3, 4), linear_path(X, y, strengths=5, cv=None).predict(X, 4)
    )


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
@pytest.mark.parametrize("shape", [(90, 6), (40, 60)], ids=["moments", "rows"])
@pytest.mark.parametrize(
    "transform",
    [None, StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False), FillAndScale()],
    ids=["plain", "standard", "scaled", "centred", "filled"],
)
@pytest.mark.parametrize("case", ["alike", "weights", "groups", "time", "outputs", "missing", "no intercept"])
def test_shared_folds_are_those_of_a_copy_prepared_for_each(shape, transform, case):
    """Standardised within each fold, with a column that is constant in the training rows of the first."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=shape) * rng.uniform(0.1, 9, size=shape[1]) + 5 * rng.normal(size=shape[1])
    y = X[:, :3] @ [[1.0, 0.5], [-1.0, 0.2], [0.3, 0.0]] + rng.normal(size=(len(X), 2))
    options = (
        {"time": np.arange(len(X))}
        if case == "time"
        else {"groups": np.arange(len(X)) % 7}
        if case == "groups"
        else {}
    )
    weights = rng.integers(0, 3, size=len(X)).astype(float) if case == "weights" else None
    y = y if case == "outputs" else y[:, 0]
    pairs = folds(3, len(X), **options)
    X[pairs[0][0], 2] = 1.7
    if isinstance(transform, FillAndScale):
        X[:, 4] = 1e3 + 1e-12 * rng.normal(size=len(X))  # no more than rounding
        X[3, 0] = np.nan if case == "missing" else 1.0
    intercept = case != "no intercept"
    strengths, penalty = [0.02, 0.5, 0.1], ElasticNet(l1_ratio=0.8)
    path = linear_path(
        X, y, strengths=strengths, cv=3, penalty=penalty, transform=transform, sample_weight=weights,
        fit_intercept=intercept, **options
    )  # fmt: skip
    unpenalised = []
    for k, (train, test) in enumerate(pairs):
        Z, own = X, None if weights is None else weights[train]
        if transform is not None:
            fit = {} if own is None or isinstance(transform, FillAndScale) else {"sample_weight": own}
            Z = clone(transform).fit(X[train], **fit).transform(X)
        fits = [
            fit_path(
                Z[train],
                y[train],
                strengths=at,
                l1_ratio=0.8,
                sample_weight=own,
                fit_intercept=intercept,
                tol=np.inf,
            )
            for at in (strengths, [0.0])
        ]
        for rows, errors in ((train, path.fold_train_errors[k]), (test, path.fold_errors[k])):
            squared = ((y[rows].reshape(len(rows), -1) - fits[0].predict(Z[rows])) ** 2).sum(2)
            expected = 0.5 * np.average(squared, axis=1, weights=None if weights is None else weights[rows])
            np.testing.assert_allclose(errors, expected, rtol=1e-9)
        outputs = fits[0].predict(Z[test])
        np.testing.assert_allclose(path.held_out_outputs[:, test], outputs, rtol=1e-8, atol=1e-9)
        squared = ((y[test].reshape(len(test), -1) - fits[1].predict(Z[test])[0]) ** 2).sum(1)
        unpenalised.append(0.5 * np.average(squared, weights=None if weights is None else weights[test]))
    sizes = [len(test) if weights is None else weights[test].sum() for _, test in pairs]
    np.testing.assert_allclose(path.unpenalised_error[0], np.average(unpenalised, weights=sizes), rtol=1e-8)


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_classification_paths_beat_the_null_model_and_give_logits():
    X, y = load_breast_cancer(return_X_y=True)
    binary = linear_path(X, y, loss="binary_cross_entropy", transform=StandardScaler(), cv=5, strengths=20)
    assert binary.best.cv_mean < binary.null_error[0] / 3
    assert np.mean((binary.held_out() > 0) == y) > 0.95
    X, y = load_wine(return_X_y=True)
    many = linear_path(X, y, loss="cross_entropy", transform=StandardScaler(), cv=5, strengths=10)
    assert many.held_out().shape == (178, 3)
    assert np.mean(many.held_out().argmax(1) == y) > 0.95
    assert many.unpenalised_error[0] > 2 * many.best.cv_mean  # separable: sure of itself, and wrong
    assert many.unpenalised_error[0] != pytest.approx(many.null_error[0], rel=1e-3)


def test_choices_follow_the_rules(diabetes):
    path = linear_path(*diabetes, strengths=40, cv=10)
    assert path.minimum.index == np.argmin(path.cv_mean)
    within = path.cv_mean <= path.minimum.cv_mean + path.minimum.cv_se
    assert path.one_se.strength == path.strengths[within].max()
    assert path.best == path.one_se
    assert path.one_se.nonzero <= path.minimum.nonzero
    table = path.table()
    assert [row["choice"] for row in table if row["choice"]] == ["1se", "min"]
    assert len(str(table).splitlines()) == 41


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
def test_nx_path_hands_a_single_linear_layer_over(diabetes):
    X, y = diabetes
    given = linear_path(X, y, strengths=[3.0, 0.3], cv=3)
    handed = nx.path(
        nx.nn.Sequential(nx.nn.Linear(10, 1)), (X, y), loss="squared", strengths=[3.0, 0.3], cv=3
    )
    assert handed.engine == "linear"
    np.testing.assert_allclose(handed.cv_mean, given.cv_mean)
    model = handed.model(1)
    np.testing.assert_allclose(np.asarray(model(X.astype("f")))[:, 0], handed.predict(X, 1), rtol=1e-4)


def test_a_path_without_folds_says_how_to_get_a_choice(diabetes):
    path = linear_path(*diabetes, strengths=5, cv=None)
    with pytest.raises(nx.InputError, match="cv=5"):
        _ = path.best
    with pytest.raises(nx.InputError, match="cv=5"):
        path.held_out()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"penalty": "elastic-ne"}, "did you mean 'elastic-net'"),
        ({"penalty": 3}, "penalty"),
        ({"loss": "hinge"}, "squared"),
        ({"strengths": [1.0, -1.0, np.inf]}, "-1.0 at position 1, inf at position 2"),
        ({"strengths": 0}, "count >= 1"),
        ({"select": "best"}, "'1se' or 'min'"),
        ({"cv": 500}, "442"),
        ({"y": np.ones(442)}, "no column of X"),
        ({"y": np.ones(3)}, "as many rows"),
    ],
)
def test_bad_input_is_named(diabetes, change, message):
    X, y = diabetes
    arguments = {"y": y, "cv": 3, "strengths": 3} | change
    with pytest.raises(nx.InputError, match=message):
        linear_path(X, arguments.pop("y"), **arguments)


def three_classes(rows=120):
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, 4))
    return X, np.argmax(X[:, :3] + random.normal(size=(rows, 3)), axis=1)


@pytest.mark.filterwarnings("ignore:the error is smallest")
def test_a_fold_judges_only_the_classes_it_trained_on():
    X, y = three_classes()
    order = np.argsort(y, kind="stable")
    rare = order[-(y == 2).sum() :]
    held = [np.concatenate([rare, order[:20]]), order[20:50], order[50:80]]
    cv = [(np.setdiff1d(np.arange(len(y)), test), test) for test in held]
    with pytest.warns(Notice, match=f"fold 0 trains without class 2, of which it holds out {len(rare)}"):
        path = linear_path(X, y, loss="cross_entropy", cv=cv, strengths=[0.1, 0.02])
    assert path.fold_sizes.tolist() == [20, 30, 30]
    assert np.isnan(path.held_out(0)[rare]).all()
    train, test = cv[0][0], order[:20]
    alone = linear_path(
        X[train], np.minimum(y[train], 1), loss="cross_entropy", cv=None, strengths=[0.1, 0.02]
    )
    for k in range(2):
        logits = alone.predict(X[test], k)
        own = np.logaddexp.reduce(logits, axis=1) - logits[np.arange(20), y[test]]
        np.testing.assert_allclose(path.fold_errors[0, k], own.mean(), rtol=1e-4)
    assert (path.fold_errors < 10).all()
    assert path.null_error[0] < 2


def test_folds_that_can_judge_nothing_are_refused():
    X, y = three_classes()
    by_class = [(np.flatnonzero(y != k), np.flatnonzero(y == k)) for k in range(3)]
    with pytest.raises(InputError, match="fold 0 trains without class 0 and holds out nothing else"):
        linear_path(X, y, loss="cross_entropy", cv=by_class)
    two = [np.flatnonzero(y[y < 2] == k) for k in range(2)]
    halves = [(np.flatnonzero(y == k), np.flatnonzero(y != k)) for k in range(2)]
    with pytest.raises(InputError, match="fold 0 trains on one class alone"):
        linear_path(
            X[y < 2], y[y < 2], loss="binary_cross_entropy", cv=[(two[k], two[1 - k]) for k in range(2)]
        )
    with pytest.raises(InputError, match="trains on one class alone"):
        linear_path(X, y, loss="cross_entropy", cv=halves)


@pytest.mark.filterwarnings("ignore:there is no minimiser")
def test_a_grid_ends_where_only_separated_rows_gain():
    """Three rows that a mark tells apart: the loss falls for ever, and so does its mean over folds."""
    random = np.random.default_rng(0)
    x, mark = random.normal(size=(200, 3)), np.zeros(200)
    y = (x[:, 0] + random.logistic(size=200) > 0).astype(int)
    mark[np.flatnonzero(y)[:12]] = 1
    with pytest.warns(Notice, match="level there"):
        path = linear_path(np.column_stack([x, mark]), y, loss="binary_cross_entropy", cv=5, select="min")
    assert len(path.strengths) < 110
    assert np.abs(path.weights["weight"]).max() < 9
    gains = -np.diff(path.train_mean) / (path.train_mean[0] - path.train_mean[1:])
    steps = -np.diff(np.log10(path.strengths))
    assert (gains[:-1] >= 2.5e-4 * steps[:-1]).all()
    assert gains[-1] < 2.5e-4 * steps[-1]


@pytest.mark.filterwarnings("ignore:there is no minimiser", "ignore:the error is smallest")
@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_a_grid_ends_where_separable_classes_are_explained(penalty):
    y = np.arange(120) % 3
    X = np.random.default_rng(0).normal(size=(120, 3)) + 8 * np.eye(3)[y]
    path = linear_path(X, y, loss="cross_entropy", penalty=penalty, cv=4, select="min")
    left = path.train_mean / path.train_mean[0]
    assert left[-1] <= 1e-3 < left[-2]


@pytest.fixture
def counts():
    """X, counts and exposures of 150 rows."""
    rng = np.random.default_rng(3)
    X, exposure = rng.normal(size=(150, 5)), rng.uniform(0.5, 4.0, size=150)
    return X, rng.poisson(exposure * np.exp(X[:, 0] - 0.5 * X[:, 1])).astype(float), exposure


@pytest.mark.filterwarnings("ignore:the error is smallest")
def test_counts_with_exposures_are_scored_by_their_deviance(counts):
    from sklearn.metrics import mean_poisson_deviance
    from sklearn.model_selection import KFold

    from normax.linear_model import fit_path

    X, y, exposure = counts
    folds = list(KFold(4).split(X))
    path = linear_path(X, y, loss="poisson", offset=np.log(exposure), cv=folds, strengths=[0.1, 0.01])
    for k, (train, test) in enumerate(folds):
        known = np.log(exposure)
        fit = fit_path(X[train], y[train], family="poisson", strengths=[0.1, 0.01], offset=known[train])
        for j, eta in enumerate(fit.predict(X[test], known[test])[..., 0]):
            half = mean_poisson_deviance(y[test], np.exp(eta)) / 2
            assert path.fold_errors[k, j] == pytest.approx(half, rel=1e-7)
            np.testing.assert_allclose(path.held_out_outputs[j, test, 0], eta, atol=1e-6)
    rates = [y[train].sum() / exposure[train].sum() for train, _ in folds]
    null = [mean_poisson_deviance(y[test], r * exposure[test]) / 2 for r, (_, test) in zip(rates, folds)]
    assert path.null_error[0] == pytest.approx(np.average(null, weights=path.fold_sizes), rel=1e-7)


@pytest.mark.filterwarnings("ignore:the error is smallest")
@pytest.mark.parametrize("family", [Gamma(), Tweedie(1.4), Huber(0.5), Quantile(0.8)])
def test_every_family_has_a_path(counts, family):
    X, y, _ = counts
    y = y + 0.5
    path = linear_path(X, y, loss=family, cv=4, strengths=15)
    assert path.loss == family.name
    assert path.minimum.cv_mean < 0.9 * path.null_error[0]
    assert path.gaps.max() < 1e-6
    # A constant has the deviance of the family's own best one on the training rows.
    weights = np.full(len(y), 1 / len(y))
    best = family.constant(y[:, None], weights, np.zeros((len(y), 1)))
    whole = family.deviance(y[:, None], np.broadcast_to(best, (len(y), 1))).mean()
    assert path.null_error[0] == pytest.approx(whole, rel=0.1)


@pytest.mark.filterwarnings("ignore:the error is smallest")
def test_shares_are_predicted_by_the_logistic_family(counts):
    X, y, _ = counts
    share = (y + 0.5) / (y + 2)
    path = linear_path(X, share, loss="binomial", cv=4, strengths=15)
    assert path.loss == "binomial"
    assert path.minimum.cv_mean < path.null_error[0]


@pytest.mark.filterwarnings("ignore:the error is smallest")
def test_levels_have_a_likelihood_by_the_thresholds_of_the_training_rows(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    y, weights = np.digitize(X[:, 0] + rng.logistic(size=120), [-1.0, 0.5]), rng.integers(1, 4, 120)
    strengths, pairs = [0.1, 0.01], folds(3, 120, y, None, None, True, 0)
    path = linear_path(X, y, loss="ordinal", strengths=strengths, cv=pairs, sample_weight=weights)
    own = OrdinalClassifierCV(alphas=strengths, l1_ratio=1.0, cv=pairs).fit(X, y, weights)
    np.testing.assert_allclose(path.fold_errors, own.fold_errors_, rtol=1e-8)
    np.testing.assert_allclose(path.weights["bias"][1], -own.thresholds_, rtol=1e-6)
    assert path.predict(X, 1).shape == (120, 2)
    assert path.held_out(1).shape == (120, 2)
    np.testing.assert_allclose(np.asarray(path.model(1)(X.astype("float32"))), path.predict(X, 1), atol=1e-4)
    assert path.null_error[0] > path.fold_errors[:, 1].mean()
    page = path.report(str(tmp_path)).read_text(encoding="utf-8")
    assert '"link":"levels"' in page.replace(" ", "")
    with pytest.raises(InputError, match="cv: fold 1 trains without level 2"):
        linear_path(
            X,
            y,
            loss="ordinal",
            cv=[(np.arange(60), np.arange(60, 120)), (np.flatnonzero(y < 2)[9:], np.flatnonzero(y == 2))],
        )
    with pytest.raises(InputError, match="none of the rows is 1"):
        linear_path(X, np.where(y == 1, 0, y), loss="ordinal", cv=3)


@pytest.mark.filterwarnings("ignore:the error is smallest")
def test_times_until_an_event_are_scored_by_what_held_out_rows_add_to_the_partial_likelihood(counts):
    from sklearn.model_selection import KFold

    from normax.linear_model import fit_path
    from normax.linear_model.families import Cox

    X, weights = counts[0], np.random.default_rng(5).uniform(0.5, 2, size=150)
    rng = np.random.default_rng(4)
    time = rng.exponential(np.exp(-X[:, 0]))
    y = np.column_stack([np.ceil(10 * time) / 10, rng.uniform(size=150) < 0.7])
    folds = list(KFold(3).split(X))
    path = linear_path(X, y, loss="cox", cv=folds, strengths=[0.05, 0.01], sample_weight=weights)

    def likelihood(rows, eta):
        cox, share = Cox(), weights[rows] / weights[rows].sum()
        code = cox.response(y[rows], len(rows))
        return weights[rows] @ cox.suited(code, share, None).loss(code, eta[rows][:, None])

    for k, (train, test) in enumerate(folds):
        fit = fit_path(X[train], y[train], family="cox", strengths=[0.05, 0.01], sample_weight=weights[train])
        for j, eta in enumerate(fit.predict(X)[..., 0]):
            added = likelihood(np.arange(150), eta) - likelihood(train, eta)
            assert path.fold_errors[k, j] == pytest.approx(added / weights[test].sum(), rel=1e-6)
    assert path.minimum.cv_mean < path.null_error[0]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"loss": "poison"}, "or a family .* got 'poison'"),
        ({"loss": "poisson", "offset": np.ones(3)}, "offset: expected one number for each of the 150 rows"),
        ({"loss": "cross_entropy", "offset": np.ones(150)}, "classes of more than two have several"),
    ],
)
def test_families_and_offsets_that_cannot_be_are_refused(counts, told, message):
    with pytest.raises(InputError, match=message):
        linear_path(counts[0], np.minimum(counts[1], 2), **told)


def test_penalties_go_by_their_names_in_the_field():
    X = np.random.default_rng(0).normal(size=(30, 3))
    for said, meant in (("lasso", "l1"), ("Ridge", "l2"), ("Elastic_Net", "elastic-net")):
        one, two = (linear_path(X, X[:, 0], penalty=p, strengths=3, cv=None) for p in (said, meant))
        np.testing.assert_array_equal(one.weights["weight"], two.weights["weight"])
    with pytest.raises(InputError, match=r"unknown 'laso'; did you mean"):
        linear_path(X, X[:, 0], penalty="laso")
