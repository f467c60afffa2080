"""Weights by formula and outputs as a few numbers: what both sides of the comparison do alike."""

import zlib

import numpy as np

SHOWN = 12


def state(named):
    """Values for the parameters and running statistics of a network, by name and shape: `{name: shape}`."""
    return {name: _value(name, shape) for name, shape in named.items()}


def _value(name, shape):
    wave = np.sin(np.arange(np.prod(shape, dtype=int)) * 0.7 + zlib.crc32(name.encode()) % 97).reshape(shape)
    if name.endswith("running_var"):
        value = 1 + 0.5 * wave**2
    elif wave.ndim > 1:
        value = 1.5 * wave / np.sqrt(wave[0].size)
    elif name.endswith("bias") or name.endswith("running_mean"):
        value = 0.1 * wave
    else:
        value = 1 + 0.2 * wave
    return value.astype(np.float32)


def shapes(net):
    """`{name: shape}` of what is to be set."""
    named = {name: tuple(p.shape) for name, p in net.named_parameters()}
    buffers = {name: tuple(b.shape) for name, b in net.named_buffers()}
    return named | {name: shape for name, shape in buffers.items() if "running_" in name}


def weighted(outputs):
    """Waves that make one number of floating outputs, to take gradients of."""
    return [np.cos(np.arange(o.size) * 0.9).reshape(o.shape).astype(np.float32) for o in outputs]


def flat(outputs):
    """Arrays in whatever the network returned, in order."""
    if isinstance(outputs, (tuple, list)):
        return [array for part in outputs for array in flat(part)]
    return [np.asarray(outputs)]


def shown(array):
    """An array as its shape, its size and some of its entries."""
    values = np.asarray(array, dtype=float).ravel()
    places = np.linspace(0, values.size - 1, min(SHOWN, values.size)).astype(int)
    return {
        "shape": list(np.shape(array)),
        "norm": float(np.linalg.norm(values)),
        "entries": [float(f"{values[i]:.8g}") for i in places],
    }
