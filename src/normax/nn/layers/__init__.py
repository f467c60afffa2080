"""The layers."""

from normax.nn.layers import (
    activations,
    adaptive,
    attention,
    batchnorm,
    containers,
    conv,
    dropout,
    embedding,
    linear,
    loss,
    normalization,
    padding,
    pooling,
    ranking,
    recurrent,
    shaping,
    transposed,
)
from normax.nn.layers.activations import *  # noqa: F403
from normax.nn.layers.adaptive import *  # noqa: F403
from normax.nn.layers.attention import *  # noqa: F403
from normax.nn.layers.batchnorm import *  # noqa: F403
from normax.nn.layers.containers import *  # noqa: F403
from normax.nn.layers.conv import *  # noqa: F403
from normax.nn.layers.dropout import *  # noqa: F403
from normax.nn.layers.embedding import *  # noqa: F403
from normax.nn.layers.linear import *  # noqa: F403
from normax.nn.layers.loss import *  # noqa: F403
from normax.nn.layers.normalization import *  # noqa: F403
from normax.nn.layers.padding import *  # noqa: F403
from normax.nn.layers.pooling import *  # noqa: F403
from normax.nn.layers.ranking import *  # noqa: F403
from normax.nn.layers.recurrent import *  # noqa: F403
from normax.nn.layers.shaping import *  # noqa: F403
from normax.nn.layers.transposed import *  # noqa: F403

_parts = (
    activations,
    adaptive,
    attention,
    batchnorm,
    containers,
    conv,
    dropout,
    embedding,
    linear,
    loss,
    normalization,
    padding,
    pooling,
    ranking,
    recurrent,
    shaping,
    transposed,
)
__all__ = sorted(name for part in _parts for name in part.__all__)
