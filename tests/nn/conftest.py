"""The fixture that compares a layer with PyTorch's, and the count of what was compared."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # torch_cases, which the tables of this folder share

from torch_cases import Case, like_torch


@pytest.fixture
def compare(record_property):
    """Compare a case with PyTorch in both precisions, and count it."""

    def run(case: Case) -> None:
        for kind in ("float32", "float64"):
            like_torch(case, kind)
        record_property("layer", case.name)

    return run


def pytest_terminal_summary(terminalreporter):
    names = [
        value
        for report in terminalreporter.stats.get("passed", [])
        for key, value in getattr(report, "user_properties", [])
        if key == "layer"
    ]
    if names:
        terminalreporter.write_line(
            f"compared with PyTorch: {len(set(names))} layers in {len(names)} configurations, float32 and float64"
        )
