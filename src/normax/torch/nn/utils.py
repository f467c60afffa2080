"""`torch.nn.utils`: normax's, at the addresses where PyTorch keeps them."""

import sys

from normax.nn import utils as _utils
from normax.torch.nn import packed as rnn
from normax.torch.tensor import raw as _raw
from normax.torch.tensor import wrap as _wrap

globals().update({name: getattr(_utils, name) for name in _utils.__all__ if name != "rnn"})
__all__ = list(_utils.__all__)
__path__: list[str] = []
for _name, _module in (
    ("fusion", _utils.fusion),
    ("parametrizations", _utils.parametrizations),
    ("parametrize", _utils.parametrize),
    ("rnn", rnn),
):
    sys.modules[f"{__name__}.{_name}"] = _module


def parameters_to_vector(parameters):
    """All parameters one after the other, as one tensor."""
    return _wrap(_utils.parameters_to_vector(parameters))


def vector_to_parameters(vec, parameters):
    """Write the parts of a vector into parameters."""
    _utils.vector_to_parameters(_raw(vec), parameters)
