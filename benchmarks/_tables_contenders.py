"""Who is compared on the tables: the command, careful scikit-learn pipelines, and R's glmnet where it is installed.

Each takes (source, training rows, held-out rows) and gives (answer, classes or None, seconds of the fit): numbers (rows,)
or probabilities (rows, classes) for the held-out rows.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
from _tables_data import CLASSIFICATION, Source

COMMAND = {
    "l1": ("linear, L1", []),
    "l1, 1-SE": ("1-SE", ["--select", "1se"]),
    "l2": ("linear, L2", ["--penalty", "l2"]),
    "elastic net": ("linear, both", ["--penalty", "elastic-net"]),
    "group lasso": ("linear, groups", ["--penalty", "group-lasso"]),
    "l1, refit": ("linear, refit", ["--refit"]),
    "splines": ("splines", ["--splines"]),
    "mlp": ("network", ["--model", "mlp"]),
    "auto": ("auto", ["--model", "auto"]),
}

SCIKIT = {
    "scikit-learn L1": "linear, L1",
    "scikit-learn L2": "linear, L2",
    "scikit-learn elastic net": "linear, both",
    "scikit-learn MLP": "network",
    "scikit-learn boosting": "trees",
}

GLMNET = {"glmnet L1": ("linear, L1", 1), "glmnet L2": ("linear, L2", 0)}

#: Contender -> its kind; contenders of one kind are the same model.
KINDS = (
    {f"normax {name}": kind for name, (kind, _) in COMMAND.items()}
    | SCIKIT
    | {name: kind for name, (kind, _) in GLMNET.items()}
)


def available() -> list[str]:
    """Those that can run here."""
    R = shutil.which("Rscript") and subprocess.run(
        ["Rscript", "-e", "library(glmnet)"], capture_output=True, check=False
    )
    there = bool(R) and R.returncode == 0
    if not there:
        print("glmnet is left out: R has no such package here (Debian: r-cran-glmnet)")
    return [name for name in KINDS if there or name not in GLMNET]


def run(name: str, source: Source, train: pd.DataFrame, test: pd.DataFrame) -> tuple[Any, Any, float]:
    if name in GLMNET:
        return _glmnet(GLMNET[name][1], source, train, test)
    if name in SCIKIT:
        return _scikit(name, source, train, test)
    return _command(COMMAND[name.removeprefix("normax ")][1], source, train, test)


def _command(
    words: list[str], source: Source, train: pd.DataFrame, test: pd.DataFrame
) -> tuple[Any, Any, float]:
    """The command from file to file, but for its page; the seconds are those of the fit and its cross-validation."""
    from normax.cli import main
    from normax.cli.model.saved import SavedModel

    task = "classification" if source in CLASSIFICATION else "regression"
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        home = Path(folder)
        train.to_csv(home / "train.csv", index=False)
        test.to_csv(home / "test.csv", index=False)
        select = [] if "--select" in words else ["--select", "min"]
        argv = ["path", str(home / "train.csv"), "--target", source.target, "--task", task, *select, *words]
        said = io.StringIO()
        page = mock.patch("normax.report.page")
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), page:
            code = main([*argv, "--out", str(home / "out")])
        if code:
            raise RuntimeError(said.getvalue().strip().splitlines()[-1])
        model = SavedModel(home / "out")
        with contextlib.redirect_stderr(io.StringIO()):
            outputs = model.outputs(home / "test.csv")
        spent = dict(model.recipe["details"]["seconds"])
    idle = ("reading", "loading", "measuring", "writing")
    seconds = sum(s for phase, s in spent.items() if phase not in idle)
    if task == "regression":
        return model.target.predict(outputs), None, seconds
    return model.target.probabilities(outputs), [str(label) for label in model.target.labels], seconds


def _columns(train: pd.DataFrame, target: str) -> tuple[list[str], list[str]]:
    features = train.drop(columns=target)
    numbers = [c for c in features if pd.api.types.is_numeric_dtype(features[c])]
    return numbers, [c for c in features if c not in numbers]


def _prepared(train: pd.DataFrame, target: str) -> Any:
    """Means and marks for missing numbers, one column a category, all standardised."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers, words = _columns(train, target)
    return make_pipeline(
        make_column_transformer(
            (SimpleImputer(add_indicator=True), numbers),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        ),
        StandardScaler(),
    )


def _plain(frame: pd.DataFrame, target: str) -> pd.DataFrame:
    """Words as text, with their missing cells as a category, and truth values and counts as numbers."""
    numbers, words = _columns(frame, target)
    features = {c: frame[c].astype(float) for c in numbers}
    return pd.DataFrame(features | {c: frame[c].astype(object).fillna("missing").astype(str) for c in words})


