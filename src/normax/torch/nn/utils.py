"""`torch.nn.utils`: normax's, at the addresses where PyTorch keeps them."""

import sys

from normax.nn import utils as _utils

globals().update({name: getattr(_utils, name) for name in _utils.__all__})
__all__ = list(_utils.__all__)
__path__: list[str] = []
for _name in ("fusion", "parametrizations", "parametrize", "rnn"):
    sys.modules[f"{__name__}.{_name}"] = getattr(_utils, _name)
