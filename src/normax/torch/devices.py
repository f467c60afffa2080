"""`torch.device` as a value, and where an array lies in its words."""

from __future__ import annotations

from typing import Any

import jax

from normax.nn.device import device as find_device

__all__ = ["device", "device_of", "place_of"]


class device:
    """A device by type and index, PyTorch's `torch.device`.

    Args:
        type: `"cpu"`, `"cuda"`, `"cuda:1"`, `"tpu"`, or another device; a number is that one of the accelerators.
        index: where `type` names none.

    Example:
        >>> from normax import torch
        >>> torch.device("cuda:1").type, torch.device("cuda", 1) == torch.device("cuda:1"), torch.zeros(1).device.type
        ('cuda', True, 'cpu')
    """

    __slots__ = ("index", "type")

    def __init__(self, type: Any, index: int | None = None):
        named: Any = type
        if isinstance(named, int):
            named, index = "cuda", named
        if isinstance(named, device):
            named, index = named.type, named.index
        if isinstance(named, jax.Device):
            named, index = _type(named), named.id
        kind, _, number = str(named).partition(":")
        self.type: str = kind
        self.index: int | None = int(number) if number else index

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            other = device(other)
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __enter__(self) -> device:
        return self

    def __exit__(self, *exception: Any) -> None:
        pass


def _type(place: jax.Device) -> str:
    return "cuda" if place.platform in ("gpu", "cuda", "rocm") else place.platform


def device_of(array: Any) -> device:
    """Where an array lies; a traced one lies where the program will run, on the default device."""
    place = None if isinstance(array, jax.core.Tracer) else next(iter(array.devices()))
    place = place or getattr(jax.config, "jax_default_device", None) or jax.devices()[0]
    if isinstance(place, str):
        place = jax.devices(place)[0]
    kind = _type(place)
    return device(kind) if kind == "cpu" else device(kind, place.id)


def place_of(where: Any) -> Any:
    """The JAX device that is meant, or None for where things lie anyhow."""
    if where is None:
        return None
    if isinstance(where, (device, str, int)):
        return find_device(str(device(where)))
    return where
