"""Torch modules in memory, taken over with their weights: every attribute, against torch itself."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import normax as nx
from normax import torch as ours
from normax.errors import InputError

NET = """
import enum
import functools
from dataclasses import dataclass
import torch
import torch.nn.functional as F
from torch import nn

class Mode(enum.Enum):
    FAST, SLOW = 1, 2

@dataclass
class Config:
    width: int
    act: object

def double(x):
    return x * 2

class Block(nn.Linear):
    def forward(self, x):
        return F.relu(super().forward(x), inplace=True)

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.config, self.mode = Config(width, F.gelu), Mode.SLOW
        self.embed, self.head = nn.Embedding(5, width), nn.Linear(width, 5, bias=False)
        self.head.weight = self.embed.weight
        self.blocks = nn.ModuleList(Block(width, width) for _ in range(2))
        self.blocks[1].requires_grad_(False)
        self.register_buffer("kept", torch.arange(3.0))
        self.register_buffer("lost", torch.full((width,), 0.5), persistent=False)
        self.register_buffer("none", None)
        self.parts = {"shift": torch.ones(width), "list": [torch.zeros(2), (torch.Size([2, 3]), torch.float32)]}
        self.same = self.parts["shift"]
        self.act = functools.partial(F.leaky_relu, negative_slope=0.3)
        self.twice, self.shifted = double, self.shift
        self.scale = lambda x, by=3.0: x / by + width
        self.outside = [nn.Linear(width, width)]
        self.device, self.norm = torch.device("cpu"), nn.BatchNorm1d(width)
        self.norm.eval()

    def shift(self, x):
        return x + self.parts["shift"] - self.lost

    def forward(self, tokens):
        x = self.norm(self.embed(tokens).flatten(1)[:, : self.config.width])
        for block in self.blocks:
            x = block(x)
        x = self.twice(self.act(self.config.act(self.shifted(x) - 1)))
        x[:, 0] += 1
        return self.head(self.outside[0](self.scale(x)))

def local():
    class Inner(nn.Module):
        pass
    return Inner()
"""


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    (folder / "live_nets.py").write_text(NET)
    sys.path.insert(0, str(folder))
    try:
        import live_nets

        yield live_nets
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("live_nets", None)


def alike(theirs, *arrays, rtol=1e-5, atol=1e-5):
    """Take a module over and compare its output, and its gradients of the output's sum."""
    mine = nx.from_torch(theirs)
    tensors = [torch.tensor(a) for a in arrays]
    result = theirs(*tensors)
    np.testing.assert_allclose(nx.jit(mine)(*arrays), result.detach(), rtol=rtol, atol=atol)
    return mine, result


def test_every_kind_of_attribute(nets):
    torch.manual_seed(0)
    theirs = nets.Net()
    tokens = np.random.default_rng(0).integers(0, 5, (4, 1))
    mine, result = alike(theirs, tokens)
    assert {n: p.requires_grad for n, p in mine.named_parameters()} == {
        n: p.requires_grad for n, p in theirs.named_parameters()
    }
    assert list(mine.state_dict()) == list(theirs.state_dict())
    assert mine.head.weight is mine.embed.weight
    assert mine.none is None
    assert [m.training for m in mine.modules()] == [m.training for m in theirs.modules()]
    assert mine.same is mine.parts["shift"]
    assert isinstance(mine.same, ours.Tensor)
    assert mine.parts["list"][1] == (ours.Size([2, 3]), ours.float32)
    assert (mine.mode.name, mine.config.width, mine.device) == ("SLOW", 8, ours.device("cpu"))
    assert isinstance(mine.outside[0], nx.nn.Linear)
    assert mine.shifted.__self__ is mine
    assert (mine.head.weight.role, mine.norm.weight.role, mine.norm.bias.role) == ("weight", "norm", "norm")
    result.sum().backward()
    _, gradients = nx.value_and_grad(mine, lambda net, x: net(x).sum())(tokens)
    for name, parameter in theirs.named_parameters():
        if parameter.requires_grad:
            np.testing.assert_allclose(gradients[name], parameter.grad, rtol=1e-4, atol=1e-5)
    assert "torch" not in type(mine).__module__


def test_nothing_is_drawn_and_nothing_of_torchs_is_changed(nets):
    theirs = nets.Net()
    before = {name: value.clone() for name, value in theirs.state_dict().items()}
    nx.manual_seed(0)
    first = nx.nn.Linear(3, 3).weight.tolist()
    nx.manual_seed(0)
    mine = nx.from_torch(theirs)
    assert nx.nn.Linear(3, 3).weight.tolist() == first
    mine.embed.weight.value = mine.embed.weight.value + 1
    assert all(torch.equal(value, before[name]) for name, value in theirs.state_dict().items())


