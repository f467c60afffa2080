"""Batch normalisation against PyTorch, and on padded batches."""

import jax.numpy as jnp
import numpy as np
import pytest
from torch_cases import case, cases

from normax import nn
from normax.errors import InputError
from normax.nn.frames import Frame

BOTH = (True, False)


@cases(
    case("BatchNorm1d", 3, inputs=(4, 3), modes=BOTH, calls=1),
    case("BatchNorm1d", 3, eps=1e-3, momentum=0.3, inputs=(4, 3, 5), modes=BOTH),
    case("BatchNorm1d", 3, momentum=None, inputs=(4, 3), modes=BOTH, calls=2),
    case("BatchNorm2d", 3, inputs=(2, 3, 4, 4), modes=BOTH, calls=1),
    case("BatchNorm2d", 3, affine=False, inputs=(2, 3, 4, 4), modes=BOTH),
    case("BatchNorm2d", 3, track_running_stats=False, inputs=(2, 3, 4, 4), modes=BOTH),
    case("BatchNorm2d", 3, bias=False, inputs=(2, 3, 4, 4), modes=BOTH),
    case("BatchNorm3d", 2, inputs=(2, 2, 3, 3, 3), modes=BOTH),
)
def test_like_torch(case, compare):
    compare(case)


def test_padding_rows_count_in_no_statistic():
    x = np.random.default_rng(0).standard_normal((6, 3, 2, 2)).astype("f4")
    padded = np.concatenate([x, np.full((2, 3, 2, 2), 1e3, "f4")])
    full, masked = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    y = full(x)
    with Frame({}, row_mask=jnp.arange(8) < 6, sealed=False).active():
        z = masked(padded)
    np.testing.assert_allclose(z[:6], y, rtol=1e-5, atol=1e-5)
    for name, value in full.state_dict().items():
        np.testing.assert_allclose(masked.state_dict()[name], value, rtol=1e-5)


def test_large_means_lose_no_accuracy():
    x = 1e4 + np.random.default_rng(0).standard_normal((512, 2))
    wanted = (x - x.mean(0)) / x.std(0)
    np.testing.assert_allclose(nn.BatchNorm1d(2)(x.astype("f4")), wanted, atol=5e-3)


def test_roles():
    assert {p.role for p in nn.BatchNorm1d(2).parameters()} == {"norm"}


def test_refused():
    layer = nn.BatchNorm1d(3)
    with pytest.raises(InputError, match="expected more than 1 value per channel when training"):
        layer(jnp.ones((1, 3)))
    with pytest.raises(InputError, match="expected 3 channels"):
        layer(jnp.ones((2, 4)))
    with pytest.raises(InputError, match="expected 2D or 3D input"):
        layer(jnp.ones((2, 3, 4, 4)))
    assert int(nn.BatchNorm1d(3).eval()(jnp.ones((1, 3))).size) == 3
