"""`torch.nn.common_types`: names that annotations of layers use."""

from typing import Any

_SIZES = [f"_size_{n}{kind}_t" for kind in ("", "_opt") for n in (1, 2, 3, 4, 5, 6, "any")]
_OTHERS = ["_ratio_2_t", "_ratio_3_t", "_ratio_any_t", "_tensor_list_t", "_maybe_indices_t"]

__all__ = [*_SIZES, *_OTHERS]
globals().update(dict.fromkeys(__all__, Any))
