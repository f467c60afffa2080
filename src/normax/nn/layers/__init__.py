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

# Spelt out for type checkers, which read these lines and no comprehension.
__all__ = []
__all__ += activations.__all__
__all__ += batchnorm.__all__
__all__ += containers.__all__
__all__ += conv.__all__
__all__ += dropout.__all__
__all__ += linear.__all__
__all__ += loss.__all__
__all__ += pooling.__all__
__all__ += shaping.__all__
