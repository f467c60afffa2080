"""What one choice costs against the other, by hand from the errors of the folds."""

import re

import numpy as np
import pytest

from normax.cli.options.typed import parse
from normax.cli.runs.path import run


@pytest.mark.parametrize("select", ["1se", "min"])
def test_the_cost_is_the_paired_difference_over_folds(table, tmp_path, select):
    table.to_csv(tmp_path / "d.csv", index=False)
    words = ["path", str(tmp_path / "d.csv"), "--target", "y", "--cv", "4", "--select", select]
    path, details = run(parse(words), tmp_path)
    simple, least = path.one_se.index, path.minimum.index
    worse = path.fold_errors[:, simple] - path.fold_errors[:, least]  # folds of 250 rows each
    share = 100 * np.array([worse.mean(), worse.std(ddof=1) / 2]) / path.cv_mean[least]
    found = re.fullmatch(
        r"The 1-SE rule (costs|would cost) (.*) % \(± (.*)\) of error against the minimum, an RMSE of (.*) "
        r"instead of (.*), for (\d+) columns fewer.",
        details.cost,
    )
    assert found[1] == ("costs" if select == "1se" else "would cost")
    np.testing.assert_allclose([float(found[2]), float(found[3])], share, atol=0.05)
    rmse = [np.sqrt(np.mean((table["y"] - path.held_out(i)) ** 2)) for i in (simple, least)]
    np.testing.assert_allclose([float(found[4]), float(found[5])], rmse, rtol=1e-3)
    assert [row.model for row in details.baselines][1:3] == [
        "chosen",
        {"1se": "minimum", "min": "one_se"}[select],
    ]
    np.testing.assert_allclose(details.baselines[1].rmse, rmse[select == "min"], rtol=1e-9)


def test_a_model_without_features_has_an_auc_of_a_half(tmp_path):
    random = np.random.default_rng(0)
    rows = "\n".join(f"{a},{b}" for a, b in zip(random.normal(size=90), random.permutation([0, 1, 0] * 30)))
    (tmp_path / "d.csv").write_text(f"x,y\n{rows}\n")
    path, details = run(parse(["path", str(tmp_path / "d.csv"), "--target", "y"]), tmp_path)
    assert path.best.nonzero == 0
    assert details.metrics[0].cv == 0.5
