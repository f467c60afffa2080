"""Small slips: the message speaks of what is wrong, in one line, before any work."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.penalties import L1

rng = np.random.default_rng(0)
X = rng.normal(size=(48, 5)).astype("f4")
y = np.arange(48) % 3
OPTIONS = {"loss": "cross_entropy", "optimizer": optax.adam(0.01), "epochs": 1, "batch_size": 16}


def net():
    return nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))


def fit(data, **options):
    nx.fit(net(), data, **OPTIONS | options)


def path(data, **options):
    nx.path(net(), data, **OPTIONS | {"cv": 2} | options)


masked = np.ma.masked_array(X, np.arange(X.size).reshape(X.shape) == 16)
DATA = {
    "labels from 1": ((X, y + 1), {}, r"^y: .*integer classes 0 to 2, got 3 at row 2"),
    "text labels": ((X, np.array(list("abc"))[y]), {}, "^y: expected numbers.*np.unique"),
    "fractions": ((X, y + 0.5), {}, "^y: cross_entropy expects integer classes.*got 0.5 at row 0"),
    "a column of classes": ((X, y[:, None]), {}, "write y.ravel"),
    "a loss module": ((X, y), {"loss": nn.CrossEntropyLoss()}, "loss: expected one value a row.*reduction='none'"),
    "a loss's class": ((X, y), {"loss": nn.CrossEntropyLoss}, "CrossEntropyLoss is a class; make one"),
    "a loss of nothing": ((X, y), {"loss": lambda output, target: None}, "loss: expected one value a row.*NoneType"),
    "a list of losses": ((X, y), {"loss": ["mse"]}, "loss: unknown .*one of squared"),
    "ragged rows": (([[1, 2], [3]], [0, 1]), {}, "^X: expected rows of equal length, got 2 .* row 0 and 1 in row 1"),
    "a masked cell": ((masked, y), {}, "^X: masked at row 3, column 1"),
    "a masked target": ((X, np.ma.masked_equal(y, 2)), {}, r"^y: masked at row 2 \(16 in all\)"),
    "masked weights": ((X, y), {"sample_weight": np.ma.masked_equal(np.ones(48), 1)}, "^sample_weight: masked at row 0"),
    "beyond float32": ((X.astype(float) * 1e300, y), {}, r"^X: expected at most 3.4e\+38, .* at row 0, column 0 \(240 in all\)"),
    "a seed with a fraction": ((X, y), {"seed": 1.5}, "^seed: expected a whole number from 0"),
    "a negative seed": ((X, y), {"seed": -1}, "^seed: .*got -1"),
    "a seed of 65 bits": ((X, y), {"seed": 2**64}, "^seed: .*got 18446744073709551616"),
}  # fmt: skip


@pytest.mark.parametrize("train", [fit, path])
@pytest.mark.parametrize("name", DATA)
def test_data_are_looked_at_before_strengths(name, train):
    data, options, words = DATA[name]
    with pytest.raises(nx.InputError, match=words):
        train(data, **options)


def test_an_index_beyond_32_bits():
    words = nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(15, 3))
    with pytest.raises(nx.InputError, match=r"X: expected -2147483648 .* at row 0, column 0"):
        nx.fit(words, (np.full((48, 5), 2**40), y), **OPTIONS)


def test_a_path_of_something_else():
    for data in (X, (X, y, y)):
        with pytest.raises(nx.InputError, match=r"data: expected \(X, y\)"):
            path(data)


BATCHES = {
    "nothing": ([], "the loader has no batch"),
    "other columns": ([(X[:16], y[:16]), (X[16:32, :4], y[16:32])], r"batch 1 has X of shape \(16, 4\).*\(16, 5\)"),
    "other targets": ([(X[:16], y[:16]), (X[16:32], y[16:32, None])], r"batch 1 has y of shape \(16, 1\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", BATCHES)
def test_loaders(name):
    batches, words = BATCHES[name]
    with pytest.raises(nx.InputError, match=words):
        fit(batches)


def test_callbacks_and_metrics():
    with pytest.raises(nx.InputError, match="callbacks: expected a list of them, got 3"):
        fit((X, y), callbacks=3)
    for loss in ("squared", lambda output, target: (output[:, 0] - target) ** 2):
        with pytest.raises(nx.InputError, match="'accuracy' counts right classes, and"):
            nx.fit(nn.Linear(5, 1), (X, X[:, 0]), metrics=["accuracy"], **OPTIONS | {"loss": loss})


def test_a_ragged_table_of_an_estimator():
    with pytest.raises(nx.InputError, match="X: expected rows of equal length"):
        nx.NetworkClassifier().fit([[1, 2], [3]], [0, 1])
    with pytest.raises(nx.InputError, match="X: masked at row 3"):
        nx.NetworkClassifier().fit(masked, y)


class Holder(nn.Module):
    def __init__(self, **attributes):
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)

    def forward(self, x):
        return x


HELD = {
    "array": ({"w": jnp.ones(3)}, r"w is a plain array; write `self.w = nn.Parameter\(array\)`"),
    "numpy": ({"w": np.ones(3)}, "nn.Parameter"),
    "list": ({"layers": [nn.Linear(2, 2)]}, "layers is a plain list of modules; .*nn.ModuleList"),
    "tuple": ({"layers": (nn.Linear(2, 2),)}, "layers is a plain tuple of modules; .*nn.ModuleList"),
    "dict": ({"layers": {"a": nn.Linear(2, 2)}}, "layers is a plain dict of modules; .*nn.ModuleDict"),
    "parameters": ({"ws": [nn.Parameter(jnp.ones(2))]}, "ws is a plain list of parameters; .*nn.ParameterList"),
    "a child's": ({"inner": Holder(w=np.ones(3))}, r"inner\.w is a plain array"),
    "nothing": ({}, "give it layers"),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_what_was_not_registered_is_named(name):
    attributes, words = HELD[name]
    holder = Holder(**attributes)
    for call in (
        lambda: nx.fit(holder, (X, y), **OPTIONS),
        lambda: nx.path(holder, (X, y), **OPTIONS),
        lambda: nx.train_step(holder, lambda net, x, y: net(x).mean(), optax.sgd(0.1)),
        lambda: nx.penalize(holder, L1(0.1)),
    ):
        with pytest.raises(nx.InputError, match="Holder has no trainable parameter: .*" + words):
            call()


@pytest.mark.parametrize(
    ("home", "name", "words"),
    [
        (nx, "tensor", "jnp.asarray"),
        (nx, "no_grad", "delete the line"),
        (nx, "optim", "optax"),
        (nx, "zeros", "import jax.numpy as jnp"),
        (nx, "Linear", "write nx.nn.Linear"),
        (nx, "relu", "write nx.nn.functional.relu"),
        (nx, "LassoCV", "write nx.linear_model.LassoCV"),
        (nx, "fitt", "did you mean 'fit'"),
        (nn, "linear", "did you mean 'Linear'. There is also nn.functional.linear"),
        (nn, "cross_entropy", "write nn.functional.cross_entropy"),
        (nn, "Drop0ut", "did you mean 'Dropout'"),
        (nn.functional, "Relu", "did you mean 'relu'"),
    ],
)
def test_names_of_pytorch(home, name, words):
    with pytest.raises(AttributeError, match=f"has no attribute {name!r}.*{words}"):
        getattr(home, name)
    assert not hasattr(home, "_no_such_name")


@pytest.mark.parametrize("train", [fit, path])
def test_a_loss_of_pytorch(train):
    torch = pytest.importorskip("torch")
    for loss in (
        torch.nn.CrossEntropyLoss(reduction="none"),
        torch.nn.functional.cross_entropy,
        torch.nn.CrossEntropyLoss,
    ):
        with pytest.raises(nx.InputError, match=r"^loss: .*(computes on tensors|is a class)"):
            train((X, y), loss=loss)


def test_files_of_something_else(tmp_path):
    with pytest.raises(nx.InputError, match=r"checkpoint: expected a file or nx.Checkpoint\(file\), got 3"):
        fit((X, y), checkpoint=3)
    with pytest.raises(nx.InputError, match=r"save: expected a normax Module, got dict; write nx.save"):
        nx.save({"a": X}, tmp_path / "a.safetensors")
