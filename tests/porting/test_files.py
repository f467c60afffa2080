"""Files written for torch, run as they are: every form of import, siblings, packages, and what is left as it was."""

import dataclasses
import subprocess
import sys
import typing

import numpy as np
import pytest

import normax as nx
from normax import nn, torch
from normax.errors import InputError

MODEL = """
from __future__ import annotations
import importlib, math
from dataclasses import dataclass
from typing import TYPE_CHECKING
import torch
import torch.nn as nn, torch.utils.checkpoint
import torch.nn.functional as F
from torch import Tensor, nn as again
from torch.nn import Module, functional as G
from torch.nn.modules.batchnorm import _BatchNorm
from layers import Mlp
import parts.blocks
from parts import blocks, SIZE
if TYPE_CHECKING:
    from torch.nowhere import Missing
assert importlib.import_module("torch.nn") is nn is again and F is G and torch.nn is nn
assert importlib.import_module(".blocks", "parts") is blocks is parts.blocks
assert __name__ != "__main__"

@dataclass
class Config:
    features: int = 6
    start: Tensor | None = None

class Net(Module):
    def __init__(self, outputs=2):
        super().__init__()
        self.norm = nn.BatchNorm1d(SIZE)
        self.mlp = Mlp(SIZE, outputs)
        assert isinstance(self.norm, _BatchNorm)

    def forward(self, x):
        from torch import relu
        return blocks.scale(relu(self.mlp(self.norm(x.view(x.size(0), -1)))))

def make(outputs):
    return Net(outputs)

net = Net(3)
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "layers.py").write_text(
        "from torch.nn import *\nclass Mlp(Sequential):\n    def __init__(self, p, m):\n"
        "        super().__init__(Linear(p, 8), ReLU(), Linear(8, m))\n"
    )
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("SIZE = 6\n")
    (tmp_path / "parts" / "blocks.py").write_text(
        "import torch as t\nfrom . import SIZE\nfrom .more import one\ndef scale(x): return t.mul(x, one(x)) / SIZE\n"
    )
    (tmp_path / "parts" / "more.py").write_text("from torch import ones_like as one\n")
    return tmp_path


def test_every_form_of_import(files):
    before = set(sys.modules)
    Net = nx.from_torch(f"{files}/model.py:Net")
    x = np.random.default_rng(0).normal(size=(5, 2, 3)).astype("float32")
    net = Net().eval()
    hidden = net.mlp[0](net.norm(x.reshape(5, 6)))
    expected = np.maximum(net.mlp[2](np.maximum(hidden, 0)), 0) / 6
    np.testing.assert_allclose(nx.jit(net)(x), expected, rtol=1e-5)
    assert isinstance(net, nn.Module)
    assert not {
        name for name in set(sys.modules) - before if name.split(".")[0] in ("layers", "parts", "model")
    }


def test_a_class_an_object_and_what_a_function_makes(files):
    assert isinstance(nx.from_torch(f"{files}/model.py:Net"), type)
    for taken in (
        nx.from_torch(f"{files}/model.py:Net", outputs=3),
        nx.from_torch(f"{files}/model.py:make", 3),
        nx.from_torch(f"{files}/model.py:net"),
    ):
        assert taken.mlp[2].out_features == 3


def test_a_file_within_a_package(files):
    assert nx.from_torch(f"{files}/parts/blocks.py:scale", torch.full((2,), 6.0)).tolist() == [1, 1]


def test_dataclasses_and_type_hints(files):
    config = nx.from_torch(f"{files}/model.py:Config")
    assert dataclasses.asdict(config()) == {"features": 6, "start": None}
    assert typing.get_type_hints(config)["features"] is int


def test_all_that_is_missing_is_told_before_anything_runs(files):
    (files / "layers.py").write_text("import torch\ndef helper(x):\n    return torch.gone(x)\n")
    (files / "model.py").write_text(
        "open('ran', 'w').close()\n"
        "import torch\nimport torch.nn.functional as F\nfrom layers import helper\n"
        "from torch.nn import NoSuchLayer\n"
        "class Net(torch.nn.Module):\n"
        "    def forward(self, x):\n        return helper(F.no_such(self.inner(x)))\n"
        "    def inner(self, x):\n        return torch.nn.functional.reluu(x)\n"
        "    def never(self, torch):\n        return torch.a_name_of_its_own\n"
        "    def later(self):\n        return torch.never_called()\n"
        "class Other(torch.nn.Module):\n    def forward(self, x):\n        return torch.of_another(x)\n"
        "try:\n    from torch.fast import kernel\nexcept ImportError:\n    kernel = None\n"
        "if hasattr(torch, 'newer'):\n    torch.newer()\n"
        "if __name__ == '__main__':\n    torch.script_only()\n"
    )
    with pytest.raises(InputError) as caught:
        nx.from_torch(f"{files}/model.py:Net")
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{files}/model.py needs what normax has not:"
    assert [line.split(": ")[0].strip() for line in lines[1:]] == [
        f"{files}/model.py, line 5",
        f"{files}/model.py, line 8",
        f"{files}/model.py, line 10",
        f"{files}/layers.py, line 3",
    ]
    for name in (
        "torch.nn.NoSuchLayer",
        "torch.nn.functional.no_such",
        "torch.nn.functional.reluu",
        "torch.gone",
    ):
        assert name in str(caught.value)
    assert not (files / "ran").exists()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere.py:Net", "nowhere.py: no such file"),
        ("model.py", 'expected "FILE.py:NAME", got'),
        ("model.py", "; its classes: model.py:"),
        ("model.py:Confg", "nothing of the name 'Confg'; did you mean 'Config'?"),
        ("broken.py:Net", "broken.py, line 1"),
    ],
)
def test_what_cannot_be_taken(files, monkeypatch, source, said):
    monkeypatch.chdir(files)
    (files / "broken.py").write_text("class Net(:\n")
    with pytest.raises(InputError) as caught:
        nx.from_torch(source)
    assert said in str(caught.value)
    with pytest.raises(InputError, match="got the class dict; give an instance"):
        nx.from_torch(dict)
    with pytest.raises(InputError, match="got Linear, which is normax's already: use it as it is"):
        nx.from_torch(nx.nn.Linear(2, 1))


ALONE = """
import sys, threading
import normax as nx
import numpy as np

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch" and BLOCKED:
            raise ImportError("torch cannot be imported here")

