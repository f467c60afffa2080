"""`nn.utils` and the containers of parameters against PyTorch's."""

import copy

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn

torch = pytest.importorskip("torch")
x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


@pytest.mark.parametrize("p", [1.0, 2.0, float("inf")])
@pytest.mark.parametrize("bound", [0.1, 100.0])
def test_clipping_is_that_of_pytorch(p, bound):
    arrays = {"a": x, "b": x[0] * 3}
    theirs = [torch.nn.Parameter(torch.tensor(a)) for a in arrays.values()]
    for parameter in theirs:
        parameter.grad = parameter.data.clone()
    norm = torch.nn.utils.clip_grad_norm_(theirs, bound, p)
    ours, ours_norm = nn.utils.clip_grad_norm({k: jnp.asarray(a) for k, a in arrays.items()}, bound, p)
    np.testing.assert_allclose(ours_norm, norm, rtol=1e-5)
    for a, b in zip(ours.values(), theirs):
        np.testing.assert_allclose(a, b.grad.numpy(), rtol=1e-5)
    with pytest.raises(nx.InputError, match="optax"):
        nn.utils.clip_grad_norm_([], 1.0)
    with pytest.raises(nx.InputError, match="nan"):
        nn.utils.clip_grad_norm({"a": jnp.array([jnp.nan])}, 1.0, error_if_nonfinite=True)


def test_vectors_round_trip():
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    vector = nn.utils.parameters_to_vector(net.parameters())
    nn.utils.vector_to_parameters(2 * vector, net.parameters())
    np.testing.assert_array_equal(nn.utils.parameters_to_vector(net.parameters()), 2 * vector)
    with pytest.raises(nx.InputError, match=r"expected shape \(23,\)"):
        nn.utils.vector_to_parameters(vector[1:], net.parameters())


KINDS = [
    lambda lib: lib.utils.weight_norm,
    lambda lib: lib.utils.spectral_norm,
    lambda lib: lib.utils.parametrizations.weight_norm,
    lambda lib: lib.utils.parametrizations.spectral_norm,
]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("kind", KINDS, ids=["weight", "spectral", "new_weight", "new_spectral"])
@pytest.mark.parametrize("layer", ["Linear", "ConvTranspose1d"])
def test_normalised_weights_are_those_of_pytorch(kind, layer):
    args, data = ((4, 3), x) if layer == "Linear" else ((4, 3, 2), np.stack([x.T, 2 * x.T]))
    theirs, ours = (kind(lib)(getattr(lib, layer)(*args)) for lib in (torch.nn, nn))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    ours.load_state_dict(theirs.state_dict())
    compiled = nx.jit(copy.deepcopy(ours))
    for _ in range(2):  # training: the power iteration goes on
        wanted = theirs(torch.tensor(data)).detach().numpy()
        np.testing.assert_allclose(ours(data), wanted, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(compiled(data), wanted, rtol=1e-4, atol=1e-5)
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(compiled.net.state_dict()[name], value.numpy(), rtol=1e-4, atol=1e-5)
    (theirs(torch.tensor(data)) ** 2).sum().backward()
    grads = nx.value_and_grad(ours, lambda net, data: (net(data) ** 2).sum())(data)[1]
    for name, parameter in theirs.named_parameters():
        np.testing.assert_allclose(grads[name], parameter.grad.numpy(), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("layer", "args", "kwargs", "norm", "shape"),
    [
        ("Linear", (3, 4), {}, "BatchNorm1d", (2, 3)),
        ("Conv1d", (4, 4, 3), {"groups": 2, "bias": False}, "BatchNorm1d", (2, 4, 5)),
        ("ConvTranspose2d", (4, 6, 3), {"groups": 2}, "BatchNorm2d", (2, 4, 3, 3)),
    ],
)
def test_batch_norm_folds_into_the_layer_before_as_in_pytorch(layer, args, kwargs, norm, shape):
    torch.manual_seed(0)
    theirs = [getattr(torch.nn, layer)(*args, **kwargs), getattr(torch.nn, norm)(args[1])]
    ours = [getattr(nn, layer)(*args, **kwargs), getattr(nn, norm)(args[1])]
    for a, b in zip(ours, theirs):
        for value in b.state_dict().values():
            if value.is_floating_point():
                value.uniform_(0.5, 1.5)
        a.load_state_dict(b.state_dict())
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    if layer == "Linear":
        with pytest.raises(nx.InputError, match=r"net\.eval"):
            nn.utils.fuse_linear_bn_eval(*ours)
        fuse, options = "fuse_linear_bn_eval", {}
    else:
        fuse, options = "fuse_conv_bn_eval", {"transpose": "Transpose" in layer}
    fused = getattr(nn.utils, fuse)(*(m.eval() for m in ours), **options)
    np.testing.assert_allclose(fused(x), ours[1](ours[0](x)), rtol=1e-4, atol=1e-5)
    if not kwargs.get("groups") or "Transpose" not in layer:  # PyTorch's own refuses groups there
        wanted = getattr(torch.nn.utils, fuse)(*(m.eval() for m in theirs), **options)
        np.testing.assert_allclose(fused.weight, wanted.weight.detach(), rtol=1e-5)
        np.testing.assert_allclose(fused.bias, wanted.bias.detach(), rtol=1e-4, atol=1e-6)


def test_a_step_trains_what_the_weight_is_computed_from():
    net = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3))
    chain = net.parametrizations.weight
    before, u = np.asarray(chain.original), np.asarray(chain[0]._u)
    step = nx.train_step(net, lambda net, x: (net(x) ** 2).mean(), optax.sgd(0.1))
    step(x), step(x)
    assert not np.allclose(before, chain.original)
    assert not np.allclose(u, chain[0]._u)


