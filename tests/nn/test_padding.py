"""Padding against PyTorch."""

import jax.numpy as jnp
import pytest
from torch_cases import case, cases

from normax.errors import InputError
from normax.nn import functional as F

SHAPES = {1: (2, 3, 5), 2: (2, 3, 5, 4), 3: (1, 2, 4, 5, 4)}


@cases(
    *(
        case(f"{k}Pad{n}d", 2, inputs=SHAPES[n])
        for k in ("Circular", "Reflection", "Replication")
        for n in SHAPES
    ),
    *(case(f"ZeroPad{n}d", 2, inputs=SHAPES[n]) for n in SHAPES),
    *(case(f"ConstantPad{n}d", 1, 3.5, inputs=SHAPES[n][1:]) for n in SHAPES),
    case("ZeroPad2d", (1, -1, 2, 0), inputs=(2, 3, 5, 4)),
    case("ReflectionPad2d", (1, 2, 3, 0), inputs=(3, 5, 4)),
    case("ReplicationPad1d", (3, -1), inputs=(3, 5)),
    case("CircularPad2d", (1, 2, 0, 3), inputs=(2, 3, 5, 4)),
)
def test_like_torch(case, compare):
    compare(case)


@pytest.mark.parametrize(
    ("widths", "mode", "words"),
    [
        ((1,), "constant", "a pair for each"),
        ((5, 0), "reflect", "larger than the axes"),
        ((6, 0), "circular", "larger than the axes"),
        ((-4, -2), "constant", "cuts more than there is"),
        ((1, 1), "mirror", "expected 'constant', 'reflect'"),
    ],
)
def test_refused(widths, mode, words):
    with pytest.raises(InputError, match=words):
        F.pad(jnp.ones((2, 5)), widths, mode)
