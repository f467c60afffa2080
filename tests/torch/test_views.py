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


@pytest.mark.parametrize("seed", range(8))
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
