"""Which of PyTorch's names there are, what the others say, and that the pages tell the truth about both."""

import runpy
from pathlib import Path

import pytest
import torch as theirs

from normax import torch as ours
from normax.porting.names import find
from normax.torch.absent import METHODS

DOCS = Path(__file__).parents[2] / "docs"


def public(kind):
    return {name for name in dir(kind) if not name.startswith("_")}


def test_pages_tell_what_there_is():
    script = runpy.run_path(str(DOCS / "pytorch_names.py"))
    for page, named in script["tables"]().items():
        text = (DOCS / page).read_text(encoding="utf-8")
        assert text == script["written"](text, named), f"{page}: run python docs/pytorch_names.py"


def test_methods_are_there_or_have_a_reason():
    listed = {name for names in METHODS for name in names.split()}
    assert {name for name in public(theirs.Tensor) if not hasattr(ours.Tensor, name)} == listed
    with pytest.raises(AttributeError, match="'Tensor' has no attribute 'to_sparse': tensors are dense"):
        ours.zeros(2).to_sparse()
    with pytest.raises(
        AttributeError, match="'Parameter' has no attribute 'register_hook': gradients are values"
    ):
        ours.nn.Parameter(ours.zeros(2)).register_hook(print)


def test_names_that_are_not_there_say_what_to_write():
    for full, said in {
        "torch.utils.tensorboard.SummaryWriter": "from tensorboardX import SummaryWriter",
        "torch.quantization": "nothing is quantised",
        "torch.nn.quantized": "nothing is quantised",
        "torch.sparse.mm": "tensors are dense",
    }.items():
        with pytest.raises(AttributeError, match=said):
            find(full)


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
