"""Images of another size as modules."""

from __future__ import annotations

from typing import Any

from normax.nn import functional as F
from normax.nn.module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    """The input resampled to another size.

    Args:
        size: of the output; an int, or one for each spatial axis.
        scale_factor: instead of `size`: a number, or one for each axis.
        mode: `"nearest"`, `"nearest-exact"`, `"area"`, `"linear"`, `"bilinear"`, `"bicubic"` or `"trilinear"`.
        align_corners: for the linear and cubic modes, whether corner points, not corner pixels, fit.
        recompute_scale_factor: sample at distances of the sizes' ratio instead of `1 / scale_factor`.

    Raises:
        InputError: in a call, as `functional.interpolate`.

    Example:
        >>> import jax.numpy as jnp
        >>> Upsample(scale_factor=2, mode="bilinear")(jnp.ones((1, 3, 4, 5))).shape
        (1, 3, 8, 10)
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ):
        super().__init__()
        self.name = type(self).__name__
        if isinstance(scale_factor, (tuple, list)):
            scale_factor = tuple(float(factor) for factor in scale_factor)
        elif scale_factor:
            scale_factor = float(scale_factor)
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners, self.recompute_scale_factor = align_corners, recompute_scale_factor

    def forward(self, input: Any) -> Any:
        return F.interpolate(
            *(input, self.size, self.scale_factor, self.mode),
            *(self.align_corners, self.recompute_scale_factor),
        )

    def extra_repr(self) -> str:
        wanted = "size" if self.scale_factor is None else "scale_factor"
        return f"{wanted}={getattr(self, wanted)!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample` to the nearest pixel.

    Example:
        >>> import jax.numpy as jnp
        >>> UpsamplingNearest2d(scale_factor=2)(jnp.ones((1, 1, 2, 2))).shape
        (1, 1, 4, 4)
    """

    def __init__(self, size: Any = None, scale_factor: Any = None):
        super().__init__(size, scale_factor)


class UpsamplingBilinear2d(Upsample):
    """Bilinear `Upsample` with aligned corners.

    Example:
        >>> import jax.numpy as jnp
        >>> UpsamplingBilinear2d(size=3)(jnp.ones((1, 1, 2, 2))).shape
        (1, 1, 3, 3)
    """

    def __init__(self, size: Any = None, scale_factor: Any = None):
        super().__init__(size, scale_factor, "bilinear", True)
