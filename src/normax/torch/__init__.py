# ruff: noqa: F401, F403  (a face: all that is imported is handed on)
"""PyTorch's names over JAX: what a model file that says `import torch` needs, with torch not installed.

`Tensor` is an array with PyTorch's methods; functions are those of `torch`, with its arguments, return types and
dtypes; `nn` are normax's modules. `hasattr(normax.torch, name)` tells what there is.
"""

from importlib import import_module
from math import e, inf, nan, pi
from typing import Any

from normax.instead import missing_name
from normax.torch import autograd, cuda, einops_backend, fft, linalg, nn, operators, special
from normax.torch.absent import reason
from normax.torch.arithmetic import *
from normax.torch.classes import *
from normax.torch.compiling import compile
from normax.torch.converting import *
from normax.torch.corners import MODULES, VERSION
from normax.torch.creation import *
from normax.torch.devices import device
from normax.torch.dtypes import DTYPES, dtype, get_default_dtype, set_default_dtype
from normax.torch.elementwise import *
from normax.torch.fft import istft, stft
from normax.torch.func import vmap
from normax.torch.gathering import *
from normax.torch.grad_modes import *
from normax.torch.indexing import *
from normax.torch.inplace import *
from normax.torch.joining import *
from normax.torch.layered import *
from normax.torch.limits import *
from normax.torch.misc import *
from normax.torch.misc import FORMATS, _assert, _assert_async
from normax.torch.ordering import *
from normax.torch.printing import set_printoptions
from normax.torch.processes import *
from normax.torch.products import *
from normax.torch.promotion import can_cast, promote_types, result_type
from normax.torch.random import *
from normax.torch.reductions import *
from normax.torch.shaping import *
from normax.torch.size import Size
from normax.torch.statistics import *
from normax.torch.tensor import Tensor
from normax.torch.windowing import *
from normax.torch.windows import *

globals().update(DTYPES | FORMATS | linalg.OF_TORCH)
globals().update({path: module for path, module in MODULES.items() if "." not in path})
float, double, half, long, int, short = (
    DTYPES[name] for name in ("float32", "float64", "float16", "int64", "int32", "int16")
)
cfloat, cdouble, chalf = DTYPES["complex64"], DTYPES["complex128"], DTYPES["complex64"]
newaxis = None
__version__ = VERSION

einops_backend.register()


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        try:
            return import_module(f"normax.torch.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"normax.torch.{name}":
                raise
    if reason(name):
        raise AttributeError(f"module 'torch' has no attribute {name!r}: {reason(name)}", name=name)
    functions = [known for known, value in globals().items() if known[0] != "_" and callable(value)]
    raise missing_name("torch", name, functions)
