"""Intervals after selection: against closed forms, arithmetic of many digits, and conditional simulation."""

import math

import numpy as np
import pytest
from mpmath import mp
from scipy.optimize import brentq
from scipy.sparse import csc_array
from scipy.stats import norm, truncnorm

from normax.errors import InputError
from normax.linear_model import fit_path, post_selection
from normax.linear_model.inference.post_selection import _Selected
from normax.linear_model.inference.rows import Counted
from normax.linear_model.inference.truncated_normal import log_tails, mean_at, two_sided

INF = math.inf


def exact_log_tails(x, intervals, mean, sd):
    """The same with 400 digits."""
    with mp.workdps(400):

        def above(t):
            return mp.erfc((mp.mpf(t) - mean) / sd / mp.sqrt(2)) / 2 if math.isfinite(t) else mp.mpf(t < 0)

        low = sum(above(a) - above(min(b, x)) for a, b in intervals if a < x)
        high = sum(above(max(a, x)) - above(b) for a, b in intervals if b > x)
        return float(mp.log(low / (low + high))), float(mp.log(high / (low + high)))


@pytest.mark.parametrize(
    ("x", "intervals", "mean", "sd"),
    [
        (0.5, [(-INF, INF)], 0.0, 1.0),
        (1.0, [(-2, -1), (0.5, 3)], 0.3, 2.0),
        (41.0, [(40, INF)], 0.0, 1.0),
        (-7.5, [(-8, -7)], 12.0, 0.5),
        (1.0000001, [(1, 1.0000003)], -30.0, 1.0),
        (5.0, [(-INF, -4), (4.9, 6), (7, 9)], -15.0, 1.0),
        (0.0, [(-1e-9, 1e-9)], 0.0, 1.0),
        (-3.0, [(-100, -2)], 20.0, 1.0),
    ],
)
def test_tails_of_the_truncated_normal(x, intervals, mean, sd):
    found = log_tails(x, np.array(intervals, dtype=float), mean, sd)
    np.testing.assert_allclose(found, exact_log_tails(x, intervals, mean, sd), rtol=1e-9, atol=1e-15)


def test_limits_without_truncation_are_the_normal_ones():
    everything = np.array([[-INF, INF]])
    assert mean_at(2.0, everything, 3.0, 0.025) == pytest.approx(2 + 3 * norm.ppf(0.975))
    assert two_sided(2.0, everything, 3.0) == pytest.approx(2 * norm.sf(2 / 3))


def test_a_coefficient_that_only_just_entered_has_a_far_limit_and_no_warning():
    """Close above a cut at a, the lower limit is a − sd² log(2/α) / (x − a)."""
    for gap in (1e-3, 1e-6, 1e-9):
        limit = mean_at(1 + gap, np.array([[1.0, INF]]), 1.0, 0.975)
        assert limit == pytest.approx(-math.log(1 / 0.025) / gap, rel=0.05)
    assert mean_at(1.0, np.array([[1.0, INF]]), 1.0, 0.975) == -INF


def test_on_an_orthogonal_design_each_coefficient_is_cut_at_its_own_strength():
    """There `|u_j| > n s / ‖x_j‖²` is all that selection says, and SciPy has the closed form."""
    rng = np.random.default_rng(0)
    n, s = 24, 0.3
    X = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, 4))]))[0][:, 1:] * np.sqrt(n)
    y = X @ [1.0, -0.4, 0.0, 0.6] + rng.normal(size=n)
    u = X.T @ (y - y.mean()) / n
    for given in ("signs", "model"):
        found = post_selection(X, y, strength=s, sigma=1.0, given=given)
        chosen = np.flatnonzero(np.abs(u) > s)
        assert found.features == tuple(f"x{j}" for j in chosen)
        assert len(chosen) > 1
        sd = 1 / np.sqrt(n)
        for i, j in enumerate(chosen):
            x = abs(u[j])  # turned so that it is positive

            def below(mean, x=x, sd=sd, given=given):
                if given == "signs":
                    return truncnorm.cdf(x, (s - mean) / sd, INF, mean, sd)
                left = norm.cdf(-s, mean, sd)
                return (left + norm.cdf(x, mean, sd) - norm.cdf(s, mean, sd)) / (left + norm.sf(s, mean, sd))

            ends = [brentq(lambda m, q=q: below(m) - q, x - 4, x + 4) for q in (0.975, 0.025)]
            ends = ends if u[j] > 0 else [-ends[1], -ends[0]]
            np.testing.assert_allclose([found.lower[i], found.upper[i]], ends, rtol=1e-6)
            assert found.p_value[i] == pytest.approx(2 * min(below(0.0), 1 - below(0.0)), rel=1e-6)


