"""PyTorch's data sets, samplers and loader: the same batches, and a fit takes them as they are."""

from collections import namedtuple

import numpy as np
import optax
import pytest
import torch

import normax as nx
from normax import nn
from normax.errors import InputError, Notice
from normax.torch.utils import data as ours

theirs = torch.utils.data
Point = namedtuple("Point", "x y")
X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
y = (X[:, 0] > 0).astype(np.int64)


def rows(module):
    """A data set as people write one."""

    class Rows(module.Dataset):
        def __len__(self):
            return len(X)

        def __getitem__(self, i):
            return X[i], int(y[i])

    return Rows()


def numbers(value):
    """Nested batches as NumPy and Python, of tensors of ours or theirs."""
    if isinstance(value, dict):
        return {key: numbers(part) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value).__name__, [numbers(part) for part in value]
    if isinstance(value, list | tuple):
        return type(value).__name__, [numbers(part) for part in value]
    return value if isinstance(value, str) else ("tensor", np.asarray(value).tolist())


ITEMS = {
    "pairs": [(np.ones(2, "float32") * i, i) for i in range(3)],
    "floats and truths": [(0.5 * i, i > 0) for i in range(3)],
    "dicts": [
        {"x": np.arange(2.0, dtype="float32"), "name": f"row {i}", "more": [i, (i, i)]} for i in range(2)
    ],
    "named tuples": [Point(np.zeros((1, 2), "float32"), 1), Point(np.ones((1, 2), "float32"), 0)],
}


@pytest.mark.parametrize("name", ITEMS)
def test_batches_are_collated_as_torch_does(name):
    assert numbers(ours.default_collate(ITEMS[name])) == numbers(theirs.default_collate(ITEMS[name]))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch_size": 7},
        {"batch_size": 7, "drop_last": True},
        {"batch_size": None},
        {"sampler": [3, 1, 2], "batch_size": 2},
        {"batch_sampler": [[0, 4], [2]]},
        {"batch_size": 4, "collate_fn": lambda items: len(items)},
    ],
)
def test_loaders_give_the_batches_of_torch(settings):
    mine, other = (module.DataLoader(rows(module), **settings) for module in (ours, theirs))
    assert len(mine) == len(other)
    for a, b in zip(mine, other, strict=True):
        assert numbers(a) == numbers(b)


def test_iterable_data_sets_and_joined_ones():
    def stream(module):
        class Stream(module.IterableDataset):
            def __iter__(self):
                return iter(range(5))

        return Stream() + Stream()

    def joined(module):
        return module.ConcatDataset([rows(module), module.Subset(rows(module), [3, 5])]) + rows(module)

    for make in (stream, joined):
        mine, other = (module.DataLoader(make(module), batch_size=4) for module in (ours, theirs))
        assert [numbers(a) for a in mine] == [numbers(b) for b in other]


def test_shuffling_goes_through_everything_and_follows_the_seed():
    loader = ours.DataLoader(ours.TensorDataset(X, y), batch_size=8, shuffle=True)
    nx.manual_seed(3)
    first = np.concatenate([np.asarray(x) for x, _ in loader])
    second = np.concatenate([np.asarray(x) for x, _ in loader])
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first[:, 0]), np.sort(X[:, 0]))
    nx.manual_seed(3)
    np.testing.assert_array_equal(first, np.concatenate([np.asarray(x) for x, _ in loader]))


def test_weighted_draws_have_their_frequencies():
    drawn = list(ours.WeightedRandomSampler([1, 3, 0], 4000))
    assert len(drawn) == 4000
    assert abs(np.mean(np.array(drawn) == 1) - 0.75) < 0.03
    assert 2 not in drawn
    assert sorted(ours.SubsetRandomSampler([4, 9, 2])) == [2, 4, 9]
    assert len(list(ours.RandomSampler(range(3), num_samples=8))) == 8


