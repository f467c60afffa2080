"""What code written for scikit-learn relies on: budgets of steps, warm starts, callbacks, refusals by a solver's name."""

import warnings

import numpy as np
import pytest
import sklearn.linear_model as sk
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning

from normax import linear_model as lm
from normax.errors import InputError


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def quiet(model, *rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(*rows)


def wide():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 200))
    return X, X[:, :10] @ rng.normal(size=10)


MODELS = {
    "lasso of a small table": (lm.Lasso(alpha=0.1), "diabetes", None),
    "wide elastic net": (lm.ElasticNet(alpha=1e-3), "wide", None),
    "two responses that share features": (
        lm.MultiTaskLasso(alpha=0.1),
        "wide",
        lambda y: np.c_[y, y + np.cos(np.arange(50))],
    ),
    "two classes": (lm.LogisticRegression(), "iris", lambda y: y == 1),
    "three classes": (lm.LogisticRegression(), "iris", None),
    "three classes by the lasso": (lm.LogisticRegression(l1_ratio=1.0), "iris", None),
    "counts": (lm.PoissonRegressor(alpha=1e-3), "diabetes", None),
}


@pytest.mark.parametrize("name", MODELS)
def test_max_iter_ends_a_fit_and_n_iter_counts_what_it_took(name, request):
    model, table, of = MODELS[name]
    X, y = wide() if table == "wide" else request.getfixturevalue(table)
    y = y if of is None else of(y)
    whole = model.set_params(max_iter=1000, warm_start=False).fit(X, y)
    coef, steps = whole.coef_.copy(), int(np.max(whole.n_iter_))
    assert 2 <= steps <= 20
    gaps = []
    for most in (1, 2):
        with pytest.warns(ConvergenceWarning) if most == 1 else warnings.catch_warnings():
            warnings.simplefilter("ignore" if most == 2 else "always")
            some = model.set_params(max_iter=most).fit(X, y)
        assert np.max(some.n_iter_) == most
        gaps.append(some.gap_)
    assert gaps[0] > max(gaps[1], 1e-6)
    np.testing.assert_allclose(
        model.set_params(max_iter=steps).fit(X, y).coef_, coef, atol=1e-7 * np.abs(coef).max()
    )
    again = model.set_params(max_iter=1000, warm_start=True).fit(X, y)
    assert np.max(again.n_iter_) < steps
    np.testing.assert_allclose(again.coef_, coef, atol=1e-7 * np.abs(coef).max())


@pytest.mark.parametrize("C", [1.0, np.inf])
@pytest.mark.parametrize("classes", [2, 3])
def test_two_steps_are_one_step_and_another_from_there(iris, C, classes):
    X, y = iris
    y = y if classes == 3 else y == 1
    both = quiet(lm.LogisticRegression(C=C, max_iter=2), X, y)
    model = lm.LogisticRegression(C=C, max_iter=1, warm_start=True)
    one = quiet(model, X, y).coef_
    two = quiet(model, X, y)
    assert np.abs(one - both.coef_).max() > 0.1
    np.testing.assert_allclose(two.coef_, both.coef_, atol=1e-9)
    np.testing.assert_allclose(two.intercept_, both.intercept_, atol=1e-7)


def test_a_warm_start_of_another_shape_is_refused(diabetes):
    X, y = diabetes
    model = lm.Lasso(warm_start=True).fit(X, y)
    with pytest.raises(InputError, match=r"warm_start: expected coef_ of shape \(1, 9\) .* got \(1, 10\)"):
        model.fit(X[:, 1:], y)


def test_no_step_leaves_the_start(iris):
    X, y = iris
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
        model = lm.LogisticRegression(max_iter=0).fit(X, y)
    assert not model.coef_.any()
    assert not model.intercept_.any()
    assert model.n_iter_ == 0
    # The objective of no features is the null loss, and cannot fall further.
    assert 0.5 < model.gap_ <= 1 + 1e-12
    np.testing.assert_allclose(model.predict_proba(X), 1 / 3)


@pytest.mark.parametrize(
    "solver", ["auto", "lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"]
)
def test_the_warning_is_worded_as_the_solver_of_that_name_words_it(iris, solver):
    X, y = iris
    ours, theirs = ({"solver": solver, "max_iter": 1, "tol": 1e-15} for _ in range(2))
    theirs["solver"] = "lbfgs" if solver == "auto" else solver
    with pytest.warns(ConvergenceWarning) as told:
        sk.LogisticRegression(**theirs).fit(X, y == 1)
    words = str(next(w for w in told if issubclass(w.category, ConvergenceWarning)).message)[:20]
    with pytest.warns(ConvergenceWarning, match=f"{words}.*the duality gap .* stayed above tol=1e-15"):
        lm.LogisticRegression(**ours).fit(X, y == 1)


