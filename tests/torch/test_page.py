"""What cannot be had: every line of the page's table raises the message beside it, and what to write runs."""

import re
from pathlib import Path

import pytest

import normax as nx
from normax import torch

DOCS = Path(__file__).parents[2] / "docs"


def rows(name):
    """(line, message, what to write) of the table of refusals."""
    text = (DOCS / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| `") and line.count(" | ") == 3]
    cells = [re.split(r" \| ", line.strip("| ")) for line in lines]
    return [(line.strip("`"), message, write.strip("`")) for line, message, write, _ in cells]


ROWS = rows("your-pytorch-file.md")


class Of(torch.nn.Module):
    """A network whose forward is a function."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


@pytest.fixture
def names():
    nx.manual_seed(0)
    x, y, net = torch.randn(3, 4), torch.tensor([0, 1, 0]), torch.nn.Linear(4, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)

    def loss_fn(net, x, y):
        return torch.nn.functional.cross_entropy(net(x), y)

    step = nx.train_step(net, loss_fn, optimizer)
    return locals() | {
        "nx": nx,
        "torch": torch,
        "compiled": lambda f: nx.jit(Of(f)),
        "loss": loss_fn(net, x, y),
    }


@pytest.mark.parametrize(("line", "message", "write"), ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.filterwarnings("ignore::normax.Notice")
def test_a_line_says_what_the_page_says_and_what_to_write_runs(
    line, message, write, names, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    nx.save(names["net"], "net.safetensors")
    with pytest.raises((nx.InputError, AttributeError)) as error:
        eval(line, names)
    assert message in str(error.value)
    eval(write, names)


def test_both_languages_have_the_same_table():
    assert rows("your-pytorch-file.zh-CN.md") == ROWS
    assert len(ROWS) >= 15