def test_random_splits_have_the_lengths_of_torch():
    for lengths in ([0.5, 0.3, 0.2], [0.33, 0.33, 0.34], [10, 20]):
        mine, other = (
            [len(part) for part in module.random_split(rows(module), lengths)] for module in (ours, theirs)
        )
        assert mine == other
    with pytest.raises(InputError, match="add up to 30"):
        ours.random_split(rows(ours), [1, 2])


def fitted(data, **options):
    nx.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    settings = {"loss": "cross_entropy", "optimizer": optax.sgd(0.1), "epochs": 2, "batch_size": 8, "seed": 0}
    history = nx.fit(net, data, **(settings | options))
    return np.concatenate([np.ravel(value) for value in net.state_dict().values()]), history


@pytest.mark.parametrize("module", [ours, theirs], ids=["ours", "torch's"])
def test_a_fit_takes_data_sets_as_they_are(module):
    expected, history = fitted((X, y), validation=0.2)
    tensor = torch.tensor if module is theirs else np.asarray
    for data in (rows(module), module.TensorDataset(tensor(X), tensor(y))):
        weights, own = fitted(data, validation=0.2)
        np.testing.assert_allclose(weights, expected, rtol=1e-6)
        np.testing.assert_allclose(own.validation_loss, history.validation_loss, rtol=1e-6)
    train, held_out = module.random_split(module.TensorDataset(tensor(X), tensor(y)), [0.8, 0.2])
    weights, own = fitted(train, validation=held_out)
    places = np.asarray(train.indices), np.asarray(held_out.indices)
    expected, history = fitted((X[places[0]], y[places[0]]), validation=(X[places[1]], y[places[1]]))
    np.testing.assert_allclose(weights, expected, rtol=1e-6)
    np.testing.assert_allclose(own.validation_loss, history.validation_loss, rtol=1e-6)
    loader = module.DataLoader(rows(module), batch_size=8)
    expected, _ = fitted((X, y), shuffle=False)
    np.testing.assert_allclose(fitted(loader, validation=loader)[0], expected, rtol=1e-4, atol=1e-6)


def test_every_epoch_reads_anew_and_weights_count():
    read = []

    class Noted:
        def __len__(self):
            return len(X)

        def __getitem__(self, i):
            read.append(i)
            return X[i], y[i]

    weights = np.arange(1.0, 31)
    found, _ = fitted(Noted(), sample_weight=weights)
    np.testing.assert_allclose(found, fitted((X, y), sample_weight=weights)[0], rtol=1e-6)
    assert np.bincount(read).min() >= 2


def test_a_path_reads_a_data_set_once_and_says_so():
    net = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    options = {
        "loss": "cross_entropy",
        "strengths": [0.1, 0.01],
        "cv": 2,
        "epochs": 2,
        "optimizer": optax.sgd(0.1),
    }
    with pytest.warns(Notice) as told:
        path = nx.path(net, rows(ours), **options)
    assert len(path.strengths) == 2
    assert sum("the 30 items of Rows were read once" in str(notice.message) for notice in told) == 1


def test_what_is_no_data_set_is_named():
    class Ragged:
        def __len__(self):
            return 6

        def __getitem__(self, i):
            return X[i, : 4 - (i == 4)], 0

    with pytest.raises(InputError, match=r"x of \(3,\) as item 4"):
        fitted(Ragged(), shuffle=False)
    with pytest.raises(InputError, match=r"expected items \(x, y\), got float32"):
        fitted(type("Bare", (), {"__len__": lambda s: 4, "__getitem__": lambda s, i: X[0, i]})())
    with pytest.raises(InputError, match=r"DataLoader\(dataset, batch_size=32\)"):
        fitted(type("Stream", (ours.IterableDataset,), {"__iter__": lambda s: iter([])})())
    with pytest.raises(InputError, match="sampler and shuffle exclude each other"):
        ours.DataLoader(rows(ours), shuffle=True, sampler=[1])
    with pytest.raises(InputError, match=r"got \[3\] at item 1 and \[2\] at item 0"):
        ours.default_collate([np.zeros(2), np.zeros(3)])
