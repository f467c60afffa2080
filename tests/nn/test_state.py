"""State dicts: what PyTorch's own code expects of them, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import normax as nx
from normax import nn
from normax.nn.utils import parametrize


def test_what_does_not_fit_is_both_kinds_of_error():
    for kind in (nx.InputError, RuntimeError):
        with pytest.raises(kind, match=r"missing: bias\n +unexpected: foo\n +weight: expected shape"):
            nn.Linear(3, 2).load_state_dict({"weight": np.zeros((2, 2), "f4"), "foo": 1})
    with pytest.raises(nx.InputError, match="expected names as keys, got 0"):
        nn.Linear(3, 2).load_state_dict({0: 1})
    with pytest.raises(nx.InputError, match=r"unexpected: 4950 more"):
        nn.Linear(3, 2).load_state_dict({f"layer{i}": 1 for i in range(5000)})


def test_batches_that_were_not_counted_yet():
    theirs, ours = torch.nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    new = theirs.state_dict()
    old = dict(new)
    del old["num_batches_tracked"], new["num_batches_tracked"]
    theirs.load_state_dict(old)
    ours.load_state_dict(old)
    assert int(ours.num_batches_tracked) == int(theirs.num_batches_tracked) == 0
    for net in (theirs, ours):
        with pytest.raises(RuntimeError, match="num_batches_tracked"):
            net.load_state_dict(new)


class Versioned(nn.Module):
    """Saves a number beside its weight, which was called `w` once."""

    def __init__(self):
        super().__init__()
        self.weight, self.number = nn.Parameter(jnp.ones(2)), 0

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "number"] = self.number

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        self.number = state_dict.pop(prefix + "number", 0)
        if prefix + "w" in state_dict:
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "w")
        super()._load_from_state_dict(state_dict, prefix, *rest)


def test_overridden_parts_of_saving_and_loading_are_used():
    net = nn.Sequential(Versioned(), Versioned())
    net[1].number = 5
    state = net.state_dict()
    assert list(state) == ["0.weight", "0.number", "1.weight", "1.number"]
    other = nn.Sequential(Versioned(), Versioned())
    state["0.w"] = 3 * state.pop("0.weight")
    other.load_state_dict(state)
    assert "0.w" in state  # the caller's dict stays as it is
    assert (other[1].number, other[0].weight.tolist()) == (5, [3.0, 3.0])
    with pytest.raises(RuntimeError, match=r"unexpected: 0\.x"):
        other.load_state_dict({**state, "0.x": 1})


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.to("meta"),
        lambda t: t.to_sparse(),
        lambda t: t.expand(10**7, 10**7),
        lambda t: t.to(torch.complex64),
    ],
)
def test_tensors_that_are_no_plain_arrays_are_refused_in_a_line(make):
    state = {"weight": make(torch.zeros(1, 1)), "bias": torch.zeros(1)}
    with pytest.raises(nx.InputError, match="weight: expected"):
        nn.Linear(1, 1).load_state_dict(state)


def test_an_expanded_tensor_and_small_floats_are_read():
    net = nn.Linear(3, 2)
    net.load_state_dict(
        {"weight": torch.ones(1, 1).expand(2, 3), "bias": torch.ones(2).to(torch.float8_e4m3fn)}
    )
    assert float(net.weight.sum() + net.bias.sum()) == 8.0


def test_a_second_parametrization_starts_from_what_the_first_gives():
    pairs = {}
    for lib, base in ((torch, torch.nn.Module), (nn, nn.Module)):

        class Double(base):
            def forward(self, w):
                return 2 * w

            def right_inverse(self, w):
                return w / 2

        layer = torch.nn.Linear(3, 2) if lib is torch else nn.Linear(3, 2)
        pairs[lib] = layer, Double
    theirs, ours = pairs[torch][0], pairs[nn][0]
    ours.load_state_dict(theirs.state_dict())
    for _ in range(2):
        torch.nn.utils.parametrize.register_parametrization(theirs, "weight", pairs[torch][1]())
        parametrize.register_parametrization(ours, "weight", pairs[nn][1]())
        np.testing.assert_allclose(ours.weight.value, theirs.weight.detach(), rtol=1e-6)
    assert list(ours.state_dict()) == list(theirs.state_dict())


def test_names_that_a_file_cannot_hold_are_refused(tmp_path):
    net = nn.Module()
    net.register_parameter("a\0b", nn.Parameter(jnp.ones(1)))
    with pytest.raises(nx.InputError, match="rename"):
        nx.save(net, tmp_path / "net.safetensors")
    for call in (nx.save, nx.load):
        for name in ("", f"{tmp_path}/a\0b.safetensors"):
            with pytest.raises(nx.InputError, match="expected a path"):
                call(nn.Linear(1, 1), name)
