"""`normax port`: the imports changed, the rest as it was, and a comment at each line that needs a hand."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from normax.cli import main
from normax.errors import InputError
from normax.porting.rewriting import port

FILE = '''\
#!/usr/bin/env python
"""A net."""
from __future__ import annotations

import os, torch  # both
import torch.nn as nn
import torch.nn.functional as F
from torch import (
    Tensor,
    optim,
)
from torch.nn.modules.batchnorm import _BatchNorm


class Net(nn.Module):   # odd spacing stays
    def __init__(self, p, m):
        super().__init__()
        self.fc = nn.Linear(p, m)

    def forward(self, x: Tensor) -> torch.Tensor:
        return F.relu(
            self.fc(x.view(x.size(0), -1)),
            inplace=True)
'''


def test_only_imports_change_and_the_file_runs(tmp_path):
    file = tmp_path / "net.py"
    file.write_text(FILE)
    result = port(file)
    assert result.remarks == {}
    changed = {
        "import os, torch  # both": "import os, normax.torch as torch  # both",
        "import torch.nn as nn": "import normax.torch.nn as nn",
        "import torch.nn.functional as F": "import normax.torch.nn.functional as F",
        "from torch import (": "from normax.torch import (",
        "from torch.nn.modules.batchnorm import _BatchNorm": (
            "from normax.torch.nn.modules.batchnorm import _BatchNorm"
        ),
    }
    assert result.text.splitlines() == [changed.get(line, line) for line in FILE.splitlines()]
    assert main(["port", str(file), "--write"]) == 0
    assert file.read_text() == result.text
    code = (
        "import sys; sys.modules['torch'] = None\nimport numpy as np\nfrom net import Net\n"
        "print(Net(6, 2)(np.ones((5, 2, 3), 'float32')).shape)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == "(5, 2)\n", run.stderr
    with pytest.raises(InputError, match="imports nothing of torch; there is nothing to change"):
        port(file)


SCRIPT = """\
import torch
from importlib import import_module
from blocks import Block
def train(net, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        loss = torch.no_such_loss(
            net(x), torch.no_such_other(y))
        loss.backward(); optimizer.step()
nn = import_module("torch.nn")
@torch.no_such_decorator
def f(x):
    return x
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_comment_stands_above_each_line_that_needs_a_hand(tmp_path, ending, encoding):
    (tmp_path / "blocks.py").write_text("import torch\nclass Block: ...\n")
    file = tmp_path / "script.py"
    source = f"# -*- coding: {encoding} -*-\n# Größe\n{SCRIPT}".replace("\n", ending)
    file.write_bytes(source.encode(encoding))
    result = port(file)
    lines = result.text.split(ending)
    assert [line for line in lines if "# normax: " not in line] == source.replace(
        "import torch" + ending, "import normax.torch as torch" + ending, 1
    ).split(ending)
    above = {}
    for line, following in itertools.pairwise(lines):
        if "# normax: " in line:
            above.setdefault(line.partition("# normax: ")[2].split(":")[0], following.strip())
            assert len(line) - len(line.lstrip()) == len(following) - len(following.lstrip())
    assert above["blocks.py imports torch too"] == "from blocks import Block"
    assert above["no gradients are kept that would have to be cleared"] == "optimizer.zero_grad()"
    assert above["imports by name"].startswith("nn = import_module")
    assert above["torch.no_such_decorator is not there"] == "@torch.no_such_decorator"
    assert sorted(result.remarks) == [5, 8, 9, 10, 11, 12, 13]


def test_the_command_prints(tmp_path, capsys):
    file = tmp_path / "script.py"
    file.write_text("import torch\nx = torch.no_such()\n")
    assert main(["port", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("import normax.torch as torch\n# normax: torch.no_such is not there")
    assert "1 line needs a hand: 2" in said.err
    assert file.read_text() == "import torch\nx = torch.no_such()\n"
    assert main(["port", str(tmp_path / "none.py")]) == 2
    assert "none.py: no such file" in capsys.readouterr().err


def test_a_torch_file_from_table_to_prediction(tmp_path, monkeypatch, capsys):
    """`normax path --model FILE.py:CLASS` on a file that says `import torch`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(FILE.replace("inplace=True)", "inplace=True) - 1"))
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 3))
    rows = np.column_stack([X, X[:, 0] - X[:, 1] + 0.1 * random.normal(size=120)])
    np.savetxt("d.csv", rows, delimiter=",", header="a,b,c,y", comments="", fmt="%.6f")
    fast = ["--strengths", "1e-1,1e-3", "--epochs", "3", "--cv", "2", "--batch-size", "20"]
    assert main(["path", "d.csv", "--target", "y", "--model", "net.py:Net", "--out", "o", *fast]) == 0
    assert (tmp_path / "o" / "report.html").stat().st_size > 0
    capsys.readouterr()
    assert main(["predict", "o", "d.csv"]) == 2
    assert "--trust-code" in capsys.readouterr().err
    assert main(["predict", "o", "d.csv", "--trust-code"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 121
    (tmp_path / "net.py").write_text(FILE.replace("F.relu", "F.no_such"))
    assert main(["path", "d.csv", "--target", "y", "--model", "net.py:Net", "--out", "p", *fast]) == 2
    assert "--model net.py needs what normax has not" in capsys.readouterr().err
