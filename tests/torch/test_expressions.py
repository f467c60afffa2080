"""Expressions of PyTorch's, run under it and under `normax.torch`: values, shapes and dtypes agree."""

from pathlib import Path

import pytest
from both import agree

LINES = [
    line
    for line in Path(__file__).with_name("expressions.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
OFTEN = 12  # every twelfth group of lines at each run, all of them among the slow tests
GROUPS = [LINES[i :: len(LINES) // 12] for i in range(len(LINES) // 12)]


@pytest.mark.parametrize(
    "lines",
    [pytest.param(g, marks=[pytest.mark.slow] * (i % OFTEN != 0), id=f"{i}") for i, g in enumerate(GROUPS)],
)
def test_agrees(lines):
    wrong = {}
    for line in lines:
        try:
            agree(line)
        except Exception as error:
            wrong[line] = f"{type(error).__name__}: {error}"
    assert not wrong, "\n".join(f"{line}\n    {said}" for line, said in wrong.items())
