"""`torch.FloatTensor` and its kin: classes of tensors by dtype, of old."""

from __future__ import annotations

from typing import Any

from normax.torch.converting import CLASSES
from normax.torch.creation import legacy, placed
from normax.torch.dtypes import DTYPES, dtype, native
from normax.torch.tensor import Methods

__all__ = list(CLASSES.values())


class _Of(type):
    """A class whose instances are all tensors of one dtype."""

    dtype_of_class: dtype

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Methods) and instance.dtype == cls.dtype_of_class

    def __call__(cls, *data: Any, device: Any = None) -> Any:
        return placed(legacy(data, native(cls.dtype_of_class)), device)


for _kind, _name in CLASSES.items():
    globals()[_name] = _Of(
        _name, (), {"dtype_of_class": DTYPES[_kind], "__doc__": f"Tensors of `torch.{_kind}`."}
    )
