"""The pictures show the path's own numbers, mark what was chosen, and nothing runs into anything else."""

import warnings
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.text import Annotation, Text

from normax.report import error_figure, errors, figure, trace_figure
from normax.report.labels import fitted, spread, text_width
from normax.report.style import COLOURS, DARK, Picture, drawable, png, svg


def drawn(fig):
    fig.canvas.draw()
    return fig


def line(ax, colour, points):
    """The one line of a colour that joins so many points."""
    found = [
        entry
        for entry in ax.lines
        if entry.get_color() == COLOURS[colour] and len(entry.get_xdata()) == points
    ]
    assert len(found) == 1
    return found[0]


def texts(ax):
    return [t for t in ax.findobj(Text) if t.get_text() and t.get_visible()]


def uprights(ax):
    return {
        round(float(np.log(entry.get_xdata()[0])), 9)
        for entry in ax.lines
        if list(entry.get_ydata()) == [0, 1] and entry.get_xdata()[0] == entry.get_xdata()[1]
    }


def test_error_curves_are_the_paths_numbers(lasso):
    ax = error_figure(lasso).axes[0]
    validation, training = line(ax, "s1", 25), line(ax, "s2", 25)
    np.testing.assert_allclose(validation.get_ydata(), lasso.cv_mean)
    np.testing.assert_allclose(training.get_ydata(), lasso.train_mean)
    np.testing.assert_allclose(validation.get_xdata(), lasso.strengths)
    bars = np.array(ax.collections[0].get_segments())
    np.testing.assert_allclose(np.diff(bars[:, :, 1], axis=1)[:, 0], 2 * lasso.cv_se)


def test_weak_strengths_stand_on_the_right_on_a_log_axis(lasso):
    ax = error_figure(lasso).axes[0]
    left, right = ax.get_xlim()
    assert ax.get_xscale() == "log"
    assert left > right


def test_order_of_the_strengths_does_not_matter(lasso, ridge):
    again = type(lasso)(**vars(lasso))
    for name in ("strengths", "nonzero", "train_mean", "cv_mean", "cv_se"):
        setattr(again, name, getattr(lasso, name)[::-1])
    again.weights = {name: w[::-1] for name, w in lasso.weights.items()}
    for name in ("minimum", "one_se", "best"):
        choice = getattr(lasso, name)
        setattr(again, name, type(choice)(**(vars(choice) | {"index": 24 - choice.index})))
    assert svg(figure(again), "x") == svg(figure(lasso), "x")


def test_both_choices_and_baselines_are_marked(lasso):
    ax = error_figure(lasso).axes[0]
    assert uprights(ax) == {round(float(np.log(c.strength)), 9) for c in (lasso.minimum, lasso.one_se)}
    words = " ".join(t.get_text() for t in texts(ax))
    assert "1-SE: " in words
    assert "minimum: " in words
    levels = {entry.get_ydata()[0] for entry in ax.lines if list(entry.get_xdata()) == [0, 1]}
    assert levels == {lasso.null_error[0], 1500.0}
    bold = [t.get_text() for t in texts(ax) if t.get_fontweight() == "bold"]
    assert len(bold) == 1
    assert bold[0].startswith("1-SE")


def test_one_mark_where_both_choices_agree(lasso):
    lasso.one_se = lasso.best = lasso.minimum
    ax = error_figure(lasso).axes[0]
    assert len(uprights(ax)) == 1
    assert any(t.get_text().startswith("minimum = 1-SE") for t in texts(ax))


def test_regions_are_named_only_where_the_curve_bears_them_out(lasso, network):
    words = {t.get_text() for t in texts(error_figure(lasso).axes[0])}
    assert "← underfitting" in words
    assert "overfitting →" not in words  # the lasso's curve on the diabetes data stays flat to the end
    assert "overfitting →" in {t.get_text() for t in texts(error_figure(network).axes[0])}


