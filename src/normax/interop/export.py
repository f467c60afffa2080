"""export: a network's forward as a file that runs without normax."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jax
import numpy as np

from normax.binding.modes import evaluating
from normax.binding.pure import functional_call
from normax.errors import InputError, suggest
from normax.files import write
from normax.nn.backend import for_elsewhere
from normax.nn.cells import as_array
from normax.nn.module import Module

__all__ = ["export"]

FORMATS = ("jax", "onnx")
PLATFORMS = ("cpu", "cuda", "tpu")


def export(
    net: Module,
    *args: Any,
    file: str | os.PathLike | None = None,
    format: str | None = None,
    rows: int | str = "any",
    platforms: tuple[str, ...] = PLATFORMS,
) -> bytes:
    """The forward of a network in evaluation mode, with its weights, as bytes that run without normax.

    `format="jax"` is StableHLO with JAX's promise of compatibility: `jax.export.deserialize(data).call(x)` runs it,
    compiled, on any of `platforms`, and nothing but JAX is needed there. `format="onnx"` is for ONNX Runtime and what
    else reads ONNX; jax2onnx writes it.

    Args:
        net: the module; it is left as it is.
        args: inputs of its forward, arrays or `jax.ShapeDtypeStruct`, whose shapes and dtypes count.
        file: where to write the bytes as well.
        format: "jax" or "onnx"; by default as the ending of `file` says (".onnx"), else "jax".
        rows: "any" leaves the first axis of every input open, for batches of any size; a number fixes it, for forwards
            that compute with it.
        platforms: of "jax", what it is lowered for.

    Returns:
        The bytes.

    Raises:
        InputError: if `net` is no Module; without inputs; without jax2onnx, or where that cannot write the network;
            where the forward does not take any number of rows.

    Example:
        >>> import jax.export, numpy as np
        >>> from normax import nn
        >>> net = nn.Linear(3, 2)
        >>> data = export(net, np.ones((1, 3), "float32"))
        >>> run = jax.export.deserialize(bytearray(data)).call
        >>> bool(np.allclose(run(np.ones((7, 3), "float32")), net(np.ones((7, 3), "float32"))))
        True

    Source:
        https://docs.jax.dev/en/latest/export/export.html
    """
    if not isinstance(net, Module):
        raise InputError(f"export: expected a normax Module, got {type(net).__name__}")
    if not args:
        raise InputError(
            "export: expected an input of the forward, export(net, x), whose shape and dtype count"
        )
    if rows != "any" and (isinstance(rows, bool) or not isinstance(rows, int) or rows < 1):
        raise InputError(f"rows: expected 'any' or a whole number >= 1, got {rows!r}")
    ending = "onnx" if file is not None and os.fspath(file).endswith(".onnx") else "jax"
    format = ending if format is None else format
    if format not in FORMATS:
        why = (
            "; TensorFlow reads ONNX, through onnx2tf"
            if "saved" in format.lower()
            else suggest(format, FORMATS)
        )
        raise InputError(f"format: expected 'jax' or 'onnx', got {format!r}{why}")

    def forward(*inputs: Any) -> Any:
        return functional_call(net, {}, *inputs)

    shapes = [
        a if isinstance(a, jax.ShapeDtypeStruct) else jax.eval_shape(lambda a=a: as_array(a)) for a in args
    ]
    with evaluating(net), for_elsewhere():
        data = (
            _stablehlo(forward, shapes, rows, platforms) if format == "jax" else _onnx(forward, shapes, rows)
        )
    if file is not None:
        write(Path(file), data)
    return data


def _stablehlo(forward: Any, shapes: list[Any], rows: int | str, platforms: tuple[str, ...]) -> bytes:
    from jax import export as exporter

    def written(rows: Any) -> bytes:
        specs = [jax.ShapeDtypeStruct((rows, *s.shape[1:]), s.dtype) for s in shapes]
        return bytes(exporter.export(jax.jit(forward), platforms=platforms)(*specs).serialize())

    if rows != "any":
        return written(rows)
    try:
        return written(*exporter.symbolic_shape("rows"))
    except Exception as error:
        fixed = shapes[0].shape[0]
        written(fixed)  # what fails for a number too has its own reason
        raise InputError(
            f"export: this forward does not take any number of rows ({' '.join(str(error).split())[:200]}); "
            f"fix it, export(..., rows={fixed})"
        ) from error


def _onnx(forward: Any, shapes: list[Any], rows: int | str) -> bytes:
    try:
        from jax2onnx import to_onnx  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise InputError("export: ONNX is written by jax2onnx: pip install 'normax[export]'") from None
    specs = [jax.ShapeDtypeStruct(("rows" if rows == "any" else rows, *s.shape[1:]), s.dtype) for s in shapes]
    wide = any(np.dtype(s.dtype) == np.float64 for s in shapes)
    try:
        model = to_onnx(forward, inputs=specs, model_name="normax", enable_double_precision=wide)
    except Exception as error:
        raise InputError(
            f"export: jax2onnx cannot write this network ({' '.join(str(error).split())[:200]}); format='jax' can"
        ) from error
    return model.SerializeToString()
