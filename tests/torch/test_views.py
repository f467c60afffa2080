"""Views and in-place writes in random order: every tensor holds PyTorch's numbers after each."""

import random

import numpy as np
import pytest
import torch as theirs
from both import agree

from normax import torch as ours
from normax.errors import InputError

VIEWS = (
    "x[{i}:]",
    "x[:, {i}:]",
    "x[..., ::2]",
    "x.t() if x.dim() == 2 else x.transpose(0, -1)",
    "x.unsqueeze(0).transpose(0, -1).squeeze(-1)",
    "x.reshape(-1, 2) if x.numel() % 2 == 0 else x.reshape(-1, 1)",
    "x.flatten()[None]",
    "x.detach()",
    "x.contiguous()",
    "x.split(1)[0]",
    "x.chunk(2, -1)[-1]",
    "x.diagonal(0, -2, -1)[None]",
    "x.clone()",
    "x * 1",
    "x.t() + 1 if x.dim() == 2 else -x.transpose(0, -1)",
    "torch.where(x > 0, x, x + 1)",
    "x.transpose(0, -1).half().float()",
    "torch.zeros_like(x) + x.expand(2, *x.shape)[0]",
)
WRITES = (
    "x.add_(1)",
    "x.mul_(-2)",
    "x.zero_()",
    "x[0] = 3",
    "x[:, -1] = 5",
    "x[..., 0] += 2",
    "x[x < 0] = 0.5",
    "x.copy_(x.flip(0))",
    "x -= x.mean()",
    "x.clamp_(-3, 3)",
    "x.data.neg_()",
)


@pytest.mark.parametrize("seed", range(16))
def test_random_programs(seed):
    draw = random.Random(seed)
    start = np.random.default_rng(seed).normal(size=(4, 6)).astype("float32")
    worlds = {torch: [torch.tensor(start)] for torch in (ours, theirs)}
    program = []
    for _ in range(24):
        place = draw.randrange(len(worlds[theirs]))
        view = draw.random() < 0.45
        line = draw.choice(VIEWS if view else WRITES).format(i=draw.randrange(2))
        if worlds[theirs][place].dim() < 2 or min(worlds[theirs][place].shape) < 2:
            continue
        program.append((place, line))
        for torch, tensors in worlds.items():
            space = {"torch": torch, "x": tensors[place]}
            if view:
                tensors.append(eval(line, space))
            else:
                exec(line, space)
        if draw.random() < 0.5:  # sometimes several writes before anything is read
            compare(worlds, program)
    compare(worlds, program)


def compare(worlds, program):
    for mine, reference in zip(worlds[ours], worlds[theirs], strict=True):
        np.testing.assert_allclose(mine.numpy(), reference.numpy(), 1e-5, 1e-5, err_msg=str(program))


def test_views_of_views_that_are_written_to_before_anything_is_read():
    agree("y = a[1:]; w = y[:, 1:]; w.zero_(); y.add_(1); w.add_(1); (a, y, w)")
    agree("y = a[1:]; w = a[:, 1:]; y.zero_(); w.add_(1); (a, y, w)")
    agree("y = a.view(2, 6); w = y.t(); w[0] = 1; a[0] = 2; (a, y, w)")


def test_a_tensor_that_others_look_into_is_not_turned():
    x = ours.zeros(2, 3)
    row = x[0]
    with pytest.raises(InputError, match=r"x = x\.t\(\.\.\.\)"):
        x.t_()
    assert row.tolist() == [0, 0, 0]


def test_a_parameter_is_seen_through_its_data():
    w = ours.nn.Parameter(ours.zeros(2, 2))
    row = w.data[0]
    row += 1
    w.value = w.value * 3
    assert row.tolist() == [3, 3]
    assert w.tolist() == [[3, 3], [0, 0]]


def laid_by_both(program):
    """The strides of what a program makes, in both worlds."""
    found = []
    for torch in (ours, theirs):
        space = {"torch": torch, "a": torch.ones(2, 3, 4), "b": torch.ones(3, 4)}
        found.append(tuple(eval(program, space).stride()))
    return found


@pytest.mark.parametrize(
    "program",
    [
        "a.transpose(0, 1) * 2",
        "a.permute(2, 0, 1) + a.permute(2, 0, 1)",
        "a.permute(2, 0, 1) + torch.ones(4, 2, 3)",
        "torch.ones(4, 2, 3) + a.permute(2, 0, 1)",
        "b.t() + torch.ones(2, 4, 3)",
        "(a.transpose(0, 2) > 0).float().exp()",
        "torch.where(a.mT > 0, a.mT, 0.0)",
        "a[:, ::2].transpose(1, 2).abs()",
        "b.expand(2, 3, 4).sqrt()",
        "b.t().clone()",
        "b.t().clone(memory_format=torch.contiguous_format)",
        "torch.relu(b.t())",
        "torch.nn.functional.gelu(b.t())",
        "torch.nn.Tanh()(b.t())",
        "torch.nn.functional.logsigmoid(b.t())",
        "torch.nn.Softmax(0)(b.t())",
        "torch.nn.Dropout(0.5)(b.t())",
        "-a.mT",
        "a.mT @ a",
        "a.mT.sum(0)",
    ],
)
def test_results_lie_as_in_pytorch(program):
    mine, reference = laid_by_both(program)
    assert mine == reference
