"""Fits over meshes of simulated devices and over processes: the history of one device, wherever the parts of it run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

import normax as nx
from normax.nn.sharding import shardings

BEGIN = """
    import json, os
    import numpy as np, optax
    import normax as nx
    from normax import nn
    from normax.penalties import L1, L2, ElasticNet, GroupLasso
    nx.distributed.initialize(timeout=120)
    import jax
    from jax.sharding import PartitionSpec as P
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 8)).astype("float32")
    y = (X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=120)).astype("float32")

    def build(penalties):
        nx.manual_seed(3)
        layers = nn.Linear(8, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 16)
        return nx.penalize(nn.Sequential(*layers, nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0)), penalties)

    def told(history, net):
        weights = {n: np.asarray(v).tolist() for n, v in net.state_dict().items()}
        return {"columns": {n: c.tolist() for n, c in history.columns().items()}, "weights": weights}
"""
SMALL = (
    BEGIN
    + """
    found = []
    for mesh, shard in ((None, None), (1, None), ({"data": 8}, {"*": "data"})):
        nx.manual_seed(1)
        net = nx.penalize(nn.Sequential(nn.Linear(8, 16), nn.Linear(16, 1), nn.Flatten(0)), L1(0.01))
        options = dict(loss="squared", optimizer=optax.sgd(0.05, momentum=0.9), batch_size=32, seed=1)
        found.append(told(nx.fit(net, (X, y), epochs=4, mesh=mesh, shard=shard, **options), net))
    assert net[0].weight.value.sharding.spec == P("data")
    print(json.dumps(found))
"""
)
#: A fit with everything in it.
WHOLE = (
    BEGIN
    + """
    chosen, shard, optimizer, source = json.loads(os.environ["CASE"])
    penalties = {
        "groups": {"0.weight": GroupLasso(0.02, "out"), "4.weight": ElasticNet(0.01)},
        "across": {"0.weight": GroupLasso(0.02, "in"), "4.weight": GroupLasso(0.05, "in")},
    }[chosen]
    tx = {"sgd": optax.sgd(0.05, momentum=0.9), "adam": optax.adam(1e-2)}[optimizer]
    net = build(penalties)
    weight = np.linspace(0.5, 1.5, 120)
    if source == "mapped":
        from tempfile import mkdtemp
        file = np.memmap(mkdtemp() + "/X", dtype="float32", mode="w+", shape=X.shape)
        file[:] = X
        X = file
    extra = {"accumulate": 2} if source == "parts" else {"ema": 0.9} if source == "ema" else {}
    history = nx.fit(
        net, (X, y), loss="squared", optimizer=tx, epochs=6, batch_size=48, validation=0.25, sample_weight=weight,
        metrics=["absolute"], callbacks=[nx.EarlyStopping(patience=3)], seed=1, mesh={"data": -1},
        shard=None if shard is None else {"*": shard}, clip=1.0, **extra,
    )
    print(json.dumps(told(history, net)))
