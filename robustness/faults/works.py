"""The table of works: what is interrupted, what a reader may find of it at any time, and what it must give in the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from normax.errors import InputError
from robustness.faults.together import together

__all__ = ["WORKS", "Arrays", "Work"]

Arrays = dict[str, np.ndarray]

_PATIENCE = 100.0  # seconds for which a worker is waited for, however busy the machine


@dataclass(frozen=True)
class Work:
    """Something that writes into a folder, and goes on from what it finds there.

    Args:
        name: of it.
        do: does it, in a folder, in one of two versions (0 and 1); what it gives.
        find: what a reader finds in the folder, None for nothing yet; raises InputError for what is damaged.
        replaces: whether the second version takes the place of the first; a reader must find one of them, whole.
        share: how often it is drawn, beside others.
        workers: whether it has processes of its own, one of which may be hit.
        peers: whether those are of one run: when one is lost, the others name it, and end by themselves; version 1 goes
            on alone where they began.
    """

    name: str
    do: Callable[[Path, int], Arrays]
    find: Callable[[Path], Arrays | None]
    replaces: bool
    share: float = 1.0
    workers: bool = False
    peers: bool = False


# Checkpoints ------------------------------------------------------------------------------------------


def _rows() -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).normal(size=(60, 4)).astype("f")
    return X, (X[:, 0] > 0).astype("i4")


def _net() -> Any:
    import normax as nx
    from normax import nn

    nx.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Dropout(0.2), nn.Linear(5, 2))
    return nx.penalize(net, nx.penalties.L1(1e-3))


def _state(net: Any) -> Arrays:
    return {name: np.asarray(value) for name, value in net.state_dict().items()}


def _fit(in_memory: bool) -> Callable[[Path, int], Arrays]:
    def do(folder: Path, version: int) -> Arrays:
        import normax as nx
        from normax.training import blocks, sources

        blocks.BLOCK_SECONDS, sources.CHUNK_STEPS = 0, 1  # type: ignore[assignment]  # a checkpoint each step
        net, file = _net(), folder / "run.safetensors"
        history = nx.fit(net, _rows(), loss="cross_entropy", optimizer="adam", epochs=8, batch_size=16, validation=0.2,
                         ema=0.9, in_memory=in_memory, checkpoint=nx.Checkpoint(file, every=0), resume=True,
                         seed=5 if not file.exists() else None)  # fmt: skip
        return _state(net) | {"loss": history.loss, "validation": history.validation_loss}

    return do


def _fit_found(folder: Path) -> Arrays | None:
    from normax.training import checkpoint

    file = folder / "run.safetensors"
    return checkpoint.read(file)[0] if file.exists() else None


def _path(folder: Path, version: int) -> Arrays:
    import normax as nx

    path = nx.path(_net(), _rows(), loss="cross_entropy", strengths=[1e-2, 1e-3, 1e-4], cv=2, epochs=3, seed=5,
                   warm_start=2, batch_size=16, optimizer="adam", checkpoint=folder / "run")  # fmt: skip
    return {"errors": path.fold_errors, "held out": path.held_out_outputs, **path.weights}


def _path_found(folder: Path) -> Arrays | None:
    from normax.sealed import read_json, read_sealed

    parts = sorted((folder / "run").glob("rows-*.safetensors"))
    if (folder / "run" / "path.json").exists():
        read_json(folder / "run" / "path.json", "normax path", 1)
    elif parts:
        raise InputError("parts of a path without its path.json; name another folder")
    return {f"{file.name} {k}": v for file in parts for k, v in read_sealed(file, "part")[0].items()} or None


# Files and folders that replace older ones -------------------------------------------------------------


def _weights(version: int) -> Any:
    import jax.numpy as jnp

    net = _net()
    for cell in net.parameters():
        cell.value = jnp.full_like(cell.value, version + 1)
    return net


def _save(shards: int | None) -> Callable[[Path, int], Arrays]:
    def do(folder: Path, version: int) -> Arrays:
        import normax as nx

        net = _weights(version)
        nx.save(net, folder / "net.safetensors", max_shard_size=shards)
        return _state(net)

    return do


def _saved(folder: Path) -> Arrays | None:
    from normax.interop.safetensors import read_index
    from normax.sealed import read_arrays

    file = folder / "net.safetensors"
    index = folder / "net.safetensors.index.json"
    return read_arrays(file) if file.exists() else read_index(index) if index.exists() else None


def _table(folder: Path) -> Path:
    file = folder.parent / "t.csv"
    random = np.random.default_rng(1)
    X = random.normal(size=(40, 3)).round(3)
    lines = [f"{a},{b},{c},{a - b:.3f}" for a, b, c in X]
    if not file.exists():
        file.write_text("\n".join(["a,b,c,y", *lines]) + "\n")
    return file


def _obeyed(*words: Any) -> None:
    """Run the command; its refusals are raised, its signals end this process."""
    from normax.cli import main

    if code := main([str(word) for word in words]):
        raise SystemExit(code)


def _command(folder: Path, version: int) -> Arrays:
    out = folder / "out"
    _obeyed("path", _table(folder), "--target", "y", "--cv", 2, "--strengths", 4, "--seed", version, "--penalty",
            ("l1", "l2")[version], "--out", out)  # fmt: skip
    found = _command_found(folder)
    assert found is not None
    return found


def _command_found(folder: Path) -> Arrays | None:
    from normax.cli.folder import current
    from normax.cli.model import recipe

    out = folder / "out"
    if not out.exists():
        return None
    here = current(out)
    penalty, arrays = recipe.read(out)[0]["details"]["penalty"], recipe.read(out)[1]
    with open(here / "coefficients.csv", "rb") as file:
        return arrays | {
            "coefficients": np.frombuffer(file.read(), np.uint8),
            "penalty": np.array(str(penalty)),
        }


def _predict(folder: Path, version: int) -> Arrays:
    model = folder.parent / f"model{version}"
    with redirect_stdout(StringIO()):
        if not model.exists():
            _obeyed("path", _table(folder), "--target", "y", "--cv", 2, "--strengths", 4, "--penalty",
                    ("l1", "l2")[version], "--out", model)  # fmt: skip
        _obeyed("predict", model, _table(folder), "--out", folder / "p.csv")
    found = _predicted(folder)
    assert found is not None
    return found


def _predicted(folder: Path) -> Arrays | None:
    file = folder / "p.csv"
    return {"p": np.frombuffer(file.read_bytes(), np.uint8)} if file.exists() else None


def _described(folder: Path, version: int) -> Arrays:
    """What the lowest floor gives all others: JSON and arrays under checksums."""
    from normax import sealed

    values = np.full(50_000, version + 1.0)
    sealed.write_sealed(folder / "a.safetensors", {"values": values}, {"version": version})
    sealed.write_json(folder / "d.json", "thing", 1, {"values": values[:1000].tolist()})
    return {"values": values}


def _describes(folder: Path) -> Arrays | None:
    from normax import sealed

    if (folder / "d.json").exists():
        sealed.read_json(folder / "d.json", "thing", 1)
    file = folder / "a.safetensors"
    return sealed.read_sealed(file, "thing")[0] if file.exists() else None


# Work that is shared out ------------------------------------------------------------------------------


def _folds(folder: Path, version: int) -> Arrays:
    """Folds on processes of joblib's."""
    from joblib import parallel_config

    from normax.linear_model import LassoCV

    os.environ["NORMAX_TIMEOUT"] = str(_PATIENCE)
    (folder / "begun").touch()
    X = np.random.default_rng(0).normal(size=(200, 20))
    with parallel_config("loky", n_jobs=2):
        model = LassoCV(alphas=20, cv=6).fit(X, X[:, 0] - X[:, 1])
    return {"coef": model.coef_, "errors": model.mse_path_}


def _shared_path(folder: Path, version: int) -> Arrays:
    """A path by two processes of one run; in version 1 alone, once the folder says how its lanes are parted."""
    if version and (folder / "run" / "path.json").exists():
        return _path(folder, version)
    return together(lambda: _path(folder, version))


def _nothing(folder: Path) -> None:
    return None


WORKS = [
    Work("fit", _fit(True), _fit_found, False, 2),
    Work("fit, streamed", _fit(False), _fit_found, False),
    Work("path", _path, _path_found, False, 2),
    Work("command's --out", _command, _command_found, True, 3),
    Work("predict --out", _predict, _predicted, True),
    Work("nx.save", _save(None), _saved, True),
    Work("nx.save, shards", _save(100), _saved, True),
    Work("sealed files", _described, _describes, True),
    Work("folds on loky", _folds, _nothing, False, 0.5, True),
    Work("two processes", _shared_path, _path_found, False, 0.5, True, True),
]
