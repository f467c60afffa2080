"""A pytest plug-in: `pytest --pyargs sklearn.linear_model.tests.test_ridge -p swapped` runs on normax's estimators.

Every public name of `normax.linear_model` that `sklearn.linear_model` has too takes its place before a test file is
read, so that what the file imports, and what stands in its decorators, is ours. What scikit-learn's other modules have
imported for their own use by then, and what a test takes from private modules, stays theirs. `--outcomes FILE` writes
the outcome of each test, by its node id without the file.
"""

import json
from pathlib import Path

import sklearn.linear_model as theirs
from sklearn.utils.discovery import all_estimators

import normax.linear_model as ours

outcomes = {}


def pytest_addoption(parser):
    parser.addoption("--outcomes", help="a file for the outcomes, as JSON")


def pytest_configure():
    """Swap the names, in a run that asks for it by `-p` alone: reading this file leaves scikit-learn as it is.

    Tests of the generalised linear models ask an estimator for its loss, to make data of known coefficients; ours answer
    with scikit-learn's, which is the same.
    """
    all_estimators()  # imports all of scikit-learn, by its own names
    for name in ("PoissonRegressor", "GammaRegressor", "TweedieRegressor"):
        getattr(ours, name)._get_loss = getattr(theirs, name)._get_loss
    for name in ours.__all__:
        if name in theirs.__all__:
            setattr(theirs, name, getattr(ours, name))


def pytest_runtest_logreport(report):
    """Failed anywhere is failed; a test that its own file expects to fail counts as skipped."""
    name = report.nodeid.partition("::")[2]
    if report.outcome != "passed" or report.when == "call":
        outcomes[name] = "failed" if "failed" in (report.outcome, outcomes.get(name)) else report.outcome


def pytest_sessionfinish(session):
    if file := session.config.getoption("outcomes"):
        Path(file).write_text(json.dumps(outcomes), encoding="utf-8")
