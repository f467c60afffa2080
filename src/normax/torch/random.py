"""Random tensors, from normax's stream: `nx.manual_seed`, and in compiled calls the key of the step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn.random import layer_key, manual_seed, raw_key, wrap_key
from normax.torch.creation import placed
from normax.torch.dtypes import asked, get_default_dtype, native_of_number
from normax.torch.ops import method
from normax.torch.shaping import sizes
from normax.torch.tensor import Methods, made, raw

__all__ = [
    "Generator",
    "bernoulli",
    "binomial",
    "initial_seed",
    "manual_seed",
    "multinomial",
    "normal",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "seed",
]


class Generator:
    """A stream of random numbers of its own, for `generator=`.

    Args:
        device: kept for PyTorch's sake.

    Example:
        >>> from normax import torch
        >>> a, b = (torch.rand(3, generator=torch.Generator().manual_seed(1)) for _ in range(2))
        >>> bool((a == b).all())
        True
    """

    def __init__(self, device: Any = "cpu"):
        self.device, self._seed, self._drawn = device, 0, 0

    def manual_seed(self, seed: int) -> Generator:
        self._seed, self._drawn = int(seed), 0
        return self

    def initial_seed(self) -> int:
        return self._seed

    def key(self) -> jax.Array:
        """The next key of the stream."""
        self._drawn += 1
        return jax.random.fold_in(wrap_key(raw_key(self._seed)), self._drawn)


def key_of(generator: Generator | None) -> jax.Array:
    """A key of a generator, or of normax's own stream."""
    return layer_key() if generator is None else generator.key()


_last_seed = [0]


def seed() -> int:
    """Seed from fresh entropy; returns the seed."""
    import secrets

    _last_seed[0] = secrets.randbits(63)
    manual_seed(_last_seed[0])
    return _last_seed[0]


def initial_seed() -> int:
    """The seed that `seed()` last set, else 0."""
    return _last_seed[0]


def _options(options: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in options.items() if k in ("device", "requires_grad", "out")}


def _float(dtype: Any) -> Any:
    return asked(dtype, get_default_dtype().dtype)


def rand(*size: Any, generator: Any = None, dtype: Any = None, **options: Any) -> Any:
    """Uniform in [0, 1)."""
    shape = sizes((options["size"],) if "size" in options else size)
    return placed(jax.random.uniform(key_of(generator), shape, _float(dtype)), **_options(options))


def randn(*size: Any, generator: Any = None, dtype: Any = None, **options: Any) -> Any:
    """`N(0, 1)`."""
    shape = sizes((options["size"],) if "size" in options else size)
    return placed(jax.random.normal(key_of(generator), shape, _float(dtype)), **_options(options))


def randint(*bounds: Any, generator: Any = None, dtype: Any = None, **options: Any) -> Any:
    """Whole numbers from `low`, 0 unless given, to below `high`: `randint(high, size)`, `randint(low, high, size)`."""
    given = [*bounds, *(options[word] for word in ("low", "high", "size") if word in options)]
    low, high, size = (0, *given) if len(given) == 2 else given
    kind = asked(dtype, native_of_number(int))
    drawn = jax.random.randint(key_of(generator), sizes((size,)), int(low), int(high))
    return placed(drawn.astype(kind), **_options(options))


def randperm(n: int, *, generator: Any = None, dtype: Any = None, **options: Any) -> Any:
    """0 to n − 1 in random order."""
    order = jax.random.permutation(key_of(generator), int(n))
    return placed(order.astype(asked(dtype, native_of_number(int))), **_options(options))


def _like(draw: Callable[..., Any], input: Any, dtype: Any, options: dict[str, Any]) -> Any:
    return draw(*np.shape(raw(input)), dtype=asked(dtype, raw(input).dtype), **options)


def rand_like(input: Any, *, dtype: Any = None, **options: Any) -> Any:
    """Uniform in [0, 1), in the shape and dtype of another."""
    return _like(rand, input, dtype, options)


def randn_like(input: Any, *, dtype: Any = None, **options: Any) -> Any:
    """`N(0, 1)`, in the shape and dtype of another."""
    return _like(randn, input, dtype, options)


def randint_like(input: Any, *bounds: Any, dtype: Any = None, **options: Any) -> Any:
    """Whole numbers, in the shape and dtype of another."""
    return randint(*bounds, np.shape(raw(input)), dtype=asked(dtype, raw(input).dtype), **options)


