"""`torch.nn.utils.rnn`: sequences of several lengths as user code sees them, of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

from normax.nn.packed import PackedSequence as _Packed
from normax.nn.utils import rnn as _rnn
from normax.torch.tensor import crosses, raw, wrap

__all__ = list(_rnn.__all__)


class PackedSequence(_Packed):
    """Sequences of several lengths whose parts are tensors; layers take it, and give it back, as they do tensors."""

    data = property(lambda self: wrap(super().data))
    batch_sizes = property(lambda self: wrap(super().batch_sizes))
    sorted_indices = property(lambda self: wrap(super().sorted_indices))
    unsorted_indices = property(lambda self: wrap(super().unsorted_indices))

    def _replace(self, data: Any) -> PackedSequence:
        return PackedSequence(data, raw(self.batch_sizes), raw(self.sorted_indices))

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same sequences in another dtype or on another device."""
        return self.with_padded(wrap(self.padded).to(*args, **kwargs)._array)


jax.tree_util.register_pytree_node(PackedSequence, PackedSequence.tree_flatten, PackedSequence.tree_unflatten)
crosses(_Packed, PackedSequence)


def _of_tensors(compute: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(compute)
    def call(*args: Any, **kwargs: Any) -> Any:
        return wrap(compute(*map(raw, args), **{name: raw(value) for name, value in kwargs.items()}))

    return call


for _name in _rnn.__all__:
    if _name != "PackedSequence":
        globals()[_name] = _of_tensors(getattr(_rnn, _name))
