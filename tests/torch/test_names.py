"""The page that tells which of PyTorch's methods there are tells the truth."""

import re
from pathlib import Path

import torch as theirs

from normax import torch as ours

PAGE = Path(__file__).parents[2] / "docs" / "pytorch-names.md"


def public(kind):
    return {name for name in dir(kind) if not name.startswith("_")}


def test_methods_are_there_or_on_the_page():
    rows = PAGE.read_text(encoding="utf-8").split("| Methods of `Tensor` |")[1].splitlines()
    listed = {
        name for row in rows if row.startswith("| `") for name in re.findall(r"`(\w+)`", row.split("|")[1])
    }
    missing = {name for name in public(theirs.Tensor) if not hasattr(ours.Tensor, name)}
    assert missing == listed & public(theirs.Tensor)
    assert listed <= public(theirs.Tensor)


def test_modules_and_functions_of_nn_are_there():
    layers = {name for name in public(theirs.nn) if isinstance(getattr(theirs.nn, name), type)}
    assert {n for n in layers if not hasattr(ours.nn, n)} <= {
        "Container",
        "NLLLoss2d",
        "LinearCrossEntropyOptions",
    }
    functions = {n for n in public(theirs.nn.functional) if callable(getattr(theirs.nn.functional, n))}
    own = {
        n
        for n in functions
        if getattr(theirs.nn.functional, n).__module__ in (None, "torch.nn.functional", "torch._jit_internal")
    }
    few = {
        "ScalingType",
        "SwizzleType",
        "assert_int_or_pair",
        "boolean_dispatch",
        "grouped_mm",
        "scaled_grouped_mm",
        "scaled_mm",
    }
    assert {n for n in own if not hasattr(ours.nn.functional, n)} <= few
    assert not {n for n in theirs.nn.init.__all__ if not hasattr(ours.nn.init, n)}
