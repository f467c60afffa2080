"""Group, layer, RMS, instance and local response normalisation against PyTorch."""

import jax.numpy as jnp
import pytest
from torch_cases import case, cases

from normax import nn
from normax.errors import InputError

BOTH = (True, False)


@cases(
    case("GroupNorm", 2, 4, inputs=(3, 4, 5)),
    case("GroupNorm", 4, 4, affine=False, inputs=(3, 4, 2, 2)),
    case("GroupNorm", 1, 4, eps=1e-3, bias=False, inputs=(3, 4)),
    case("LayerNorm", 5, inputs=(3, 5)),
    case("LayerNorm", (4, 5), bias=False, inputs=(3, 4, 5)),
    case("LayerNorm", 5, 1e-3, False, inputs=(5,)),
    case("RMSNorm", 5, inputs=(3, 5)),
    case("RMSNorm", (4, 5), eps=1e-3, elementwise_affine=False, inputs=(3, 4, 5)),
    case("InstanceNorm1d", 3, inputs=(2, 3, 5)),
    case("InstanceNorm1d", 3, affine=True, inputs=(3, 5)),
    case(
        "InstanceNorm2d", 3, affine=True, track_running_stats=True, inputs=(2, 3, 4, 4), modes=BOTH, calls=1
    ),
    case("InstanceNorm3d", 2, inputs=(2, 2, 3, 3, 3)),
    case("LocalResponseNorm", 2, inputs=(2, 5, 4)),
    case("LocalResponseNorm", 3, alpha=0.1, beta=0.5, k=2.0, inputs=(2, 5, 3, 3)),
)
def test_like_torch(case, compare):
    compare(case)


def test_refused():
    with pytest.raises(InputError, match="expected a divisor of 4 channels, got 3"):
        nn.GroupNorm(3, 4)
    with pytest.raises(InputError, match=r"expected input of shape \(\.\.\., 4, 5\), got \(3, 5\)"):
        nn.LayerNorm((4, 5))(jnp.ones((3, 5)))
    with pytest.raises(InputError, match="more than 1 spatial element"):
        nn.InstanceNorm1d(3)(jnp.ones((2, 3, 1)))
