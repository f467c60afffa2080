"""What every distribution has: parameters of one shape, draws, and tensors at its face."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from normax.errors import InputError
from normax.nn.random import layer_key
from normax.torch.size import Size
from normax.torch.tensor import made, raw

__all__ = ["Distribution", "Independent", "positive", "share"]


def positive(value: Any) -> Any:
    return value > 0


def share(value: Any) -> Any:
    return (value >= 0) & (value <= 1)


class Distribution:
    """Base of distributions: arrays within, tensors at its face.

    A subclass writes `_log_prob(x)`, `_draw(key, shape)`, `_entropy()`, `_mean()` and `_variance()` on arrays.

    Args:
        event: trailing dimensions of the parameters that belong to one draw.
        validate_args: whether parameters that are known are checked; None checks them.
        parameters: name -> values, brought to one shape; they become tensors of these names.

    Raises:
        InputError: for a parameter out of its range.
    """

    has_rsample = False
    ranges: ClassVar[dict[str, Any]] = {}

    def __init__(self, event: int = 0, validate_args: bool | None = None, **parameters: Any):
        arrays = {name: jnp.asarray(raw(value)) for name, value in parameters.items()}
        arrays = {
            name: a if jnp.issubdtype(a.dtype, jnp.inexact) else a.astype(jnp.result_type(float))
            for name, a in arrays.items()
        }
        shape = jnp.broadcast_shapes(*(a.shape for a in arrays.values()))
        self._arrays = {name: jnp.broadcast_to(a, shape) for name, a in arrays.items()}
        self._batch, self._event = shape[: len(shape) - event], shape[len(shape) - event :]
        for name, is_right in self.ranges.items():
            array = self._arrays.get(name)
            if array is None or validate_args is False or isinstance(array, jax.core.Tracer):
                continue
            if not bool(np.asarray(is_right(array)).all()):
                raise InputError(
                    f"{type(self).__name__}: {name} is out of its range, or NaN: {np.asarray(array).ravel()[:5]}"
                )

    def __getattr__(self, name: str) -> Any:
        arrays = self.__dict__.get("_arrays", {})
        if name not in arrays:
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}", name=name, obj=self)
        return made(arrays[name])

    @property
    def batch_shape(self) -> Any:
        """The shape of distributions side by side."""
        return Size(self._batch)

    @property
    def event_shape(self) -> Any:
        """The shape of one draw of one of them."""
        return Size(self._event)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of density or probability."""
        return made(self._log_prob(jnp.asarray(raw(value))))

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draws `(*sample_shape, *batch_shape, *event_shape)`, through which no gradient passes."""
        return made(jax.lax.stop_gradient(self._sampled(sample_shape)))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draws through which gradients reach the parameters."""
        if not self.has_rsample:
            raise NotImplementedError(f"{type(self).__name__}: no gradient passes through its draws")
        return made(self._sampled(sample_shape))

    def _sampled(self, sample_shape: Any) -> Any:
        return self._draw(layer_key(), (*sample_shape, *self._batch, *self._event))

    def entropy(self) -> Any:
        """The entropy, in nats."""
        return made(self._entropy())

    @property
    def mean(self) -> Any:
        return made(self._mean())

    @property
    def variance(self) -> Any:
        return made(self._variance())

    @property
    def stddev(self) -> Any:
        return made(jnp.sqrt(self._variance()))

    def _log_prob(self, x: Any) -> Any:
        raise NotImplementedError

    def _draw(self, key: Any, shape: tuple[int, ...]) -> Any:
        raise NotImplementedError

    def _entropy(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no entropy in closed form")

    def _mean(self) -> Any:
        raise NotImplementedError

    def _variance(self) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{k}: {tuple(a.shape)}' for k, a in self._arrays.items())})"
        )


class Independent(Distribution):
    """A distribution whose last batch dimensions are one draw: log-probabilities and entropies add up over them.

    Example:
        >>> from normax import torch
        >>> base = torch.distributions.Normal(torch.zeros(2, 3), torch.ones(2, 3))
        >>> torch.distributions.Independent(base, 1).log_prob(torch.zeros(2, 3)).shape
        torch.Size([2])
    """

    def __init__(
        self, base_distribution: Any, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ):
        if reinterpreted_batch_ndims > len(base_distribution._batch):
            raise InputError(
                f"Independent: expected at most {len(base_distribution._batch)} dimensions, got "
                f"{reinterpreted_batch_ndims}"
            )
        self.base_dist, self.has_rsample = base_distribution, base_distribution.has_rsample
        self._axes = tuple(range(-reinterpreted_batch_ndims, 0))
        self._arrays = base_distribution._arrays
        cut = len(base_distribution._batch) - reinterpreted_batch_ndims
        self._batch = base_distribution._batch[:cut]
        self._event = base_distribution._batch[cut:] + base_distribution._event

    def _log_prob(self, x):
        return self.base_dist._log_prob(x).sum(self._axes)

    def _entropy(self):
        return self.base_dist._entropy().sum(self._axes)

    def _draw(self, key, shape):
        return self.base_dist._draw(key, shape)

    def _mean(self):
        return self.base_dist._mean()

    def _variance(self):
        return self.base_dist._variance()