def _scikit(name: str, source: Source, train: pd.DataFrame, test: pd.DataFrame) -> tuple[Any, Any, float]:
    from sklearn import linear_model as linear
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, StratifiedKFold
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classes = source in CLASSIFICATION
    y = train[source.target].astype(str) if classes else train[source.target].astype(float)
    two = classes and y.nunique() == 2
    cv = (StratifiedKFold if classes else KFold)(10, shuffle=True, random_state=0)
    network = {"hidden_layer_sizes": (64, 64), "early_stopping": True, "max_iter": 500, "random_state": 0}
    ratios = {"L1": 1.0, "L2": 0.0, "elastic net": 0.5}
    kind = name.removeprefix("scikit-learn ")

    def logistic(ratio: float) -> Any:
        solver = "lbfgs" if ratio == 0 else "liblinear" if ratio == 1 and two else "saga"
        return linear.LogisticRegressionCV(
            Cs=20,
            l1_ratios=(ratio,),
            solver=solver,
            scoring="neg_log_loss",
            cv=cv,
            max_iter=1000 if solver == "lbfgs" else 200,  # the others crawl where columns repeat each other
            tol=1e-4 if solver == "lbfgs" else 1e-3,
            use_legacy_attributes=False,
        )

    model: Any
    if kind in ratios and classes:
        model = logistic(ratios[kind])
    elif kind == "L1":
        model = linear.LassoCV(cv=cv, max_iter=10000)
    elif kind == "L2":
        model = linear.RidgeCV(np.logspace(-4, 6, 50))
    elif kind == "elastic net":
        model = linear.ElasticNetCV(l1_ratio=0.5, cv=cv, max_iter=10000)
    elif kind == "MLP":
        plain = TransformedTargetRegressor(MLPRegressor(**network), transformer=StandardScaler())
        model = MLPClassifier(**network) if classes else plain
    else:
        boosting = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        model = boosting(early_stopping=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known, held = _plain(train, source.target), _plain(test, source.target)
        began = time.perf_counter()
        pipeline = make_pipeline(_prepared(pd.concat([known, y], axis=1), source.target), model).fit(known, y)
        seconds = time.perf_counter() - began
        if not classes:
            return pipeline.predict(held), None, seconds
        return pipeline.predict_proba(held), list(pipeline.classes_), seconds


SCRIPT = """
library(glmnet)
home <- commandArgs(TRUE)[1]; alpha <- as.numeric(commandArgs(TRUE)[2]); family <- commandArgs(TRUE)[3]
X <- as.matrix(read.csv(file.path(home, "X.csv"))); y <- scan(file.path(home, "y.csv"), quiet=TRUE)
Z <- as.matrix(read.csv(file.path(home, "Z.csv")))
if (family != "gaussian") y <- factor(y)
set.seed(0)
spent <- system.time(fit <- cv.glmnet(X, y, alpha=alpha, family=family, nfolds=10))[["elapsed"]]
answer <- predict(fit, Z, s="lambda.min", type="response")
if (family == "binomial") answer <- cbind(1 - answer, answer)
write.table(matrix(answer, nrow=nrow(Z)), file.path(home, "answer.csv"), sep=",", row.names=FALSE, col.names=FALSE)
cat(spent)
"""


def _glmnet(alpha: int, source: Source, train: pd.DataFrame, test: pd.DataFrame) -> tuple[Any, Any, float]:
    classes = source in CLASSIFICATION
    known, held = _plain(train, source.target), _plain(test, source.target)
    y = train[source.target]
    prepared = _prepared(pd.concat([known, y], axis=1), source.target).fit(known)
    labels = sorted(y.astype(str).unique()) if classes else None
    codes = y.astype(str).map({label: k for k, label in enumerate(labels)}) if labels else y.astype(float)
    family = "gaussian" if labels is None else "binomial" if len(labels) == 2 else "multinomial"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for file, X in (("X.csv", known), ("Z.csv", held)):
            pd.DataFrame(prepared.transform(X)).to_csv(home / file, index=False)
        codes.to_csv(home / "y.csv", index=False, header=False)
        (home / "fit.R").write_text(SCRIPT)
        words = ["Rscript", str(home / "fit.R"), folder, str(alpha), family]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        answer = np.loadtxt(home / "answer.csv", delimiter=",", ndmin=2)
    return answer if labels else answer[:, 0], labels, float(done.stdout.split()[-1])
