"""The drawing is well-formed, names every distinct module once, and marks what is tied, frozen and zero."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

import normax as nx
from normax import nn


def texts(net):
    return [t.text for t in ET.fromstring(nx.draw(net).svg).iter("{http://www.w3.org/2000/svg}text")]


def test_equal_neighbours_fold_and_different_ones_do_not():
    found = texts(nn.Sequential(*[nn.Linear(4, 4) for _ in range(50)], nn.Linear(4, 2)))
    assert found.count("weight 4×4") == 1
    assert "0…49: Linear  ×50" in found
    assert "weight 2×4" in found


def test_marks():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    net[2].weight = net[0].weight
    net[2].bias.requires_grad = False
    net[0].weight.value = np.array([[0, 1], [0, 0]], "float32")
    found = texts(nx.penalize(net, nx.penalties.L1(0.1)))
    assert "75% zeros  L1(0.1)" in found
    assert "75% zeros  L1(0.1)  = 0.weight" in found
    assert "frozen" in found


def test_names_are_escaped_and_files_written_whole(tmp_path):
    class Odd(nn.Module):
        def _get_name(self):
            return "<A & B>"

    picture = nx.draw(nn.Sequential(Odd()))
    ET.fromstring(picture._repr_svg_())
    assert picture.save(tmp_path / "net.svg").read_text() == picture.svg
    assert [p.name for p in tmp_path.iterdir()] == ["net.svg"]
    with pytest.raises(nx.InputError, match=r"ending \.svg"):
        picture.save(tmp_path / "net.png")
    with pytest.raises(nx.InputError, match="expected a normax Module"):
        nx.draw(3)


def test_hostile_names_leave_the_drawing_well_formed():
    net = nn.Sequential()
    for name in ("\x1b[31m", "bell\x07", "half\ud800", "nul\0", "<b>&"):
        net.add_module(name, nn.Linear(2, 2 + len(net)))
    found = texts(net)
    assert "half\\ud800: Linear" in found
    assert "<b>&: Linear" in found