BLOCKED = True
sys.meta_path.insert(0, Blocker())
Net = nx.from_torch("model.py:Net")
assert Net()(np.ones((3, 6), "float32")).shape == (3, 2)
assert not [name for name in sys.modules if name.split(".")[0] == "torch"]

# Now one that is installed, whose import waits until a file has been loaded beside it.
BLOCKED = False
sys.loaded, sys.begun = threading.Event(), threading.Event()
found = []
thread = threading.Thread(target=lambda: found.append(__import__("torch")))
thread.start()
assert sys.begun.wait(60)
again = nx.from_torch("model.py:Net")
sys.loaded.set()
thread.join()
assert found[0].real and found[0].done and sys.modules["torch"] is found[0]
assert again()(np.ones((3, 6), "float32")).shape == (3, 2)
print("both")
"""


def test_an_installed_torch_is_neither_needed_nor_disturbed(files):
    (files / "installed" / "torch").mkdir(parents=True)
    (files / "installed" / "torch" / "__init__.py").write_text(
        "import sys\nreal = True\nsys.begun.set()\nassert sys.loaded.wait(60)\ndone = True\n"
    )
    code = f"import sys; sys.path.insert(0, {str(files / 'installed')!r})\n{ALONE}"
    run = subprocess.run([sys.executable, "-c", code], cwd=files, capture_output=True, text=True)
    assert run.stdout == "both\n", run.stderr


def test_einops_takes_tensors(tmp_path):
    einops = pytest.importorskip("einops")
    (tmp_path / "model.py").write_text(
        "import torch\nfrom torch import nn\nfrom einops import rearrange, repeat\n"
        "from einops.layers.torch import Rearrange\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.patch = nn.Sequential(Rearrange('b (h p) w -> b h (p w)', p=2), nn.Linear(6, 4))\n"
        "        self.token = nn.Parameter(torch.randn(1, 4))\n"
        "    def forward(self, x):\n"
        "        x = torch.cat([repeat(self.token, '1 d -> b 1 d', b=x.size(0)), self.patch(x)], 1)\n"
        "        return rearrange(x, 'b n d -> b (n d)')\n"
    )
    net = nx.from_torch(f"{tmp_path}/model.py:Net")()
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    patches = einops.rearrange(x, "b (h p) w -> b h (p w)", p=2)
    expected = np.concatenate([np.tile(net.token.value, (2, 1, 1)), net.patch[1](patches)], 1).reshape(2, -1)
    np.testing.assert_allclose(nx.jit(net)(x), expected, rtol=1e-5, atol=1e-6)