def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, **options: Any
) -> Any:
    """`N(mean, std²)`, each element of its own mean and deviation where they are tensors."""
    mean, std = raw(mean), raw(std)
    shape = sizes((size,)) if size is not None else jnp.broadcast_shapes(np.shape(mean), np.shape(std))
    kind = next((v.dtype for v in (mean, std) if hasattr(v, "dtype")), _float(options.get("dtype")))
    return placed(mean + std * jax.random.normal(key_of(generator), shape, kind), **_options(options))


def bernoulli(input: Any, p: float | None = None, *, generator: Any = None, out: Any = None) -> Any:
    """1 with the probability that each element is, else 0."""
    x = raw(input)
    drawn = jax.random.bernoulli(key_of(generator), x if p is None else p, x.shape).astype(x.dtype)
    return placed(drawn, out=out)


def poisson(input: Any, generator: Any = None) -> Any:
    """Poisson counts with each element as their mean."""
    x = raw(input)
    return made(jax.random.poisson(key_of(generator), x).astype(x.dtype))


def binomial(count: Any, prob: Any, generator: Any = None) -> Any:
    """How many of `count` trials succeed."""
    return made(jax.random.binomial(key_of(generator), raw(count), raw(prob)))


def multinomial(input: Any, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Any:
    """Indices drawn from rows of weights, without replacement unless said."""
    weights, key = raw(input), key_of(generator)
    logits = jnp.log(weights)
    shape = (*weights.shape[:-1], int(num_samples))
    if replacement:
        drawn = jax.random.categorical(key, logits[..., None, :], -1, shape)
    else:  # the largest of weights perturbed by Gumbel's noise
        drawn = jax.lax.top_k(
            logits + jax.random.gumbel(key, weights.shape, weights.dtype), int(num_samples)
        )[1]
    return made(drawn.astype(native_of_number(int)))


for _call in (bernoulli, multinomial):
    setattr(Methods, _call.__name__, _call)


# In place ---------------------------------------------------------------------------------------------


def _filler(name: str, draw: Callable[..., Any], doc: str) -> None:
    """A method that fills a tensor with draws."""

    def fill(self: Any, *args: Any, generator: Any = None, **kwargs: Any) -> Any:
        array = self._array
        kind = array.dtype if jnp.issubdtype(array.dtype, jnp.floating) else np.dtype(np.float32)
        return self._assign(draw(key_of(generator), array.shape, kind, *args, **kwargs).astype(array.dtype))

    fill.__name__, fill.__doc__ = name, doc
    method(fill)


def _uniform(key: Any, shape: Any, kind: Any, from_: float = 0.0, to: float = 1.0, **named: float) -> Any:
    low, high = named.get("from", from_), to
    return jax.random.uniform(key, shape, kind, low, high)


def _normal(key: Any, shape: Any, kind: Any, mean: float = 0.0, std: float = 1.0) -> Any:
    return mean + std * jax.random.normal(key, shape, kind)


def _bernoulli(key: Any, shape: Any, kind: Any, p: Any = 0.5) -> Any:
    return jax.random.bernoulli(key, raw(p), shape)


def _exponential(key: Any, shape: Any, kind: Any, lambd: float = 1.0) -> Any:
    return jax.random.exponential(key, shape, kind) / lambd


def _cauchy(key: Any, shape: Any, kind: Any, median: float = 0.0, sigma: float = 1.0) -> Any:
    return median + sigma * jax.random.cauchy(key, shape, kind)


def _log_normal(key: Any, shape: Any, kind: Any, mean: float = 1.0, std: float = 2.0) -> Any:
    return jnp.exp(_normal(key, shape, kind, mean, std))


def _geometric(key: Any, shape: Any, kind: Any, p: float) -> Any:
    return jax.random.geometric(key, p, shape)


def _random(key: Any, shape: Any, kind: Any, from_: int = 0, to: int | None = None) -> Any:
    low, high = (0, from_) if to is None and from_ else (from_, to or 1 << 24)
    return jax.random.randint(key, shape, low, high)


_filler("uniform_", _uniform, "Fill with draws uniform in [from, to).")
_filler("normal_", _normal, "Fill with draws of `N(mean, std²)`.")
_filler("bernoulli_", _bernoulli, "Fill with 1 with probability p, else 0.")
_filler("exponential_", _exponential, "Fill with exponential draws of rate `lambd`.")
_filler("cauchy_", _cauchy, "Fill with Cauchy draws.")
_filler("log_normal_", _log_normal, "Fill with draws whose logarithm is `N(mean, std²)`.")
_filler("geometric_", _geometric, "Fill with numbers of trials up to the first success.")
_filler("random_", _random, "Fill with whole numbers from `from` to below `to`.")
