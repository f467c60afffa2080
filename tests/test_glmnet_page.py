"""R's numbers on the page for glmnet's users, as glmnet printed them, are those that Python prints below."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAIR = re.compile(r"```r\n([^`]*)```\n\n```python\n([^`]*)```")


def shown(block):
    """The numbers of a block's lines that are comments alone."""
    lines = re.findall(r"^# (.*)$", block, re.MULTILINE)
    return [[float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", line)] for line in lines]


@pytest.mark.parametrize("page", ["coming-from-glmnet.md", "coming-from-glmnet.zh-CN.md"])
def test_both_print_the_same_numbers(page):
    pairs = PAIR.findall((DOCS / page).read_text(encoding="utf-8"))
    assert [len(shown(r)) for r, _ in pairs] == [4, 6, 5, 4]
    for r, python in pairs:
        assert shown(r) == shown(python)
