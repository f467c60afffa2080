"""Functional forms of the layers and losses, with PyTorch's names and arguments.

They take arrays, cells or anything array-like, and hold no state. Random ones take a JAX `key`;
without it they draw from the global generator.
"""

from typing import TYPE_CHECKING, Any

from normax.instead import missing_name
from normax.nn.functional.activations import *  # noqa: F403
from normax.nn.functional.activations import __all__ as _activations
from normax.nn.functional.adaptive import *  # noqa: F403
from normax.nn.functional.adaptive import __all__ as _adaptive
from normax.nn.functional.attention import *  # noqa: F403
from normax.nn.functional.attention import __all__ as _attention
from normax.nn.functional.classification import *  # noqa: F403
from normax.nn.functional.classification import __all__ as _classification
from normax.nn.functional.convolution import *  # noqa: F403
from normax.nn.functional.convolution import __all__ as _convolution
from normax.nn.functional.ctc import *  # noqa: F403
from normax.nn.functional.ctc import __all__ as _ctc
from normax.nn.functional.dropout import *  # noqa: F403
from normax.nn.functional.dropout import __all__ as _dropout
from normax.nn.functional.embedding import *  # noqa: F403
from normax.nn.functional.embedding import __all__ as _embedding
from normax.nn.functional.fractional import *  # noqa: F403
from normax.nn.functional.fractional import __all__ as _fractional
from normax.nn.functional.interpolation import *  # noqa: F403
from normax.nn.functional.interpolation import __all__ as _interpolation
from normax.nn.functional.linear import *  # noqa: F403
from normax.nn.functional.linear import __all__ as _linear
from normax.nn.functional.linear_loss import *  # noqa: F403
from normax.nn.functional.linear_loss import __all__ as _linear_loss
from normax.nn.functional.margins import *  # noqa: F403
from normax.nn.functional.margins import __all__ as _margins
from normax.nn.functional.norms import *  # noqa: F403
from normax.nn.functional.norms import __all__ as _norms
from normax.nn.functional.padding import *  # noqa: F403
from normax.nn.functional.padding import __all__ as _padding
from normax.nn.functional.pooling import *  # noqa: F403
from normax.nn.functional.pooling import __all__ as _pooling
from normax.nn.functional.ranking import *  # noqa: F403
from normax.nn.functional.ranking import __all__ as _ranking
from normax.nn.functional.regression import *  # noqa: F403
from normax.nn.functional.regression import __all__ as _regression
from normax.nn.functional.sampling import *  # noqa: F403
from normax.nn.functional.sampling import __all__ as _sampling
from normax.nn.functional.shaping import *  # noqa: F403
from normax.nn.functional.shaping import __all__ as _shaping
from normax.nn.functional.transposed import *  # noqa: F403
from normax.nn.functional.transposed import __all__ as _transposed

__all__ = [
    *_activations,
    *_adaptive,
    *_attention,
    *_classification,
    *_convolution,
    *_ctc,
    *_dropout,
    *_embedding,
    *_fractional,
    *_interpolation,
    *_linear,
    *_linear_loss,
    *_margins,
    *_norms,
    *_padding,
    *_pooling,
    *_ranking,
    *_regression,
    *_sampling,
    *_shaping,
    *_transposed,
]


if not TYPE_CHECKING:  # who checks types knows the names

    def __getattr__(name: str) -> Any:
        raise missing_name("normax.nn.functional", name, __all__)
