"""`torch.fft`, and the short-time transforms of `torch`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from normax.torch.creation import placed
from normax.torch.dtypes import asked, get_default_dtype
from normax.torch.ops import alias, function
from normax.torch.promotion import floating

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


def _along_one(name: str) -> Callable[..., Any]:
    apply = getattr(jnp.fft, name)

    def compute(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
        return apply(floating(input), n, dim, norm)

    compute.__name__, compute.__doc__ = name, f"`torch.fft.{name}`, along one dimension."
    return function(compute)


def _along_many(name: str, default: Any) -> Callable[..., Any]:
    apply = getattr(jnp.fft, name)

    def compute(input: Any, s: Any = None, dim: Any = default, norm: str | None = None) -> Any:
        dims = range(-len(s), 0) if dim is None and s is not None else dim
        return apply(floating(input), s, None if dims is None else tuple(dims), norm)

    compute.__name__, compute.__doc__ = name, f"`torch.fft.{name}`, along several dimensions."
    return function(compute)


fft, ifft, rfft, irfft, hfft, ihfft = map(_along_one, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"))
fft2, ifft2, rfft2, irfft2 = (_along_many(f"{name}n", (-2, -1)) for name in ("fft", "ifft", "rfft", "irfft"))
fftn, ifftn, rfftn, irfftn = (_along_many(f"{name}n", None) for name in ("fft", "ifft", "rfft", "irfft"))


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, **options: Any) -> Any:
    """The frequencies of `fft`."""
    return placed(jnp.asarray(np.fft.fftfreq(n, d), asked(dtype, get_default_dtype().dtype)), **options)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, **options: Any) -> Any:
    """The frequencies of `rfft`."""
    return placed(jnp.asarray(np.fft.rfftfreq(n, d), asked(dtype, get_default_dtype().dtype)), **options)


@function
def fftshift(input: Any, dim: Any = None) -> Any:
    """Frequency 0 into the middle."""
    return jnp.fft.fftshift(input, dim)


@function
def ifftshift(input: Any, dim: Any = None) -> Any:
    """Frequency 0 back to the front."""
    return jnp.fft.ifftshift(input, dim)


def _window(window: Any, win_length: int | None, n_fft: int, dtype: Any) -> Any:
    """The window in the middle of a frame."""
    length = n_fft if win_length is None else win_length
    w = jnp.ones(length, dtype) if window is None else window
    left = (n_fft - length) // 2
    return jnp.pad(w, (left, n_fft - length - left))


@function
def stft(
    input: Any,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
) -> Any:
    """Fourier transforms of frames a hop apart: (..., frequencies, frames)."""
    hop = n_fft // 4 if hop_length is None else hop_length
    w = _window(window, win_length, n_fft, input.dtype)
    if center:
        mode = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}[
            pad_mode
        ]
        input = jnp.pad(input, [(0, 0)] * (input.ndim - 1) + [(n_fft // 2, n_fft // 2)], mode=mode)
    frames = (input.shape[-1] - n_fft) // hop + 1
    index = np.arange(frames)[:, None] * hop + np.arange(n_fft)
    one_sided = not jnp.iscomplexobj(input) if onesided is None else onesided
    spectra = (jnp.fft.rfft if one_sided else jnp.fft.fft)(input[..., index] * w)
    spectra = jnp.swapaxes(spectra, -1, -2) * (n_fft**-0.5 if normalized else 1)
    return spectra if return_complex else jnp.stack([spectra.real, spectra.imag], -1)


@function
def istft(
    input: Any,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Any:
    """The signal of `stft`, by overlapping and adding."""
    hop = n_fft // 4 if hop_length is None else hop_length
    one_sided = input.shape[-2] != n_fft if onesided is None else onesided
    frames = (jnp.fft.irfft if one_sided else jnp.fft.ifft)(jnp.swapaxes(input, -1, -2), n_fft)
    frames = frames * (n_fft**0.5 if normalized else 1)
    frames = frames if return_complex else frames.real
    w = _window(window, win_length, n_fft, frames.real.dtype)
    n = frames.shape[-2]
    total = n_fft + hop * (n - 1)
    index = np.arange(n)[:, None] * hop + np.arange(n_fft)
    signal = jnp.zeros((*frames.shape[:-2], total), frames.dtype).at[..., index].add(frames * w)
    weight = jnp.zeros(total, w.dtype).at[index].add(jnp.broadcast_to(w * w, (n, n_fft)))
    start = n_fft // 2 if center else 0
    end = total - start if length is None else start + length
    return signal[..., start:end] / weight[start:end]


alias(stft, "stft")
alias(istft, "istft")
