"""The demo: in small always, in full where there is time."""

import pytest

from normax.cli import demo, main
from normax.cli.folder import FILES

SMALL = {
    "diabetes-lasso": "path diabetes.csv --target progression --strengths 8 --cv 3 --out diabetes-lasso",
    "digits-network": "path digits.csv --target digit --task classification --model mlp --strengths 1e-2,1e-3"
    " --epochs 1 --cv 2 --out digits-network",
}


def check(out, parts, said):
    page = (out / "index.html").read_text()
    for part in parts:
        assert f'href="{part}/report.html"' in page
        expected = FILES["path"] - (
            {"coefficients.csv", "model.onnx"} if "network" in part else {"model.onnx"}
        )
        assert {path.name for path in (out / part).iterdir()} == expected
    assert said.endswith(f"Open {out / 'index.html'}\n")


def test_in_small(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "PARTS", SMALL)
    out = tmp_path / "d"
    assert main(["demo", "--out", str(out)]) == 0
    check(out, SMALL, capsys.readouterr().out)
    assert (
        main(
            [
                "predict",
                str(out / "digits-network"),
                str(out / "digits.csv"),
                "--out",
                str(tmp_path / "p.csv"),
            ]
        )
        == 0
    )


@pytest.mark.slow
def test_in_full(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "d")]) == 0
    check(tmp_path / "d", demo.PARTS, capsys.readouterr().out)