@pytest.mark.parametrize("cls", ["LogisticRegression", "LogisticRegressionCV"])
@pytest.mark.parametrize(
    "options",
    [
        {"solver": "liblinear"},
        {"solver": "lbfgs", "ratio": 1.0},
        {"solver": "newton-cg", "ratio": 0.5},
        {"solver": "sag", "ratio": 1.0},
        {"solver": "liblinear", "ratio": 0.5},
        {"solver": "saga", "dual": True},
        {"solver": "liblinear", "C": np.inf},
    ],
)
def test_a_solver_refuses_what_contradicts_its_name_as_scikit_learns_does(iris, cls, options):
    options = dict(options)
    ratio = options.pop("ratio", 0.0)
    if cls == "LogisticRegression":
        options["l1_ratio"] = ratio
    elif "C" in options:
        pytest.skip("the CV has no C")
    else:
        options |= {
            "l1_ratios": (ratio,),
            "use_legacy_attributes": False,
            "scoring": "neg_log_loss",
            "Cs": 2,
            "cv": 2,
        }
    with pytest.raises(ValueError) as theirs:
        getattr(sk, cls)(**options).fit(*iris)
    with pytest.raises(InputError) as ours:
        getattr(lm, cls)(**options).fit(*iris)
    assert str(theirs.value)[:30] in str(ours.value)
    served = {k: v for k, v in options.items() if k not in ("solver", "dual")}
    quiet(getattr(lm, cls)(**served, max_iter=2), *iris)  # without the name all of it is served


def test_callbacks_see_every_step_and_may_end_the_fit(iris):
    pytest.importorskip("sklearn.callback")
    X, y = iris

    class Seen:
        def __init__(self, most=np.inf):
            self.most, self.steps = most, []

        def setup(self, estimator, context):
            self.begun = 0

        def teardown(self, estimator, context):
            self.begun = -self.begun

        def on_fit_task_begin(self, estimator, context, *, fitted_estimator=None):
            self.begun += 1

        def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
            if context.task_name == "newton-iter" and fitted_estimator is not None:
                self.steps.append(fitted_estimator.coef_)
            return len(self.steps) >= self.most

    seen = Seen()
    model = lm.LogisticRegression().set_callbacks(seen).fit(X, y)
    steps = int(model.n_iter_[0])
    assert (len(seen.steps), seen.begun) == (steps, -(steps + 2))
    np.testing.assert_array_equal(seen.steps[-1], model.coef_)
    np.testing.assert_array_equal(seen.steps[1], quiet(lm.LogisticRegression(max_iter=2), X, y).coef_)
    ended = lm.LogisticRegression().set_callbacks(Seen(most=2)).fit(X, y)
    assert ended.n_iter_ == 2
    np.testing.assert_array_equal(ended.coef_, seen.steps[1])


def test_a_path_function_names_what_it_does_not_know(diabetes):
    with pytest.raises(InputError, match="Unexpected parameters in params: alpha; did you mean 'alphas'"):
        lm.lasso_path(*diabetes, alpha=1.0)


@pytest.mark.parametrize("alphas", [-1, 0, 2.5, "atuo", True])
def test_a_grid_that_is_none_names_its_argument(diabetes, alphas):
    for model in (
        lm.LassoCV(alphas=alphas),
        lm.RidgeCV(alphas=alphas, cv=3),
        lm.PoissonRegressorCV(alphas=alphas),
    ):
        with pytest.raises(InputError, match="alphas: expected 'auto', a whole number >= 1"):
            model.fit(*diabetes)


@pytest.mark.parametrize("cv", [None, 3, "pairs"])
def test_groups_that_nobody_keeps_together_are_refused(diabetes, cv):
    X, y = diabetes
    groups = np.arange(len(y)) % 9
    cv = [(np.arange(200), np.arange(200, 442))] if cv == "pairs" else cv
    for model in (lm.LassoCV(cv=cv), lm.PenalisedRegressor(cv=cv), lm.RidgeCV(cv=cv)):
        with pytest.raises(InputError, match="groups: expected a splitter that keeps them together"):
            model.fit(X, y, groups=groups)
