"""Processes that run for long and results that travel: pickles, threads of the caller's, memory, files."""

import gc
import inspect
import os
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

import normax.linear_model as lm

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
eta = X[:, 0] + 0.5 * rng.normal(size=60)
codes, counts = (eta > 0).astype(int), rng.poisson(np.exp(eta / 2)).astype(float)
RESPONSES = {
    "Cox": np.c_[np.exp(eta), codes],
    "Ordinal": np.digitize(eta, [-0.5, 0.5]),
    "MultiTask": np.c_[eta, -eta],
    "Logistic": codes,
    "RidgeClassifier": codes,
    "PenalisedClassifier": codes,
    "Poisson": counts,
    "NegativeBinomial": counts,
    "Gamma": np.exp(eta),
}
ESTIMATORS = [
    value
    for value in (getattr(lm, name) for name in lm.__all__)
    if inspect.isclass(value) and issubclass(value, BaseEstimator)
]


def response(kind: type) -> np.ndarray:
    return next((y for start, y in RESPONSES.items() if kind.__name__.startswith(start)), eta)


@pytest.mark.parametrize("kind", ESTIMATORS, ids=lambda kind: kind.__name__)
@pytest.mark.filterwarnings("ignore")
def test_every_estimator_is_the_same_after_a_pickle(kind):
    few = {"cv": 2, "alphas": 3, "Cs": 3, "strengths": 3, "l1_ratio": 0.5}
    settings = {
        name: few[name] for name in few if kind.__name__.endswith("CV") and name in kind().get_params()
    }
    if kind.__name__.startswith("Ridge"):
        settings.pop("alphas", None)  # values, not a count
    model = kind(**settings).fit(X, response(kind))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.coef_, model.coef_)
    np.testing.assert_array_equal(clone(again).fit(X, response(kind)).coef_, model.coef_)


def test_every_result_is_the_same_after_a_pickle():
    path = lm.fit_path(X, eta, strengths=5)
    for found in (path, lm.cv_path(X, eta, strengths=5, cv=3), lm.relaxed_path(X, eta, strengths=5, cv=3)):
        again = pickle.loads(pickle.dumps(found))
        np.testing.assert_array_equal(again.strengths, found.strengths)
        assert repr(again) == repr(found)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(path)).predict(X), path.predict(X))
    for found in (
        lm.debiased_lasso(X, eta),
        lm.post_selection(X, eta, strength=0.1),
        lm.bootstrap(lm.Lasso(0.1), X, eta, repeats=3),
        lm.knockoffs(X, eta, fdr=0.5),
        lm.stability_selection(X, eta, halves=4, strengths=5),
    ):
        again = pickle.loads(pickle.dumps(found))
        assert type(again) is type(found)
        assert str(again.frame()) == str(found.frame())


def test_fits_at_once_in_threads_of_the_caller_are_those_of_each_alone():
    makers = [
        lambda: lm.LassoCV(alphas=20, cv=3).fit(X, eta).coef_,
        lambda: lm.LogisticRegressionCV(Cs=4, cv=3).fit(X, codes).coef_,
        lambda: lm.PoissonRegressor(alpha=0.1).fit(X, counts).coef_,
        lambda: lm.cv_path(X, eta, strengths=5, cv=3, keep=True).held_out,
    ]
    alone = [make() for make in makers]
    with ThreadPoolExecutor(4) as pool:
        for at_once in pool.map(lambda k: (k % 4, makers[k % 4]()), range(24)):
            np.testing.assert_array_equal(at_once[1], alone[at_once[0]])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:os.fork")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_forked_child_fits_as_its_parent_does():
    expected = lm.LassoCV(alphas=10, cv=3).fit(X, eta).coef_
    child = os.fork()
    if child == 0:
        try:
            os._exit(int(not np.array_equal(lm.LassoCV(alphas=10, cv=3).fit(X, eta).coef_, expected)))
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.slow
def test_memory_and_files_stay_as_they_are_over_a_thousand_fits_and_paths():
    def work(times: int) -> None:
        for k in range(times):
            lm.Lasso(0.1 + 0.001 * (k % 7)).fit(X, eta)
            lm.LogisticRegression().fit(X, codes)
            lm.fit_path(X, eta, strengths=10)
            lm.LassoCV(alphas=5, cv=3).fit(X, eta)

    def files() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    work(20)  # what is compiled and cached once
    gc.collect()
    open_before = files()
    tracemalloc.start()
    work(20)
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    work(1000)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 100_000  # bytes: less than 100 a fit, which keeps none of its arrays
    assert files() <= open_before


@pytest.mark.slow
def test_a_random_state_gives_in_a_worker_of_joblib_what_it_gives_alone():
    from joblib import Parallel, delayed

    import normax as nx

    def fitted(model):
        return np.asarray(model.fit(X.astype("f4"), eta.astype("f4")).predict(X.astype("f4")))

    model = nx.NetworkRegressor(strength=0.01, random_state=3, epochs=20)
    alone = fitted(clone(model))
    for found in Parallel(n_jobs=2)(delayed(fitted)(clone(model)) for _ in range(2)):
        np.testing.assert_array_equal(found, alone)
