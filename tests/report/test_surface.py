"""The heat map of two hyper-parameters, made from a few lines of NumPy."""

import numpy as np
import pytest

from normax.paths import Path
from normax.penalties import L1
from normax.report import page, surface_figure
from normax.report.strength_axis import number


@pytest.fixture
def surface():
    """A bowl over strength × drop.p × width, lowest at 1e-2 and 0.2."""
    axes = {
        "strength": np.geomspace(1e-1, 1e-4, 4),
        "drop.p": np.array([0.0, 0.2, 0.4]),
        "width": np.array([1.0, 2.0]),
    }
    S, P, W = (g.ravel() for g in np.meshgrid(*axes.values(), indexing="ij"))
    error = 1 + (np.log10(S) + 2) ** 2 + (P - 0.2) ** 2 + 0.1 * W
    folds = error + np.random.default_rng(0).normal(size=(5, len(error))) * 0.01
    weights = np.random.default_rng(1).normal(size=(len(error), 3, 4))
    return Path(
        strengths=S,
        fold_errors=folds,
        fold_train_errors=folds - 0.1,
        fold_sizes=np.full(5, 20),
        engine="network",
        weights={"fc.weight": weights},
        penalised=("fc.weight",),
        loss="squared",
        penalty=L1(),
        select="1se",
        train_mean=error - 0.1,
        axes=axes,
        simpler=("strength", "drop.p"),
        build=str,
        outputs=str,
        members=str,
    )


def test_every_cell_is_the_error_of_its_settings(surface):
    ax, bar = surface_figure(surface).axes[:2]
    cells = np.asarray(ax.collections[0].get_array())
    held = surface.axes["width"].tolist().index(surface.best.settings["width"])
    np.testing.assert_array_equal(cells, surface.surface()[:, :, held].T)
    assert ax.get_xlabel() == "← strong   strength   weak →"
    assert ax.get_ylabel() == "drop.p"
    assert f"width {number(surface.best.settings['width'])}" in ax.get_title(loc="left")
    disc = next(line for line in ax.lines if line.get_markersize() == 6)
    assert (int(disc.get_xdata()[0]), int(disc.get_ydata()[0])) == (1, 1)
    assert bar.get_yticks().size == 4


def test_a_page_begins_with_the_heat_map_and_goes_on_at_the_chosen_place(surface, tmp_path):
    text = page(tmp_path, surface).read_text()
    assert {file.name for file in tmp_path.iterdir()} == {"report.html", "surface.png", "cv.png", "path.png"}
    assert text.index("Which settings?") < text.index("How much penalty?")
    assert surface.at().strengths.tolist() == surface.axes["strength"].tolist()


def test_two_axes_can_be_named(surface):
    ax = surface_figure(surface, axes=("width", "drop.p")).axes[0]
    assert ax.get_xlabel() == "width"
    assert np.asarray(ax.collections[0].get_array()).shape == (3, 2)
