"""Installed packages that are built on torch: run under normax's names, and of their `__init__` files what is asked for."""

import sys

import pytest

import normax as nx
from normax import torch
from normax.errors import InputError
from normax.porting import packages

FILES = {
    "ontorch/__init__.py": (
        "from .layers import Scale as Scale\nfrom .models import make\nfrom ontorch import heavy\n"
        "from .shapes import *\n__version__ = '1.0'\n"
    ),
    "ontorch/layers.py": "import torch\nclass Scale(torch.nn.Module):\n    def forward(self, x): return x * 2\n",
    "ontorch/heavy.py": "raise RuntimeError('runs only when it is asked for')\n",
    "ontorch/shapes.py": "from torch import Size\ndef square(n): return Size([n, n])\n",
    "ontorch/models/__init__.py": "from .registry import make, known\nfrom .resnet import *\n",
    "ontorch/models/registry.py": "known = {}\ndef make(name): return known[name]()\n",
    "ontorch/models/resnet.py": (
        "from ontorch.layers import Scale\nfrom .registry import known\n__all__ = ['resnet']\n"
        "def resnet(): return Scale()\nknown['resnet'] = resnet\n"
    ),
    "ontorch/lacking.py": "import torch\n\nkernel = torch.no_such_kernel()\n",
    "ontorch-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: ontorch\nVersion: 1.0\nRequires-Dist: torch\n",
    "ontorch-1.0.dist-info/top_level.txt": "ontorch\n",
}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package of its own beside those that are there, found as an installed one."""
    for name, text in FILES.items():
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "site")
    caches = (packages._distributions, packages.is_installed, packages.requires_torch)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()
    for name in [name for name in sys.modules if ".ontorch" in name]:
        del sys.modules[name]


def taken(folder, text, name):
    (folder / "model.py").write_text(text)
    return nx.from_torch(f"{folder / 'model.py'}:{name}")


def test_what_is_asked_for_runs(installed):
    text = (
        "import ontorch\nfrom ontorch import Scale, square\nfrom ontorch.models import resnet\n"
        "made = resnet(), Scale, square(3), ontorch.__version__\n"
    )
    net, kind, size, version = taken(installed, text, "made")
    assert type(net) is kind
    assert net(torch.ones(2)).tolist() == [2, 2]
    assert (size, version) == (torch.Size([3, 3]), "1.0")
    assert not [name for name in sys.modules if name.startswith("ontorch") or name.endswith("heavy")]


def test_modules_that_register_themselves_have_done_so(installed):
    made = taken(installed, "import ontorch\nmade = ontorch.make('resnet')\n", "made")
    assert type(made).__name__ == "Scale"


def test_the_first_thing_missing_is_named(installed):
    with pytest.raises(AttributeError, match="no attribute 'no_such_kernel'"):
        taken(installed, "from ontorch.lacking import kernel\n", "kernel")
    with pytest.raises(InputError, match=r"model\.py, line 1: torch\.no_such"):
        taken(installed, "from torch import no_such\n", "no_such")