def test_top_axis_counts_non_zeros(lasso):
    fig = drawn(error_figure(lasso))
    (top,) = fig.axes[0].child_axes
    ticks, labels = top.get_xticks(), [int(t.get_text()) for t in top.get_xticklabels()]
    at = [int(abs(np.log(lasso.strengths / x)).argmin()) for x in ticks]
    assert labels == [int(lasso.nonzero[i]) for i in at]
    assert len(set(labels)) > 3


def test_lasso_traces_leave_out_exact_zeros(lasso):
    ax = trace_figure(lasso).axes[0]
    coef = lasso.weights["weight"][:, 0]
    curves = [np.asarray(e.get_ydata(), float) for e in ax.lines if len(e.get_xdata()) == 25]
    assert len(curves) == 10
    for j in range(10):
        shown = next(
            c for c in curves if np.array_equal(c[np.isfinite(c) & (c != 0)], coef[coef[:, j] != 0, j])
        )
        # Zeros are drawn only where a segment begins or ends.
        assert (shown == 0).sum() <= 4
        assert np.isnan(shown).sum() == (coef[:, j] == 0).sum() - (shown == 0).sum()
    dots = sum(len(e.get_xdata()) for e in ax.lines if e.get_marker() == "o")
    assert dots >= (coef[0] == 0).sum() - 1


def test_ridge_traces_have_no_zeros(ridge):
    ax = trace_figure(ridge).axes[0]
    curves = np.array([e.get_ydata() for e in ax.lines if len(e.get_xdata()) == 25])
    assert curves.shape == (10, 25)
    assert np.isfinite(curves).all()
    assert not sum(len(e.get_xdata()) for e in ax.lines if e.get_marker() == "o")


def test_a_panel_for_each_output_up_to_four(multinomial):
    fig = trace_figure(multinomial)
    assert [ax.get_ylabel() for ax in fig.axes] == [f"coefficient for {i}" for i in range(3)]
    names = ("setosa", "versicolor", "virginica")
    assert trace_figure(multinomial, outputs=names).axes[1].get_ylabel() == "coefficient for versicolor"
    weight = multinomial.weights["weight"]
    multinomial.weights["weight"] = np.concatenate([weight, weight], axis=1)
    (ax,) = trace_figure(multinomial).axes
    assert ax.get_ylabel() == "norm over 6 outputs"
    expected = np.linalg.norm(multinomial.weights["weight"], axis=1)
    curves = [e.get_ydata() for e in ax.lines if len(e.get_xdata()) == 25]
    assert any(np.array_equal(np.nan_to_num(np.asarray(c, float)), expected[:, 2]) for c in curves)


def test_networks_show_norms_share_of_zeros_and_units_in_use(network):
    norms, shares, units = trace_figure(network).axes
    weight = network.weights["fc1.weight"]
    np.testing.assert_allclose(line(norms, "s1", 12).get_ydata(), np.sqrt((weight**2).sum((1, 2))))
    np.testing.assert_allclose(line(shares, "s1", 12).get_ydata(), (weight != 0).mean((1, 2)))
    np.testing.assert_allclose(line(units, "s1", 12).get_ydata(), (weight != 0).any(2).mean(1))
    np.testing.assert_allclose(line(units, "s3", 12).get_ydata(), (weight != 0).any(1).mean(1))
    full = {name: w + (w == 0) for name, w in network.weights.items()}
    one_off = np.arange(8) != 3
    network.weights = full | {"fc1.weight": full["fc1.weight"] * (one_off | (np.arange(16) > 0)[:, None])}
    assert len(trace_figure(network).axes) == 2  # nothing to tell where every unit is in use
    network.weights = full
    assert len(trace_figure(network).axes) == 1  # nor where no weight is zero