X = np.random.default_rng(1).normal(size=(3, 4, 6)).astype("float32")
LAYERS = {
    "conv": lambda n: n.Sequential(n.Conv1d(4, 6, 3, padding="same", padding_mode="circular"), n.GELU()),
    "transposed": lambda n: n.Sequential(
        n.ConvTranspose1d(4, 2, 3, stride=2), n.InstanceNorm1d(2, affine=True)
    ),
    "attention": lambda n: n.TransformerEncoder(
        n.TransformerEncoderLayer(6, 2, 12, batch_first=True), 2
    ).eval(),
    "groups": lambda n: n.Sequential(n.GroupNorm(2, 4), n.PReLU(), n.AdaptiveAvgPool1d(3), n.Flatten()),
    "dict": lambda n: n.Sequential(n.ModuleDict({"a": n.Linear(6, 2)})["a"], n.Softmax(dim=-1)),
    "weight norm": lambda n: n.utils.parametrizations.weight_norm(n.Linear(6, 2)),
    "old weight norm": lambda n: n.utils.weight_norm(n.Linear(6, 2)),
    "spectral norm": lambda n: n.utils.parametrizations.spectral_norm(n.Linear(6, 2)).eval(),
    "old spectral norm": lambda n: n.utils.spectral_norm(n.Linear(6, 2)).eval(),
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.filterwarnings("ignore:.*(weight_norm|nested_tensor).*")
def test_torchs_own_layers(kind):
    torch.manual_seed(0)
    mine, _ = alike(LAYERS[kind](torch.nn), X)
    assert list(mine.state_dict()) == list(LAYERS[kind](torch.nn).state_dict())


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_recurrent_layers_and_cells(kind):
    torch.manual_seed(0)
    layer = getattr(torch.nn, kind)(6, 5, num_layers=2, batch_first=True, bidirectional=True)
    np.testing.assert_allclose(nx.from_torch(layer)(X)[0], layer(torch.tensor(X))[0].detach(), atol=1e-6)
    cell = getattr(torch.nn, f"{kind}Cell")(6, 5)
    mine, theirs = nx.from_torch(cell)(X[0]), cell(torch.tensor(X[0]))
    for a, b in zip(*((mine, theirs) if kind == "LSTM" else ([mine], [theirs]))):
        np.testing.assert_allclose(a, b.detach(), atol=1e-6)


def test_lists_of_parameters():
    net = torch.nn.Module()
    net.list = torch.nn.ParameterList([torch.ones(2), torch.zeros(3)])
    net.dict = torch.nn.ParameterDict({"a": torch.ones(1)})
    mine = nx.from_torch(net)
    assert [p.shape for p in mine.list] == [(2,), (3,)]
    assert list(mine.dict.keys()) == ["a"]
    assert list(mine.state_dict()) == list(net.state_dict())


def note(module, args, output):
    return None


def test_what_cannot_be_taken_over_is_told_at_once(nets):
    net = nets.Net()
    net.blocks[0].register_forward_hook(note)
    net.head.register_full_backward_hook(lambda *args: None)
    net.inner = nets.local()
    net.draws = torch.Generator()
    net.wide = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    with pytest.raises(InputError) as caught:
        nx.from_torch(net)
    lines = str(caught.value).splitlines()
    assert lines[0] == "this Net cannot be taken over whole:"
    said = {line.split(": ")[0].strip(): line for line in lines[1:]}
    assert set(said) == {"Net.blocks.0", "Net.head", "Net.inner", "Net.draws", "Net.wide"}
    assert "forward hook note; remove it" in said["Net.blocks.0"]
    assert "backward hook" in said["Net.head"]
    assert "local.<locals>.Inner is defined inside a function" in said["Net.inner"]
    assert "Generator" in said["Net.draws"]
    assert "float64" in said["Net.wide"]


def test_a_class_of_a_session_is_named():
    namespace = {"__name__": "some_session"}
    exec("import torch\nclass Net(torch.nn.Module):\n    pass", namespace)
    with pytest.raises(InputError, match="module some_session is in no file that can be read again"):
        nx.from_torch(namespace["Net"]())


def test_half_precision():
    net = torch.nn.Linear(3, 2).bfloat16()
    mine = nx.from_torch(net)
    assert str(mine.weight.dtype) == "torch.bfloat16"
    np.testing.assert_array_equal(np.asarray(mine.weight, float), net.weight.detach().double())


SCRIPT = """
import torch, sys
import numpy as np
import normax as nx

class Net(torch.nn.Module):
    SCALE = 2.0
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 2)
    def forward(self, x):
        return self.fc(x.view(x.size(0), -1)) * self.SCALE

net = Net()
runs = getattr(sys, "runs", 0) + 1
sys.runs = runs
mine = nx.from_torch(net)
x = np.ones((4, 3), "float32")
assert np.allclose(mine(x), net(torch.tensor(x)).detach(), atol=1e-6)
print("runs", sys.runs)
"""


def test_a_class_of_the_script_that_runs(tmp_path):
    """Of the script its definitions run again, not what it does."""
    (tmp_path / "script.py").write_text(SCRIPT)
    run = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == "runs 1\n", run.stderr