@pytest.mark.parametrize("kind", KINDS, ids=["weight", "spectral", "new_weight", "new_spectral"])
def test_removal_leaves_the_value(kind):
    net = kind(nn)(nn.Linear(4, 3))
    net.eval()
    wanted = np.asarray(net.weight.value)
    with pytest.raises(nx.InputError, match="remove"):
        net.weight = nn.Parameter(jnp.zeros((3, 4)))
    if "parametrizations" in dict(net.named_children()):
        nn.utils.parametrize.remove_parametrizations(net, "weight")
    elif "weight_g" in net.state_dict():
        nn.utils.remove_weight_norm(net)
    else:
        nn.utils.remove_spectral_norm(net)
    assert set(net.state_dict()) == {"weight", "bias"}
    np.testing.assert_allclose(net.weight, wanted, rtol=1e-6)
    assert repr(net) == repr(nn.Linear(4, 3))


def test_a_recurrent_layer_takes_a_computed_weight():
    net = nn.utils.weight_norm(nn.LSTM(4, 3), "weight_hh_l0")
    nn_before = net(x)[0]
    net.weight_hh_l0_g.value = 2 * net.weight_hh_l0_g
    assert not np.allclose(nn_before, net(x)[0])


def held(lib, zeros):
    m = lib.Module()
    m.l = lib.ParameterList([zeros(2), lib.Parameter(zeros(1))])
    m.d = lib.ParameterDict({"b": zeros(3), "a": lib.Parameter(zeros(1))})
    m.l.append(zeros(4))
    m.d.pop("b")
    m.d["c"] = zeros(2)
    return m


def test_containers_of_parameters_name_as_pytorch_does():
    ours, theirs = held(nn, jnp.zeros), held(torch.nn, torch.zeros)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert list(ours.d.keys()) == list(theirs.d.keys())
    assert [tuple(p.shape) for p in ours.l] == [tuple(p.shape) for p in theirs.l]
    with pytest.raises(IndexError):
        ours.l[3]
    with pytest.raises(KeyError):
        ours.d["b"]


@pytest.mark.parametrize("side", ["left", "right"])
def test_sequences_are_padded_as_pytorch_pads(side):
    parts = [x[:3], x[:1], x]
    wanted = torch.nn.utils.rnn.pad_sequence([torch.tensor(p) for p in parts], True, 7.0, side)
    np.testing.assert_array_equal(nn.utils.rnn.pad_sequence(parts, True, 7.0, side), wanted.numpy())