@pytest.mark.parametrize("width", [7.6, 3.6])
@pytest.mark.parametrize("name", ["lasso", "ridge", "network", "multinomial"])
def test_every_word_is_on_the_figure_and_alone(name, width, request):
    path = request.getfixturevalue(name)
    if path.feature_names:
        path.feature_names = tuple(f"a rather long name of column {i}" for i in range(10))
    fig = drawn(figure(path, width=width))
    tight = fig.get_tightbbox()
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= fig.get_figheight()
    for ax in fig.axes:
        margin = [t for t in ax.texts if isinstance(t, Annotation) and t.arrow_patch is not None]
        rows = sorted((Text.get_window_extent(t) for t in margin), key=lambda e: e.y0)
        assert len(rows) >= 2
        for lower, upper in pairwise(rows):
            assert lower.y1 <= upper.y0 + 1.5


@pytest.mark.parametrize(
    "script", ["收入（万元）每年每户", "cost in $ of $ a $_x", "naïve £ ‰", "\U00013080\u1bd1"]
)
def test_any_script_and_any_sign_is_a_name(script, lasso):
    lasso.feature_names = tuple(f"{script}{i}" for i in range(10))
    for width in (7.6, 3.6):
        fig = trace_figure(lasso, width=width)
        assert svg(fig, "x").startswith("<svg")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert png(fig).startswith(b"\x89PNG")
        boxes = [letter for letter in set(script) if not drawable(letter)]
        assert all("install a font" in str(notice.message) for notice in told)
        assert bool(boxes) == bool(told)
        labels = [t for t in fig.axes[0].texts if script[:2] in t.get_text() or script[-2:] in t.get_text()]
        assert len(labels) >= 8


def test_without_folds_only_the_training_error_is_drawn(lasso):
    lasso.cv_mean = lasso.cv_se = np.full(25, np.nan)
    lasso.fold_errors, lasso.null_error, lasso.unpenalised_error = np.empty((0, 25)), None, None
    del lasso.minimum, lasso.one_se, lasso.best
    ax = drawn(figure(lasso)).axes[0]
    assert [len(e.get_xdata()) for e in ax.lines] == [25]
    assert not uprights(ax)


def test_strength_zero_stands_past_the_weakest_and_is_named(lasso):
    lasso.strengths = np.append(lasso.strengths[:-1], 0.0)
    ax = drawn(error_figure(lasso)).axes[0]
    x = line(ax, "s1", 25).get_xdata()
    assert 0 < x[-1] < x[-2]
    assert "0" in [t.get_text() for t in ax.get_xticklabels()]


def test_one_strength_alone(lasso):
    for name in ("strengths", "nonzero", "train_mean", "cv_mean", "cv_se"):
        setattr(lasso, name, getattr(lasso, name)[8:9])
    lasso.weights = {name: w[8:9] for name, w in lasso.weights.items()}
    choice = type(lasso.best)(
        index=0, strength=lasso.strengths[0], cv_mean=lasso.cv_mean[0], cv_se=lasso.cv_se[0]
    )
    lasso.minimum = lasso.one_se = lasso.best = choice
    ax = drawn(figure(lasso)).axes[0]
    assert line(ax, "s1", 1).get_xdata()[0] == lasso.strengths[0]


def test_an_unpenalised_error_far_above_does_not_flatten_the_curves(lasso):
    lasso.unpenalised_error = (1e6, 1.0, 10)
    ax = error_figure(lasso).axes[0]
    assert ax.get_ylim()[1] < 10_000
    assert any(t.get_text() == "no penalty ↑" for t in texts(ax))


def test_errors_of_very_different_size_get_a_log_axis(network):
    network.cv_mean = network.cv_mean - network.cv_mean.min() + 0.02
    network.train_mean = network.train_mean * 1e-6
    for choice in (network.minimum, network.one_se, network.best):
        choice.cv_mean = network.cv_mean[choice.index]
    ax = drawn(error_figure(network)).axes[0]
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel() == "cross-entropy per row, log scale"
    low, high = ax.get_ylim()
    assert low < 0.02 < network.null_error[0] < high
    assert 0.0001 < low < 0.001  # a training error of almost nothing does not stretch the axis,
    assert any(t.get_text() == "training ↓" for t in texts(ax))  # and is said to lie below


