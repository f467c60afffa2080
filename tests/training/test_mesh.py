"""Fits over meshes of simulated devices and over processes: the history of one device, wherever the parts of it run."""

import json

import numpy as np
import pytest

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
#: A fit with everything in it, by optimiser.
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