def test_the_cuts_are_where_the_selection_changes():
    """Moving y along what one estimate is read from changes the lasso's signs just outside, and not inside."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(20, 5)) + rng.normal(size=(20, 1))
    y, s = X @ [1, 0.5, 0, 0, 0] + rng.normal(size=20), 0.15
    X0 = X - X.mean(axis=0)

    def chosen(y):
        return np.sign(fit_path(X, y, strengths=[s], tol=1e-12).coef[0, 0])

    rows = Counted.of(X, y, "gaussian", None, None, True, ("gaussian",))
    signs = chosen(y)
    M = np.flatnonzero(signs)
    lasso = _Selected.of(rows, M, signs, s / rows.scale)
    assert len(M) >= 2
    for i in range(len(M)):
        eta = (X0[:, M] @ np.linalg.inv(X0[:, M].T @ X0[:, M]))[:, i]
        direction, own = eta / (eta @ eta), eta @ y * rows.scale[M[i]]
        [(low, high)] = lasso.cuts(i, lasso.signs[None])
        for end, inward in ((low, 1), (high, -1)):
            if np.isfinite(end):
                to = (end - own) / rows.scale[M[i]]
                near = 1e-6 * inward
                assert (chosen(y + direction * (to + near)) == signs).all()
                assert (chosen(y + direction * (to - near)) != signs).any()


def simulated(given, repeats, X, beta, strength):
    """Shares of intervals that cover what they are about: ours, and those of least squares on the selected columns."""
    rng, X0, hits = np.random.default_rng(1), X - X.mean(axis=0), []
    for _ in range(repeats):
        y = X @ beta + rng.normal(size=len(X))
        found = post_selection(X, y, strength=strength, sigma=1.0, given=given)
        M = [int(name[1:]) for name in found.features]
        target = np.linalg.lstsq(X0[:, M], X0 @ beta, rcond=None)[0]
        reach = norm.ppf(0.975) * found.standard_error
        hits += zip(
            (found.lower <= target) & (target <= found.upper), np.abs(found.estimate - target) <= reach
        )
    return np.mean(hits, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("given", ["signs", "model"])
@pytest.mark.parametrize("case", ["weak effects of columns that correlate", "noise alone"])
def test_coverage_after_selection(given, case):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 4)) if case != "noise alone" else rng.normal(size=(50, 20))
    X[:, 1] += 0.8 * X[:, 0]
    beta, strength = (np.array([0.35, 0, 0, -0.3]), 0.25) if case != "noise alone" else (np.zeros(20), 0.3)
    ours, naive = simulated(given, 2000, X, beta, strength)
    print(
        f"\nafter selection, given {given}, {case}: {ours:.3f}; least squares on the selected columns {naive:.3f}"
    )
    assert abs(ours - 0.95) < 0.02
    assert naive < 0.6 if case == "noise alone" else naive < ours - 0.01


def test_weights_units_and_kinds_of_X():
    rng = np.random.default_rng(0)
    X, times = rng.normal(size=(40, 6)), rng.integers(0, 3, size=40)
    y = X[:, 0] - 0.5 * X[:, 2] + rng.normal(size=40)
    for given in ("signs", "model"):
        options = {"strength": 0.2, "given": given}
        once = post_selection(np.repeat(X, times, axis=0), np.repeat(y, times), **options)
        weighted = post_selection(csc_array(X), y, sample_weight=times, **options)
        np.testing.assert_allclose(weighted.lower, once.lower, rtol=1e-7)
        np.testing.assert_allclose(weighted.p_value, once.p_value, rtol=1e-6)
        first = post_selection(X, y, **options)
        other = post_selection(X, 100 * y + 3, **options | {"strength": 20})
        np.testing.assert_allclose(other.upper, 100 * first.upper, rtol=1e-7)
        order = rng.permutation(6)
        turned = post_selection(X[:, order], y, **options)
        at = [first.features.index(f"x{order[int(name[1:])]}") for name in turned.features]
        np.testing.assert_allclose(turned.lower, first.lower[at], rtol=1e-7)
        scaled = post_selection(X * 10, y, **options | {"strength": 2.0})
        np.testing.assert_allclose(scaled.upper * 10, first.upper, rtol=1e-7)


def test_a_column_without_a_penalty_is_in_and_has_no_sign_to_keep():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    y = 2 * X[:, 1] + rng.normal(size=40)
    found = post_selection(X, y, strength=10.0, sigma=1.0, penalty_factor=[0, 1, 1])
    assert found.features == ("x0",)
    reach = norm.ppf(0.975) * found.standard_error
    np.testing.assert_allclose([found.lower, found.upper], [found.estimate - reach, found.estimate + reach])


def test_nothing_selected_is_no_interval():
    found = post_selection(np.eye(5), np.arange(5.0), strength=100.0, sigma=1.0)
    assert found.features == ()
    assert "0 coefficients" in repr(found)


WIDE = np.random.default_rng(1).normal(size=(12, 20))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"strength": 0.2}, "no residual degrees of freedom; take sigma='scaled', or debiased_lasso"),
        ({"strength": 0.0, "sigma": 1.0}, "strength: expected one number > 0"),
        ({"strength": [0.1, 0.2], "sigma": 1.0}, "strength: expected one number > 0"),
        ({"strength": 0.2, "sigma": 0}, "sigma: expected a number > 0, 'scaled' or None"),
        ({"strength": 0.2, "sigma": 1.0, "given": "sign"}, "given: expected 'signs' or 'model'"),
    ],
)
def test_what_cannot_be_done_is_told(options, told):
    with pytest.raises(InputError, match=told):
        post_selection(WIDE, WIDE[:, 0] + np.arange(12.0), **options)


def test_too_many_patterns_and_twins_are_told():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 20))
    y = X.sum(axis=1) + rng.normal(size=60)
    with pytest.raises(InputError, match="at most 15 selected columns, got 20; take given='signs'"):
        post_selection(X, y, strength=0.01, given="model")
    with pytest.raises(InputError, match="leaves no residual"):
        post_selection(X, X[:, 0], strength=0.01)
    assert (
        "scaled lasso"
        in post_selection(WIDE, rng.normal(size=12), strength=0.2, sigma="scaled").facts["sigma"]
    )
