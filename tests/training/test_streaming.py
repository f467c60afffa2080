"""Streamed data: the same fit as in memory, whatever it is read from."""

import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.penalties import L1
from normax.training import sources

random = np.random.default_rng(0)
X = random.normal(size=(70, 4)).astype(np.float32)
y = (X[:, 0] - X[:, 1] > 0).astype(np.int32)
OPTIONS = {"loss": "cross_entropy", "optimizer": optax.adam(1e-2), "epochs": 3, "batch_size": 16, "seed": 0,
           "metrics": ["accuracy"]}  # fmt: skip


def network():
    nx.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 2))
    return nx.penalize(net, L1(1e-3))


def fitted(data, **options):
    net = network()
    history = nx.fit(net, data, **(OPTIONS | options))
    return np.concatenate([np.ravel(v) for v in net.state_dict().values()]), history


@pytest.fixture(scope="module")
def in_memory():
    return fitted((X, y), validation=0.2)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(sources, "CHUNK_STEPS", 2)


def test_a_memory_map_is_the_same_fit_to_the_bit(in_memory, tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    weights, history = fitted((mapped, y), validation=0.2)
    np.testing.assert_array_equal(weights, in_memory[0])
    for name, column in history.columns().items():
        np.testing.assert_allclose(column, in_memory[1].columns()[name], rtol=1e-6)


def test_loaders_train_in_their_own_order():
    weights, _ = fitted((X, y), shuffle=False)
    batches = [(X[i : i + 16], y[i : i + 16]) for i in range(0, 70, 16)]
    for loader in (batches, lambda epoch: iter(batches)):
        np.testing.assert_allclose(fitted(loader)[0], weights, rtol=1e-4, atol=1e-5)


def test_a_pytorch_loader(in_memory):
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y))
    loader = torch.utils.data.DataLoader(data, batch_size=16)
    weights, history = fitted(loader, validation=(X, y))
    np.testing.assert_allclose(weights, fitted((X, y), shuffle=False)[0], rtol=1e-4, atol=1e-5)
    assert history.validation_loss.shape == (3,)


def test_parquet_comes_as_memory_maps(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"t": y} | {f"x{i}": X[:, i] for i in range(4)})
    parquet.write_table(table, tmp_path / "data.parquet", row_group_size=20)
    read, target = nx.parquet(tmp_path / "data.parquet", target="t")
    assert isinstance(read, np.memmap)
    np.testing.assert_array_equal(read, X)
    np.testing.assert_array_equal(target, y)
    with pytest.raises(nx.InputError, match="did you mean 'x0'"):
        nx.parquet(tmp_path / "data.parquet", target="t", features=["x00"])


def test_bad_rows_and_batches_are_named():
    spoilt = X.copy()
    spoilt[50, 2] = np.inf
    with pytest.raises(nx.InputError, match="row 50, column 2"):
        fitted((spoilt, y), in_memory=False)
    labels = y.copy()
    labels[40] = 7
    with pytest.raises(nx.InputError, match="got 7 at row 40"):
        fitted((X, labels), in_memory=False)
    with pytest.raises(nx.InputError, match="batch 1 has no weights"):
        fitted([(X[:20], y[:20], np.ones(20)), (X[:20], y[:20])], epochs=6)
    with pytest.raises(nx.InputError, match="batch 2 of epoch 1 follows a short one"):
        fitted([(X[:20], y[:20]), (X[:10], y[:10]), (X[:20], y[:20])], epochs=4)
    with pytest.raises(nx.InputError, match="function of the epoch"):
        fitted(iter([(X, y)]))
    with pytest.raises(nx.InputError, match="third part"):
        fitted([(X, y)], validation=0.2)


def test_an_interrupted_loader_resumes_where_it_stopped(tmp_path):
    batches = [(X[i : i + 16], y[i : i + 16]) for i in range(0, 70, 16)]
    expected, _ = fitted(batches)

    class Stopped(Exception):
        pass

    def stopping(epoch):
        for number, batch in enumerate(batches):
            if (epoch, number) == (1, 4):
                raise Stopped
            yield batch

    options = {"checkpoint": nx.Checkpoint(tmp_path / "run.safetensors", every=0)}
    with pytest.raises(Stopped):
        fitted(stopping, **options)
    weights, history = fitted(lambda epoch: iter(batches), resume=True, **options)
    np.testing.assert_array_equal(weights, expected)
    assert len(history.loss) == 3
    with pytest.raises(nx.InputError, match="measures"):
        fitted(lambda epoch: iter(batches), resume=True, **(options | {"metrics": []}))


def test_the_bar_tells_loss_metric_and_zeros(capsys):
    told = []
    fitted((X, y), callbacks=[lambda run: told.append(run._text())], progress=True)
    assert all(word in told[-1] for word in ("epoch 3 of 3", "loss 0.", "accuracy 0.", "zeros "))
    capsys.readouterr()


def test_a_tuple_is_x_and_y_whatever_they_are_made_of():
    nets = [nn.Linear(2, 1) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    for net, data in zip(
        nets, (([[1.0, 2.0], [3.0, 4.0]], [0.0, 1.0]), [np.array([[1.0, 2], [3, 4]]), np.arange(2.0)])
    ):
        nx.fit(net, data, loss="squared", optimizer=optax.sgd(0.01), epochs=1)
    np.testing.assert_array_equal(np.asarray(nets[0].weight), np.asarray(nets[1].weight))
    with pytest.raises(nx.InputError, match="sample_weight="):
        nx.fit(nets[0], (X, y, y), loss="squared", optimizer=optax.sgd(0.01))
