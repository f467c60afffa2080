"""Files of weights: exact round trips, and every bad file refused with the network untouched."""

import contextlib
import os

import numpy as np
import pytest

import normax as nx
from normax import nn

torch = pytest.importorskip("torch")


def network(lib):
    return lib.Sequential(lib.Linear(3, 4), lib.BatchNorm1d(4), lib.ReLU(), lib.Linear(4, 2))


def same(a, b):
    return all((np.asarray(a[name]) == np.asarray(b[name])).all() for name in a) and a.keys() == b.keys()


def test_round_trips_are_exact(tmp_path):
    from safetensors.torch import load_file

    theirs, ours, again = network(torch.nn), network(nn), network(nn)
    torch.save(theirs.state_dict(), tmp_path / "net.pt")
    nx.load(ours, tmp_path / "net.pt")
    nx.save(ours, tmp_path / "net.safetensors")
    nx.load(again, tmp_path / "net.safetensors")
    assert same(ours.state_dict(), again.state_dict())
    theirs.load_state_dict(load_file(tmp_path / "net.safetensors"))
    assert same(theirs.state_dict(), ours.state_dict())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.pt", "net.safetensors"]


def test_bfloat16_and_ties_survive(tmp_path):
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)).bfloat16()
    net[1].weight = net[0].weight
    other = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    nx.load(other, nx.save(net, tmp_path / "a.safetensors"))
    assert same(other.bfloat16().state_dict(), net.state_dict())


def broken(tmp_path):
    net = network(nn)
    whole = nx.save(net, tmp_path / "whole.safetensors").read_bytes()
    (tmp_path / "truncated.safetensors").write_bytes(whole[:-7])
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "weights.csv").write_text("1,2")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "pickled.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"0.weight": torch.zeros(9, 9), "odd": torch.zeros(1)}, tmp_path / "other.pt")
    return net


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("truncated.safetensors", "damaged"),
        ("text.pt", "damaged"),
        ("pickled.pt", "more than a state dict"),
        ("list.pt", "expected a state dict"),
        ("weights.csv", r"expected one of .*safetensors"),
        ("none.pt", "no such file"),
        ("other.pt", r"(?s)missing: 0\.bias.*unexpected: odd.*0\.weight: expected shape"),
    ],
)
def test_bad_files_leave_the_network_untouched(tmp_path, name, message):
    net = broken(tmp_path)
    before = net.state_dict()
    with pytest.raises(nx.InputError, match=message):
        nx.load(net, tmp_path / name)
    assert same(net.state_dict(), before)


def test_nan_loads_with_a_notice(tmp_path):
    net = nn.Linear(1, 1)
    net.weight.value = np.full((1, 1), np.nan, np.float32)
    file = nx.save(net, tmp_path / "nan.safetensors")
    with pytest.warns(nx.Notice, match="NaN in weight"):
        nx.load(nn.Linear(1, 1), file)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(nx.InputError, match="cannot be written"):
        nx.save(nn.Linear(1, 1), tmp_path / "no" / "net.safetensors")


def test_shards_and_their_index(tmp_path):
    net, other = network(nn), network(nn)
    index = nx.save(net, tmp_path / "model.safetensors", max_shard_size="80B")
    assert index.name == "model.safetensors.index.json"
    assert len(list(tmp_path.glob("model-*-of-*.safetensors"))) > 1
    nx.load(other, index)
    assert same(other.state_dict(), net.state_dict())
    assert nx.save(net, tmp_path / "one.safetensors", max_shard_size="1GB").name == "one.safetensors"
    with pytest.raises(nx.InputError, match="its index is there"):
        nx.load(other, tmp_path / "model.safetensors")
    with pytest.raises(nx.InputError, match="max_shard_size"):
        nx.save(net, tmp_path / "x.safetensors", max_shard_size="much")


