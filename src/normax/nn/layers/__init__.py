"""The layers."""

from normax.nn.layers import activations, batchnorm, containers, conv, dropout, linear, loss, pooling, shaping
from normax.nn.layers.activations import *  # noqa: F403
from normax.nn.layers.batchnorm import *  # noqa: F403
from normax.nn.layers.containers import *  # noqa: F403
from normax.nn.layers.conv import *  # noqa: F403
from normax.nn.layers.dropout import *  # noqa: F403
from normax.nn.layers.linear import *  # noqa: F403
from normax.nn.layers.loss import *  # noqa: F403
from normax.nn.layers.pooling import *  # noqa: F403
from normax.nn.layers.shaping import *  # noqa: F403

_parts = (activations, batchnorm, containers, conv, dropout, linear, loss, pooling, shaping)
__all__ = sorted(name for part in _parts for name in part.__all__)
