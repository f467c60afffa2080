"""Every class of torch.nn is in normax.nn, or the page for those who come from PyTorch says why not."""

import inspect
import pathlib
import re

import torch

from normax import nn

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "coming-from-pytorch.md"


def test_what_is_missing_is_listed():
    section = PAGE.read_text(encoding="utf-8").split("## Layers that are not there")[1]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    theirs = {name for name in dir(torch.nn) if inspect.isclass(getattr(torch.nn, name))}
    assert theirs - set(nn.__all__) <= listed
    assert listed <= theirs - set(nn.__all__)
