"""Which model `--model` names: linear, the mlp, or a class of the user's own file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.estimators.defaults import mlp, width_for
from normax.files import sha256

__all__ = ["architecture", "build", "describe", "outputs_of"]


def architecture(model: str, rows: int, features: int, outputs: int, out: Path) -> dict[str, Any] | None:
    """The network as `model.json` has it, from which `build` makes it; None for linear models.

    A user's file is recorded as named and as it lies from `out`, so that it is found from anywhere.

    Raises:
        InputError: for a word that is no model.
    """
    size = {"in_features": features, "out_features": outputs}
    if model in ("linear", "auto"):
        return None
    if model == "mlp":
        return {"kind": "mlp", "width": width_for(rows, features), **size}
    file, colon, name = model.rpartition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise InputError(
            f"--model: expected linear, mlp, auto or FILE.py:CLASS, got {model!r}"
            f"{suggest(model, ['linear', 'mlp', 'auto'])}"
        )
    path = Path(file)
    where = {"file": file, "from_folder": os.path.relpath(path.resolve(), out.resolve())}
    return {"kind": "file", **where, "class": name, "sha256": sha256(_source(path)), **size}


def build(network: dict[str, Any], home: Path | None = None, trust_code: bool = False) -> Any:
    """The network that `architecture` described, with fresh weights.

    Args:
        network: what `architecture` made, and perhaps the `method` of a comparison.
        home: the folder of a saved model, which names the user's file as it lies from there.
        trust_code: run that file. What a folder names runs at the user's word alone, and only as it was fitted.

    Raises:
        InputError: if the user's file or class cannot be loaded, is not the one that was fitted or not trusted, or
            the class cannot be made or called.
    """
    net = _plain(network, home, trust_code)
    if network.get("method") in ("batch-norm", "dropout"):
        from normax.paths.variants import with_batch_norm, with_dropout

        rows = np.zeros((2, network["in_features"]), np.float32)
        net = with_batch_norm(net, rows) if network["method"] == "batch-norm" else with_dropout(net, rows)[0]
    return net


def _plain(network: dict[str, Any], home: Path | None, trust_code: bool) -> Any:
    from normax import nn

    p, m = network["in_features"], network["out_features"]
    if network["kind"] == "mlp":
        return mlp(p, m, network["width"])
    file, name = _file(network, home), network["class"]
    source = _source(file)
    if sha256(source) != network["sha256"]:
        raise InputError(
            f"{file.absolute()} has changed since the model was fitted (its checksum is {sha256(source)[:12]}..., that"
            f" of the fit {network['sha256'][:12]}...) and was not run; put the file of the fit back, or fit again"
        )
    if home is not None and not trust_code:
        raise InputError(
            f"{home}: its network is class {name} of {file.absolute()}, a file that would run with all your rights (its"
            " checksum is that of the fit); if you trust it and what it imports, add --trust-code"
        )
    found = vars(_module(file, name, source)).items()
    classes: dict[str, Any] = {
        key: value for key, value in found if isinstance(value, type) and issubclass(value, nn.Module)
    }
    if name not in classes:
        raise InputError(
            f"--model {file}:{name}: no nn.Module of that name in the file{suggest(name, classes)}"
        )
    try:
        net: Any = classes[name](p, m)
        shape = np.shape(net.eval()(np.zeros((2, p), np.float32)))
    except Exception as error:
        raise InputError(
            f"--model {file}:{name}: expected {name}(in_features, out_features), called here as {name}({p}, {m}) and"
            f" on 2 rows; {_fault(error)}"
        ) from error
    if shape not in ((2, m), (2,) if m == 1 else (2, m)):
        raise InputError(
            f"--model {file}:{name}: expected an output of shape (rows, {m}), got {shape} for 2 rows"
        )
    return net.train()


def _file(network: dict[str, Any], home: Path | None) -> Path:
    """The user's file, as it lies from the folder of a saved model or else from here."""
    if home is None:
        return Path(network["file"])
    places = [Path(os.path.normpath(home / network["from_folder"])), Path(network["file"])]
    for place in places:
        if place.is_file():
            return place
    where = " nor ".join(dict.fromkeys(str(place.absolute()) for place in places))
    raise InputError(
        f"{home}: its network is class {network['class']} of a file that is not at {where}; put it there"
    )


def describe(network: dict[str, Any] | None) -> str:
    """The model in words, for the report."""
    if network is None:
        return "linear model"
    if network["kind"] == "mlp":
        return f"two hidden ReLU layers of {network['width']} units"
    return f"network {network['class']} of {Path(network['file']).name}"


def outputs_of(net: Any, Z: np.ndarray) -> np.ndarray:
    """Raw outputs (rows, outputs) of a network in evaluation mode for standardised rows."""
    from normax.binding.padded import predict_rows

    net.eval()
    blocks = [
        predict_rows(net, Z[start : start + 4096].astype(np.float32)) for start in range(0, len(Z), 4096)
    ]
    return np.concatenate(blocks).astype(float)


def _module(file: Path, name: str, source: bytes) -> Any:
    """What a file makes when it runs, this very text: one of normax's, or one that says `import torch`."""
    from normax.porting.files import load_file

    try:
        return load_file(file, name, source)
    except InputError as error:
        raise InputError(f"--model {error}") from error
    except (Exception, SystemExit) as error:
        raise InputError(f"--model {file}: cannot be imported; {_fault(error, file)}") from error


def _fault(error: BaseException, file: Path | None = None) -> str:
    """An exception as one line: what, and the last place in the user's own file."""
    traceback, line = error.__traceback__, getattr(error, "lineno", None)
    while traceback is not None:
        if file is None or Path(traceback.tb_frame.f_code.co_filename).name == file.name:
            line = traceback.tb_lineno if not isinstance(error, SyntaxError) else line
        traceback = traceback.tb_next
    where = f" (line {line})" if file is not None and line else ""
    return f"{type(error).__name__}{where}: {' '.join(str(error).split())[:300]}"


def _source(file: Path) -> bytes:
    if not file.is_file():
        raise InputError(f"--model {file}: no such file")
    return file.read_bytes()