"""
)


def close(found, expected, rtol=2e-4, atol=2e-5):
    for part in ("columns", "weights"):
        assert found[part].keys() == expected[part].keys()
        for name, value in expected[part].items():
            np.testing.assert_allclose(found[part][name], value, rtol=rtol, atol=atol, err_msg=name)


def zeros(found):
    return {name: (np.asarray(value) == 0).tolist() for name, value in found["weights"].items()}


@pytest.mark.slow
def test_one_history_on_one_device_and_on_eight_with_cut_parameters(processes):
    alone, one, eight = json.loads(processes.output(SMALL, devices=8)[0])
    assert one == alone
    close(eight, alone)
    assert zeros(eight) == zeros(alone)
    assert any(map(any, zeros(alone)["0.weight"]))


@pytest.fixture(scope="module")
def expected(request):
    """What one device finds, once a case."""
    kept = {}

    def find(processes, case):
        if case not in kept:
            chosen, _, optimizer, source = json.loads(case)
            alone = json.dumps([chosen, None, optimizer, source])
            kept[case] = json.loads(processes.output(WHOLE, CASE=alone)[0])
        return kept[case]

    return find


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 8])
@pytest.mark.parametrize(
    "case",
    [
        ("groups", None, "sgd", "memory"),
        ("groups", "data", "adam", "memory"),
        ("across", "data", "sgd", "memory"),  # groups cross the devices
        ("groups", None, "sgd", "mapped"),
        ("groups", "data", "sgd", "parts"),
        ("groups", "data", "adam", "ema"),
    ],
)
def test_devices_change_nothing(processes, expected, case, n):
    alone = expected(processes, json.dumps(case))
    if n == 8 and case[3] == "parts":
        n = 4  # two parts of 48 rows, on four devices each
    found = json.loads(processes.output(WHOLE, devices=n, CASE=json.dumps(case))[0])
    close(found, alone)
    assert zeros(found) == zeros(alone)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "devices"), [(2, 1), (2, 2), (4, 1)])
@pytest.mark.parametrize("case", [("groups", None, "sgd", "memory"), ("across", "data", "sgd", "mapped")])
def test_processes_change_nothing(processes, expected, case, n, devices):
    alone = expected(processes, json.dumps(case))
    found = [json.loads(text) for text in processes.output(WHOLE, n, devices, CASE=json.dumps(case))]
    assert all(each == found[0] for each in found)
    close(found[0], alone)
    assert zeros(found[0]) == zeros(alone)


#: What one does with a network beside `fit`: steps of one's own, compiled calls, files, states.
OWN = (
    BEGIN
    + """
    mesh = {"data": -1}
    folder = os.environ["FOLDER"]
    part = slice(nx.distributed.index(), None, nx.distributed.count())
    net = build(L1(0.01))
    loss_fn = lambda net, x, y, scale: scale * ((net(x) - y) ** 2).mean() / 2
    step = nx.train_step(net, loss_fn, optax.adam(0.02), mesh=mesh, shard={"*": "data", "4.bias": P()})
    nx.manual_seed(5)
    # Rows of one batch lie one after the other in process 0, then in process 1.
    order = np.arange(96).reshape(3, nx.distributed.count(), -1)[:, nx.distributed.index()]
    losses = [float(step(X[rows], y[rows], 0.5)) for rows in np.concatenate([order] * 4)]
    momentum = step.optimizer_state[0].mu["4.weight"]
    cut = [net[0].weight.value.sharding.spec, momentum.sharding.spec]
    assert cut == [P("data")] * 2 or jax.device_count() == 1, cut
    net.eval()
    outputs = np.asarray(nx.jit(net)(X[:10])).tolist()
    file = nx.save(net, folder + "/net.safetensors")
    assert sorted(os.listdir(folder)) == ["net.safetensors"]
    other = build(None).to(jax.sharding.Mesh(jax.devices(), "data"), shard={"*.weight": ("data",)} if jax.device_count() == 1 else None)
    nx.load(other, file)
    other.load_state_dict(net.state_dict())
    assert all((np.asarray(a) == np.asarray(b)).all() for a, b in zip(net.state_dict().values(), other.state_dict().values()))
    print(json.dumps([losses, outputs, {n: np.asarray(v).tolist() for n, v in net.state_dict().items()}]))
"""
)


@pytest.mark.slow
def test_steps_calls_and_files_of_ones_own(processes, tmp_path):
    found = []
    for place, (n, devices) in enumerate([(1, 1), (1, 8), (2, 2)]):
        folder = tmp_path / str(place)
        folder.mkdir()
        found.append(json.loads(processes.output(OWN, n, devices, FOLDER=str(folder))[0]))
    for losses, outputs, weights in found[1:]:
        np.testing.assert_allclose(losses, found[0][0], rtol=1e-4)
        np.testing.assert_allclose(outputs, found[0][1], rtol=1e-3, atol=1e-4)
        for name, value in found[0][2].items():
            np.testing.assert_allclose(weights[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


#: A fit that stops in the middle of an epoch, and one that goes on from its checkpoint.
HALVES = (
    BEGIN
    + """
    file, epochs = os.environ["FILE"], int(os.environ["EPOCHS"])
    net = build({"0.weight": GroupLasso(0.02, "in")})
    history = nx.fit(
        net, (X, y), loss="squared", optimizer=optax.sgd(0.05, momentum=0.9), epochs=epochs, batch_size=48,
        validation=0.25, ema=0.9, callbacks=[nx.EarlyStopping(patience=9)], seed=1, mesh={"data": -1}, shard={"*": "data"},
        checkpoint=file, resume=True,
    )
    print(json.dumps(told(history, net)))
"""
)


@pytest.mark.slow
def test_a_checkpoint_goes_on_with_other_devices_and_processes(processes, tmp_path):
    whole = json.loads(processes.output(HALVES, FILE=str(tmp_path / "whole"), EPOCHS="6")[0])
    file = str(tmp_path / "parts")
    for (n, devices), epochs in zip([(1, 8), (2, 1), (1, 2)], "246"):
        found = json.loads(processes.output(HALVES, n, devices, FILE=file, EPOCHS=epochs)[0])
    close(found, whole)


#: Rows by number, and loaders of each process's part of batches whose last is short.
SOURCES = (
    BEGIN
    + """
    run, read = nx.distributed, []
    weight = np.linspace(0.5, 1.5, 120).astype("float32")

    class Rows:
        def __len__(self):
            return 120

        def __getitem__(self, i):
            read.append(i)
            return X[i], y[i]

    def batches(epoch):
        for start in range(0, 120, 32):
            size = min(32, 120 - start) // run.count()
            mine = slice(start + run.index() * size, start + (run.index() + 1) * size)
            yield X[mine], y[mine], weight[mine] / weight.mean()

    found = []
    for data, options in ((Rows(), {"sample_weight": weight}), (batches, {})):
        net = build(L1(0.01))
        history = nx.fit(
            net, data, loss="squared", optimizer=optax.sgd(0.05), epochs=3, batch_size=32, seed=1, mesh={"data": -1}, **options
        )
        found.append(told(history, net))
    print(json.dumps([found, len(read)]))
