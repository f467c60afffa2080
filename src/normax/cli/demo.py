"""`normax demo`: the diabetes data by lasso and ridge, the digits by a small network, one page to open."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from normax.cli import screen, summary
from normax.cli.folder import FILES, staged
from normax.cli.options.typed import parse
from normax.cli.runs.path import run
from normax.language import say

__all__ = ["demo"]

# Folder of each part and the command that makes it, as one could type it inside the demo's folder.
PARTS = {
    "diabetes-lasso": "path diabetes.csv --target progression --out diabetes-lasso",
    "diabetes-ridge": "path diabetes.csv --target progression --penalty l2 --out diabetes-ridge",
    "digits-network": "path digits.csv --target digit --task classification --model mlp --strengths 20 --epochs 50"
    " --out digits-network",
}
TEXT = (
    "Three regularisation paths. The lasso keeps a few of ten measurements to predict the progress of diabetes;"
    " ridge keeps all and shrinks them; a small network reads handwritten digits with most of its weights at zero."
)


def demo(where: argparse.Namespace) -> None:
    """Write the data, fit the three parts, and print where the page is."""
    out = Path(where.out)
    made = frozenset(
        {"index.html", "diabetes.csv", "digits.csv"}
        | {f"{part}/{name}" for part in PARTS for name in FILES["path"]}
    )
    with staged(out, marker="diabetes-lasso/model.json", names=made) as folder:
        _write_data(folder)
        reports = []
        for part, command in PARTS.items():
            words = command.split()
            (folder / part).mkdir()
            options = parse(words)
            options = replace(options, data=[str(folder / options.data[0])])
            path, details = run(options, folder / part)
            summary.summary(details, out / part)
            reports.append((f"{part}/report.html", path, asdict(details)))
        from normax.report import index

        index(folder, reports, say("normax demo"), say(TEXT))
    screen.console().print("\n" + say("Open {page}", page=out / "index.html"), soft_wrap=True)


def _write_data(folder: Path) -> None:
    """The two data sets as the CSV files that the commands name."""
    from sklearn.datasets import load_diabetes, load_digits

    diabetes, digits = load_diabetes(scaled=False), load_digits()
    columns = dict(zip(diabetes.feature_names, diabetes.data.T), progression=diabetes.target)
    pyarrow.csv.write_csv(pa.table(columns), folder / "diabetes.csv")
    columns = dict(zip(digits.feature_names, digits.data.T.astype(int)), digit=digits.target)
    pyarrow.csv.write_csv(pa.table(columns), folder / "digits.csv")
