"""The table of targets: what is read, from which valid inputs it is mutated, and how it is read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from robustness.fuzz import corpus, recipes
from robustness.fuzz.box import Fault, command, unchanged
from robustness.fuzz.pages import clean_page

__all__ = ["TARGETS", "Target"]

Files = dict[str, bytes]
Mutate = Callable[[Files, np.random.Generator], Files]


@dataclass(frozen=True)
class Target:
    """Something that is read.

    Args:
        name: of it.
        valid: makes the inputs to start from: files by name.
        attempt: reads an input in one folder, writes at most into another; raises what reading raises.
        mutate: a mutation of its own, drawn more often than the blind ones.
        bad: makes inputs that are hostile as they are.
        share: how often it is drawn, beside others.
    """

    name: str
    valid: Callable[[], list[Files]]
    attempt: Callable[[Path, Path], Any]
    mutate: Mutate | None = None
    bad: Callable[[], list[Files]] = list
    share: float = 1.0


def _only(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def _read_table(folder: Path, out: Path) -> None:
    from normax.tables import read_table

    read_table(_only(folder))


def _look(folder: Path, out: Path) -> None:
    """All that happens before a fit."""
    command("path", _only(folder), "--target", "y", "--dry-run")


def _run(folder: Path, out: Path) -> None:
    """A whole run, whose page and files must be harmless."""
    command("path", _only(folder), "--target", "y", "--cv", 2, "--strengths", 3, "--out", out / "run")
    clean_page((out / "run" / "report.html").read_text(encoding="utf-8"))
    command("show", out / "run")
    command("predict", out / "run", _only(folder), "--out", out / "p.csv")


# Models ---------------------------------------------------------------------------------------------


@cache
def _model() -> dict[str, bytes]:
    """A folder that the command wrote, with the table of its run."""
    folder = Path(tempfile.mkdtemp())
    table = folder / "t.csv"
    table.write_bytes(corpus.tables()["csv"][0]["t.csv"])
    command("path", table, "--target", "y", "--cv", 2, "--strengths", 3, "--out", folder / "run")
    files = {name: (folder / "run" / name).read_bytes() for name in (*recipes.FILES, "coefficients.csv")}
    shutil.rmtree(folder)
    return files


@cache
def _outputs() -> tuple[Any, np.ndarray]:
    from normax.cli.model.saved import SavedModel
    from normax.tables import read_table

    rows = read_table(corpus.columns())
    with tempfile.TemporaryDirectory() as folder:
        for name, content in _model().items():
            Path(folder, name).write_bytes(content)
        return rows, SavedModel(folder).outputs(rows)


def _predict(folder: Path, out: Path) -> np.ndarray:
    import normax as nx

    rows, _ = _outputs()
    command("show", folder)
    return nx.load_model(folder).saved_.outputs(rows)


def _same_model(folder: Path, out: Path) -> None:
    """What is damaged below its checksums is refused, or predicts what it did."""
    if not np.array_equal(_predict(folder, out), _outputs()[1]):
        raise Fault("a damaged model predicts other things")


def _any_model(folder: Path, out: Path) -> None:
    _predict(folder, out)


def _later(folder: Path, out: Path) -> None:
    """Prediction for tables of strangers."""
    for name, content in _model().items():
        (out / name).write_bytes(content)
    command("predict", out, _only(folder))


# Networks -------------------------------------------------------------------------------------------


@cache
def _net() -> Any:
    import normax as nx
    from normax import nn

    nx.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))


def _state() -> dict[str, bytes]:
    return {name: np.asarray(value).tobytes() for name, value in _net().state_dict().items()}


def _weights() -> list[Files]:
    import normax as nx

    with tempfile.TemporaryDirectory() as folder:
        whole = Path(nx.save(_net(), Path(folder, "w.safetensors"))).read_bytes()
        nx.save(_net(), Path(folder, "s.safetensors"), max_shard_size=60)
        shards = {file.name: file.read_bytes() for file in Path(folder).glob("s*")}
    return [{"w.safetensors": whole}, shards]


def _load(folder: Path, out: Path) -> None:
    import normax as nx

    names = sorted(folder.iterdir(), key=lambda file: (file.suffix != ".json", file.name))
    with unchanged(_state):
        nx.load(_net(), names[0])


def _data() -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).normal(size=(12, 3)).astype("f")
    return X, X[:, :1]


def _fit(file: Path, **more: Any) -> None:
    import normax as nx

    nx.fit(
        _net(),
        _data(),
        loss="squared",
        optimizer="sgd",
        epochs=2,
        batch_size=6,
        checkpoint=file,
        ema=0.9,
        **more,
    )


def _checkpoint() -> list[Files]:
    with tempfile.TemporaryDirectory() as folder:
        _fit(Path(folder, "c.safetensors"), seed=0)
        return [{"c.safetensors": Path(folder, "c.safetensors").read_bytes()}]


def _resume(folder: Path, out: Path) -> None:
    with unchanged(_state):
        _fit(folder / "c.safetensors", resume=True)


def _path(folder: Path) -> None:
    import normax as nx

    nx.path(_net(), _data(), loss="squared", strengths=[1e-2, 1e-3], cv=2, epochs=1, seed=0, batch_size=6,
            optimizer="sgd", checkpoint=folder)  # fmt: skip


def _parts() -> list[Files]:
    with tempfile.TemporaryDirectory() as folder:
        _path(Path(folder))
        return [{file.name: file.read_bytes() for file in Path(folder).iterdir()}]


def _go_on(folder: Path, out: Path) -> None:
    with unchanged(_state):
        _path(folder)


# Configurations and code ----------------------------------------------------------------------------

_CONFIG = b'command = "path"\ndata = ["t.csv"]\ntarget = "y"\ncv = 2\nstrengths = "3"\nseed = 1\nrefit = true\ndrop = ["b"]\nout = "o"\n'
_CODE = b'''"""A net."""
import torch
import torch.nn.functional as F
from torch import nn
open("executed", "w")

class Net(nn.Module):
    def __init__(self, p: int = 3, m: int = 1):
        super().__init__()
        self.fc = nn.Linear(p, m)

    def forward(self, x):
        return F.relu(self.fc(x)).to("cuda") if torch.cuda.is_available() else self.fc(x)

if __name__ == "__main__":
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(3):
        optimizer.zero_grad(); F.mse_loss(net(torch.ones(2, 3)), torch.ones(2, 1)).backward(); optimizer.step()
'''


def _configured(folder: Path, out: Path) -> None:
    (out / "t.csv").write_bytes(corpus.tables()["csv"][0]["t.csv"])
    shutil.copy(_only(folder), out / "config.toml")
    command("path", "--config", out / "config.toml", "--dry-run")


def _ported(folder: Path, out: Path) -> None:
    command("port", _only(folder))


def _asked(folder: Path, out: Path) -> None:
    """A class that is not there is asked of a file, which must be read for what it needs, and is not run for it."""
    from normax.porting.files import place, read_files
    from normax.porting.needs import needs_of
    from normax.porting.worlds import World

    file = _only(folder)
    home, name = place(file)
    needs_of(read_files(World(home), name, file))


def _trusted(folder: Path, out: Path) -> None:
    """A model folder that names a class of a file never runs it unasked."""
    command("predict", folder, folder / "t.csv")


TARGETS = [
    *(
        Target(f"table {kind}", lambda kind=kind: corpus.tables()[kind], _read_table, None,
               lambda kind=kind: corpus.bad_tables().get(kind, []), share)
        for kind, share in {"csv": 2, "json": 1, "npz": 1, "sheet": 1, "parquet": 2, "arrow": 1, "orc": 1, "sqlite": 1, "duckdb": 0.2}.items()
    ),
    Target("packed table", corpus.packed, _read_table, bad=corpus.bad_packed),
    Target("look at a table", lambda: corpus.tables()["csv"][:3], _look),
    Target("run on a table", lambda: corpus.tables()["csv"][:3], _run, share=0.1),
    Target("predict a table", lambda: corpus.tables()["csv"][:3], _later),
    Target("model", lambda: [_model()], _same_model),
    Target("model under right checksums", lambda: [_model()], _any_model, recipes.changed),
    Target("weights", _weights, _load),
    Target("torch weights", lambda: corpus.torch_files(_net().state_dict()), _load, None,
           lambda: corpus.bad_torch_files(_net().state_dict()), share=2),
    Target("checkpoint of a fit", _checkpoint, _resume, recipes.resealed),
    Target("checkpoint of a path", _parts, _go_on, recipes.resealed, share=0.3),
    Target("config", lambda: [{"config.toml": _CONFIG}], _configured),
    Target("code to port", lambda: [{"net.py": _CODE}], _ported),
    Target("code to use", lambda: [{"net.py": _CODE}], _asked),
]  # fmt: skip