"""
)


@pytest.mark.slow
def test_processes_read_their_own_rows_and_train_alike(processes):
    [(alone, read)] = [json.loads(text) for text in processes.output(SOURCES)]
    both = [json.loads(text) for text in processes.output(SOURCES, 2)]
    for found, own in both:
        # Rows of a batch lie by their places in it; a loader's short batch has its padding within, so dropout draws otherwise there.
        close(found[0], alone[0])
        np.testing.assert_allclose(found[1]["columns"]["loss"], alone[1]["columns"]["loss"], rtol=0.02)
        assert own < 0.6 * read


#: Two axes, of which the processes share one, and then the other.
AXES = (
    BEGIN
    + """
    found = []
    cut = {"0.weight": P("model", "data"), "0.bias": "data", "2.weight": P(None, "model")}
    for mesh, shard, options in (
        (None, None, {}),
        ({"data": 2, "model": -1}, cut, {}),
        ({"model": 2, "data": 2}, cut, {"in_memory": False}),
    ):
        if mesh is None and nx.distributed.count() > 1:
            continue
        nx.manual_seed(1)
        net = nx.penalize(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0)), L1(0.01))
        options |= dict(loss="squared", optimizer=optax.sgd(0.05, momentum=0.9), batch_size=32, seed=1)
        found.append(told(nx.fit(net, (X, y), epochs=4, mesh=mesh, shard=shard, **options), net))
    print(json.dumps(found))
"""
)


@pytest.mark.slow
def test_meshes_of_two_axes_change_nothing(processes):
    alone, *four = json.loads(processes.output(AXES, devices=4)[0])
    for found in [*four, *json.loads(processes.output(AXES, 2, 2)[0])]:
        close(found, alone)
        assert zeros(found) == zeros(alone)


#: Convolutions, a batch norm over images, an embedding, attention.
LAYERS = (
    BEGIN
    + """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8)
            self.again, self.pool = nn.Conv2d(8, 8, 3), nn.MaxPool2d(2)
            self.attend = nn.MultiheadAttention(8, 2, batch_first=True)
            self.last = nn.Linear(8, 3)

        def forward(self, x):
            x = self.pool(nn.functional.relu(self.again(nn.functional.relu(self.norm(self.conv(x))))))
            x = x.reshape(*x.shape[:2], -1).swapaxes(1, 2)
            return self.last(self.attend(x, x, x)[0].mean(1))

    images, labels = rng.normal(size=(64, 1, 8, 8)).astype("float32"), rng.integers(0, 3, 64)
    nx.manual_seed(0)
    net = nx.penalize(Net(), {"conv.weight": GroupLasso(0.01, "out")})
    history = nx.fit(
        net, (images, labels), loss="cross_entropy", optimizer=optax.sgd(0.05), epochs=3, batch_size=16, seed=1,
        metrics=["accuracy"], mesh={"data": -1}, shard={"*": "data"},
    )
    print(json.dumps(told(history, net)))
"""
)


@pytest.mark.slow
def test_convolutions_and_attention_are_cut_as_well(processes):
    alone, four = (json.loads(processes.output(LAYERS, devices=n)[0]) for n in (1, 4))
    close(four, alone, rtol=1e-3, atol=1e-4)


#: A fit in which process 1 fails, or stops coming, in the loader of its rows.
FAILING = """
    import os, threading
    import numpy as np, optax
    import normax as nx
    nx.distributed.initialize(timeout=float(os.environ["PATIENCE"]))
    X, y = np.ones((64, 4), "float32"), np.ones(64, "float32")
    net = nx.nn.Sequential(nx.nn.Linear(4, 1), nx.nn.Flatten(0))

    def batches(epoch):
        for number in range(4):
            if epoch == 2 and number == 1 and nx.distributed.index() == 1:
                WHAT
            yield X[:16], y[:16]

    nx.fit(net, batches, loss="squared", optimizer="sgd", epochs=5, mesh=2, checkpoint=os.environ["FILE"])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "patience", "said"),
    [
        (
            "raise OSError('shard 7 is damaged')",
            "100",
            r"process 1 \(.*\) failed: OSError: shard 7 is damaged",
        ),
        ("threading.Event().wait(20)", "4", r"process 1 \(.*\) did not come to 'fit' within 4 s"),
        (
            "return",
            "100",
            "the loader of process 1 gave other numbers of rows or batches than that of process 0 in epoch 3",
        ),
        ("os.kill(os.getpid(), 9)", "100", r"process 1 \(.*\) (failed|did not come)"),
    ],
    ids=["fails", "hangs", "ends early", "is killed"],
)
def test_who_fails_in_a_fit_is_named_by_the_others(processes, tmp_path, what, patience, said):
    code = FAILING.replace("WHAT", what)
    there = processes.started(code, 2, PATIENCE=patience, FILE=str(tmp_path / "run.safetensors"))
    there[0].wait(timeout=200)
    if "kill" not in what:
        there[1].wait(timeout=200)
    results = processes.ended(there)
    assert results[0][0] != 0
    assert re.search(said, results[0][2]), results[0][2]


