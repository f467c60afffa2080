"""The same code under PyTorch and under `normax.torch`."""

import contextlib
import warnings
from collections.abc import Mapping

import numpy as np
import torch as theirs

from normax import torch as ours
from normax.torch.tensor import Methods

_rng = np.random.default_rng(0)
DATA = {
    "a": _rng.normal(size=(3, 4)).astype("float32"),
    "b": _rng.normal(size=(3, 4)).astype("float32"),
    "p": _rng.uniform(0.1, 0.9, size=(3, 4)).astype("float32"),
    "v": _rng.normal(size=4).astype("float32"),
    "s": np.float32(1.5),
    "c": _rng.normal(size=(2, 3, 4)).astype("float32"),
    "d": _rng.normal(size=(2, 4, 5)).astype("float32"),
    "q": (lambda m: m @ m.T + 4 * np.eye(4))(_rng.normal(size=(4, 4))).astype("float32"),
    "i": _rng.integers(-5, 6, size=(3, 4)),
    "j": _rng.integers(1, 6, size=(3, 4)),
    "k": _rng.integers(0, 3, size=(3, 4)),
    "n": np.array([2, 0, 1]),
    "m": _rng.normal(size=(3, 4)) > 0,
    "r": np.array([True, False, True]),
    "z": (_rng.normal(size=(3, 4)) + 1j * _rng.normal(size=(3, 4))).astype("complex64"),
    "o": np.array([[1.0, np.nan, np.inf], [-np.inf, 2.0, -0.0]], "float32"),
}


def names(torch, only=None):
    """What an expression may use: `torch`, `F` and fresh tensors of the data above."""
    made = {
        name: torch.from_numpy(np.array(value))
        for name, value in DATA.items()
        if only is None or name in only
    }
    return {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "np": np, **made}


def evaluate(torch, code):
    """The value of the last line, statements before it run first."""
    *before, last = code.strip().splitlines() if "\n" in code else code.split("; ")
    space = names(torch)
    with contextlib.ExitStack() as stack:
        warnings.simplefilter("ignore")
        stack.callback(warnings.resetwarnings)
        exec("\n".join(before), space)
        return eval(last, space)


def plain(value):
    """A result in terms that both sides share."""
    if isinstance(value, (theirs.Tensor, Methods)):
        array = value.detach().cpu()
        if array.dtype in (theirs.bfloat16, ours.bfloat16):
            array = array.float()
        kind = str(value.dtype).replace("64", "32") if "complex" not in str(value.dtype) else "complex"
        return kind, tuple(value.shape), np.asarray(array.numpy())
    if isinstance(value, (theirs.Size, ours.Size)):
        return "size", tuple(value)
    if (isinstance(value, tuple) and hasattr(value, "_fields")) or type(
        value
    ).__module__ == "torch.return_types":
        return tuple(plain(part) for part in value)
    if isinstance(value, (tuple, list)):
        return tuple(plain(part) for part in value)
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (theirs.dtype, ours.dtype)):
        return str(value).replace("64", "32")
    if isinstance(value, (theirs.device, ours.device)):
        return str(value)
    return value


def check(mine, reference, rtol=2e-5, atol=2e-6):
    assert type(mine) is type(reference), (mine, reference)
    if isinstance(reference, tuple) and len(reference) == 3 and isinstance(reference[2], np.ndarray):
        assert mine[:2] == reference[:2]
        np.testing.assert_allclose(mine[2], reference[2], rtol, atol)
    elif isinstance(reference, tuple):
        assert len(mine) == len(reference)
        for one, other in zip(mine, reference):
            check(one, other, rtol, atol)
    elif isinstance(reference, dict):
        assert list(mine) == list(reference)
        for key in reference:
            check(mine[key], reference[key], rtol, atol)
    elif isinstance(reference, float):
        np.testing.assert_allclose(mine, reference, rtol, atol)
    else:
        assert mine == reference


def agree(code, **tolerance):
    """Run code under both and compare."""
    check(plain(evaluate(ours, code)), plain(evaluate(theirs, code)), **tolerance)