def test_figures_leave_matplotlib_as_it_was(lasso):
    before = dict(matplotlib.rcParams)
    fig = figure(lasso)
    svg(fig, "x")
    assert dict(matplotlib.rcParams) == before
    assert isinstance(fig, Picture)
    data, size = fig._repr_png_()
    assert data.startswith(b"\x89PNG")
    assert size["width"] == 730


def test_svg_takes_its_colours_from_the_page(network):
    text = svg(figure(network), "x")
    assert "var(--s1)" in text
    assert not any(colour in text for colour in COLOURS.values())
    assert text == svg(figure(network), "x")


def test_errors_draws_on_axes_of_ones_own(lasso):
    fig = Picture()
    ax = fig.add_axes((0.1, 0.1, 0.6, 0.8))
    errors(lasso, ax)
    np.testing.assert_allclose(line(ax, "s1", 25).get_ydata(), lasso.cv_mean)


def test_spread_keeps_order_and_distance():
    wanted = np.random.default_rng(0).random(12) * 0.3
    placed = spread(wanted, 0.05, 0.0, 1.0)
    np.testing.assert_array_equal(np.argsort(placed), np.argsort(wanted))
    assert np.diff(np.sort(placed)).min() >= 0.05 - 1e-12
    assert placed.min() >= 0
    # More labels than room: they share it evenly instead of leaving it.
    np.testing.assert_allclose(spread(np.zeros(5), 1.0, 0.0, 1.0), [0, 0.25, 0.5, 0.75, 1.0])


def test_the_largest_trace_is_named_wherever_it_is_largest(lasso):
    weight = np.tile(lasso.weights["weight"], (1, 1, 2))
    weight[:, 0, 15] = np.where(lasso.strengths > lasso.best.strength, 0, 10 * weight.max())
    lasso.weights, lasso.feature_names = {"weight": weight}, tuple(f"f{j}" for j in range(20))
    assert "f15" in {t.get_text() for t in texts(trace_figure(lasso).axes[0])}


def test_counts_that_never_change_are_told_once(ridge):
    (top,) = drawn(error_figure(ridge)).axes[0].child_axes
    assert [t.get_text() for t in top.get_xticklabels()] == ["10 throughout"]


@pytest.mark.parametrize("letter", ["W", "年", "i"])
def test_names_keep_what_they_differ_in(letter):
    names = [f"{letter * 25}{year}{letter * 25}" for year in (1990, 1991, 2001)]
    short = fitted([*names, "age"], 90)
    assert len(set(short)) == 4
    assert all(text_width(name) <= 90 for name in short)
    assert short[3] == "age"


def _seen(rgb, deficiency):
    """CIELAB of sRGB colours as people see them who lack a kind of cone (Machado, Oliveira & Fernandes 2009)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])
    f = np.cbrt(np.clip(linear @ deficiency.T, 0, 1) @ xyz.T / [0.9505, 1, 1.089])
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("colours", [COLOURS, DARK], ids=["light", "dark"])
def test_series_are_told_apart_by_the_colour_blind_and_from_the_paper(colours):
    rgb = np.array([matplotlib.colors.to_rgb(colours[f"s{i}"]) for i in range(1, 9)])
    protan = [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
    deutan = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    tritan = [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    for deficiency in (np.eye(3), protan, deutan, tritan):
        lab = _seen(rgb, np.array(deficiency))
        apart = np.linalg.norm(lab[:, None] - lab, axis=2)[np.triu_indices(8, 1)]
        assert apart.min() > 14

    def luminance(colour):
        c = np.array(matplotlib.colors.to_rgb(colour))
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    paper = luminance(colours["paper"])
    for i in range(1, 9):
        low, high = sorted([paper, luminance(colours[f"s{i}"])])
        assert (high + 0.05) / (low + 0.05) >= 3