@pytest.mark.parametrize("dies_at", range(1, 5))
def test_whenever_a_save_of_shards_dies_the_index_tells_of_one_state(tmp_path, monkeypatch, dies_at):
    """The old one as long as the new index is not there; what the dead save has left goes with the next."""
    file, old, new = tmp_path / "model.safetensors", network(nn), network(nn)
    index = nx.save(old, file, max_shard_size="200B")
    count = len(os.listdir(tmp_path))
    replace, calls = os.replace, iter(range(1, 100))

    def dying(source, goal):
        if next(calls) == dies_at:
            raise KeyboardInterrupt
        replace(source, goal)

    monkeypatch.setattr(os, "replace", dying)
    with contextlib.suppress(KeyboardInterrupt):
        nx.save(new, file, max_shard_size="200B")
    monkeypatch.undo()
    found = network(nn)
    nx.load(found, index)
    assert same(found.state_dict(), (old if dies_at <= count else new).state_dict())
    theirs = tmp_path / "model-mine.safetensors"
    theirs.touch()
    for net in (new, old):
        nx.save(net, file, max_shard_size="200B")
        nx.load(found, index)
        assert same(found.state_dict(), net.state_dict())
        assert len(os.listdir(tmp_path)) == count + 1
    assert theirs.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update({"0.weight": "../secret.safetensors"}), r"beside it, got '\.\./secret"),
        (lambda m: m.update({"0.weight": "/etc/passwd"}), "beside it"),
        (lambda m: m.update({"0.weight": 3}), "beside it"),
        (lambda m: m.update({"0.weight": "none.safetensors"}), "not there: none"),
        (lambda m: m.update({"odd": m["0.weight"]}), "odd is not in"),
        (lambda m: m.pop("0.weight"), "holds 0.weight"),
    ],
)
def test_a_tampered_index_is_refused(tmp_path, change, message):
    import json

    net = network(nn)
    index = nx.save(net, tmp_path / "model.safetensors", max_shard_size=80)
    content = json.loads(index.read_text())
    change(content["weight_map"])
    index.write_text(json.dumps(content))
    before = net.state_dict()
    with pytest.raises(nx.InputError, match=message):
        nx.load(net, index)
    assert same(net.state_dict(), before)


def test_a_checkpoint_names_the_line_to_write(tmp_path):
    theirs, net = network(torch.nn), network(nn)
    torch.save({"epoch": 3, "state_dict": theirs.state_dict()}, tmp_path / "run.pth")
    with pytest.raises(nx.InputError, match=r"nx.load\(net, 'run.pth', key='state_dict'\)"):
        nx.load(net, tmp_path / "run.pth")
    with pytest.raises(nx.InputError, match="did you mean 'state_dict'"):
        nx.load(net, tmp_path / "run.pth", key="statedict")
    nx.load(net, tmp_path / "run.pth", key="state_dict")
    assert same(net.state_dict(), theirs.state_dict())


def test_a_tied_weight_may_have_one_name_in_the_file(tmp_path):
    from safetensors.numpy import save_file

    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    weight = np.arange(4, dtype="float32").reshape(2, 2)
    for name in ("0.weight", "1.weight"):
        save_file({name: weight}, tmp_path / "one.safetensors")
        nx.load(net, tmp_path / "one.safetensors")
        assert (np.asarray(net[0].weight) == weight).all()
        weight = weight + 1
    save_file({"0.weight": weight, "1.weight": weight + 1}, tmp_path / "two.safetensors")
    with pytest.raises(nx.InputError, match="tied in the network, different"):
        nx.load(net, tmp_path / "two.safetensors")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_every_dtype_goes_round_and_converts(tmp_path, dtype):
    from safetensors.torch import load_file

    theirs = torch.nn.Linear(5, 4).to(getattr(torch, dtype))
    torch.save(theirs.state_dict(), tmp_path / "a.pt")
    net = nn.Linear(5, 4).to(dtype=dtype)
    nx.load(net, tmp_path / "a.pt")
    back = load_file(nx.save(net, tmp_path / "a.safetensors"))
    assert all(
        back[name].dtype == t.dtype and bool((back[name] == t).all())
        for name, t in theirs.state_dict().items()
    )
    wide = nn.Linear(5, 4)
    nx.load(wide, tmp_path / "a.safetensors")
    assert wide.weight.dtype == np.float32
    nx.load(wide, tmp_path / "a.pt", dtype=dtype)
    assert str(wide.weight.dtype) == dtype
    assert same(wide.state_dict(), net.state_dict())