@pytest.mark.slow
def test_what_processes_are_given_differently_is_refused(processes):
    code = (
        BEGIN
        + """
    part = X[nx.distributed.index() :: 2], y[nx.distributed.index() :: 2]
    net = build(None)
    try:
        nx.fit(net, part, loss="squared", optimizer="sgd", batch_size=30, mesh=2)
    except nx.InputError as error:
        print(error)
    history = nx.fit(net, (X, y), loss="squared", optimizer="sgd", batch_size=30, mesh=2, epochs=1)
    print(len(history.loss))
    """
    )
    for text in processes.output(code, 2):
        assert "data: process 1 was given other arrays than process 0" in text
        assert text.endswith("\n1")


def test_meshes_and_rules_that_cannot_be_are_refused():
    net = nx.nn.Sequential(nx.nn.Linear(3, 4), nx.nn.Linear(4, 1))
    X, y = np.ones((10, 3), "float32"), np.ones((10, 1), "float32")
    here = jax.sharding.Mesh(jax.devices()[:1], "data")
    for options, said in [
        ({"mesh": 999}, "asks for 999 devices"),
        ({"mesh": "two"}, "expected a jax.sharding.Mesh, a number of devices, or axes"),
        ({"mesh": {"data": -1, "model": -1}}, "one of them -1 for the rest"),
        ({"shard": "data"}, "over which devices"),
        (
            {"mesh": here, "shard": {"2.weigth": "data"}},
            "no weight of Sequential matches '2.weigth'; did you mean",
        ),
        ({"mesh": here, "shard": {"*": "date"}}, "the mesh has no axis 'date'; did you mean 'data'"),
        (
            {"mesh": here, "shard": {"0.weight": 3}},
            "expected a PartitionSpec, or the name of an axis of the mesh, got 3",
        ),
        ({"mesh": here, "shard": {"0.bias": P(None, "data")}}, "0.bias: .* has more entries than the shape"),
    ]:
        with pytest.raises(nx.InputError, match=said):
            nx.fit(net, (X, y), loss="squared", optimizer="sgd", **options)
    lazy = nx.nn.LazyLinear(2)
    with pytest.raises(nx.InputError, match="weight, bias: without a shape so far"):
        lazy.to(here)


def test_rules_cut_where_the_devices_divide():
    devices = jax.sharding.AbstractMesh((8,), ("data",))
    net = nx.nn.ModuleDict({"a": nx.nn.Linear(24, 16), "b": nx.nn.Linear(24, 10), "c": nx.nn.Linear(3, 5)})
    found = shardings(net, devices, {"*": "data", "a.bias": "data"})
    names = {cell: name for name, cell in net.named_parameters()}
    assert {names[cell]: tuple(lies.spec) for cell, lies in found.items()} == {
        "a.weight": (None, "data"),
        "a.bias": ("data",),
        "b.weight": (None, "data"),
        "b.bias": (),
        "c.weight": (),
        "c.bias": (),
    }
    with pytest.raises(nx.InputError, match=r"b.weight: 8 devices do not divide 10 of the shape \(10, 24\)"):
        shardings(net, devices, {"a.*": P("data"), "b.*": P("data")})


@pytest.mark.slow
def test_the_example_says_the_same_alone_and_in_two_processes():
    example = str(Path(__file__).parents[2] / "examples" / "many_processes.py")
    both = [["launch", "-n", n, "--devices", "2", "--", example] for n in "12"]
    told = [
        subprocess.run([sys.executable, "-m", "normax", *words], capture_output=True, text=True, check=True)
        for words in both
    ]
    alone, two = ([line for line in t.stdout.splitlines() if "losses" in line] for t in told)
    assert alone == two
    assert alone[0].endswith("columns kept [0, 1]")
