"""summary counts what is there, runs nothing, and says where a penalty measures nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.penalties import L1


def convnet():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5),
        nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 3),
    )  # fmt: skip


def test_counts_shapes_and_multiply_adds_are_those_of_the_layers():
    net = convnet()
    net[5].requires_grad_(False)
    net[7].weight.value = np.zeros((3, 8), "float32")
    before = net.state_dict()
    tree = nx.summary(net, np.ones((5, 2, 4, 4), "float32"))
    rows = {row.path: row for row in tree.rows}
    assert rows["0"].output == (5, 4, 4, 4)
    assert rows["0"].multiply_adds == 5 * 16 * 4 * 9 * (2 // 2)
    assert (rows["5"].multiply_adds, rows["7"].multiply_adds) == (5 * 64 * 8, 5 * 8 * 3)
    assert tree.total.multiply_adds == sum(rows[str(i)].multiply_adds for i in range(8))
    assert tree.total.parameters == sum(p.numel() for p in net.parameters())
    assert rows["5"].frozen
    assert (rows["7"].zeros, rows["5"].zeros) == (1.0, 0.0)
    assert all((np.asarray(before[k]) == np.asarray(v)).all() for k, v in net.state_dict().items())
    text = str(tree)
    assert "5×4×4×4" in text
    assert "frozen" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "<table>" in tree._repr_html_()


def test_nothing_is_drawn_and_a_summary_leaves_the_program_alone():
    net = convnet()
    nx.manual_seed(0)
    nx.summary(net, jax.ShapeDtypeStruct((5, 2, 4, 4), "float32"))
    after = nn.Linear(3, 3).weight.tolist()
    nx.manual_seed(0)
    assert nn.Linear(3, 3).weight.tolist() == after
    assert "forward" not in net.__dict__


def test_ties_count_once_and_loops_count_their_steps():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].weight = net[0].weight
    tree = nx.summary(net)
    assert (tree.total.parameters, tree.total.multiply_adds) == (24, None)
    assert tree.rows[2].tied == {"weight": "0.weight"}

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x):
            return nx.scan(lambda c, _: (self.fc(c), None), x, length=6)[0]

    assert nx.summary(Loop(), np.ones((2, 4), "float32")).total.multiply_adds == 6 * 2 * 16


@pytest.mark.parametrize(
    ("penalties", "message"),
    [
        (L1(0.1), ["0.weight has L1(strength=0.1), but 1 divides its scale"]),
        ({"5.weight": L1(0.1)}, ["5.weight has L1(strength=0.1) and 7.weight none"]),
        ({"5.weight": L1(0.1), "7.weight": L1(0.1)}, []),
        ({"1.weight": L1(0.1)}, []),
    ],
)
def test_scale_invariance_is_said(penalties, message):
    net = nx.penalize(convnet(), penalties)
    notices = nx.summary(net, np.ones((5, 2, 4, 4), "float32")).notices
    assert len(notices) == len(message), notices
    assert all(want in got for want, got in zip(message, notices))


def test_no_column_is_lost_in_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5))
    net[0].requires_grad_(False)
    nx.penalize(net, {"2.weight": L1(1e-2)})
    net[2].weight.value = net[2].weight.value.at[0].set(0)
    text = str(nx.summary(net, jnp.ones((2, 3, 8, 8))))
    assert all(word in text for word in ("2×4×6×6", "20.0%", "L1(0.01)", "frozen"))


def test_bad_input_is_named():
    with pytest.raises(nx.InputError, match="expected a normax Module, got int"):
        nx.summary(3, np.ones(2))
    with pytest.raises(nx.InputError, match="in 0"):
        nx.summary(convnet(), np.ones((5, 7, 4, 4), "float32"))
