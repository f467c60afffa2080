"""The site: the pictures of its benchmarks are those of the record, and every public name has a place in the interface."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_pictures_of_benchmarks_show_what_was_recorded_last(tmp_path):
    plots = runpy.run_path(str(DOCS / "benchmark_plots.py"))
    figures = plots["figures"](plots["RESULTS"].read_text(encoding="utf-8"))
    for name, (_, panels) in figures.items():
        drawn = (DOCS / "images" / f"{name}.svg").read_text(encoding="utf-8")
        for panel, bars in panels.items():
            assert f">{panel}<" in drawn, "run python docs/benchmark_plots.py"
            for label, ratio in bars.items():
                assert f">{label}<" in drawn
                assert f">{ratio:.2g}<" in drawn or f">{ratio:.0f}<" in drawn, (
                    "run python docs/benchmark_plots.py"
                )


def test_later_rows_replace_earlier_ones():
    latest = runpy.run_path(str(DOCS / "benchmark_plots.py"))["latest"]
    text = "## A\n\n| | x |\n|-|-|\n| a (1) | 1 |\n| b | 2 |\n\n## A\n\n| | x |\n|-|-|\n| a | 3 |\n"
    assert latest(text, "A", "") == {"a": {"x": "3"}, "b": {"x": "2"}}
