"""What PyTorch calls otherwise or has and normax does not need: the answer to a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable

from normax.errors import suggest

__all__ = ["missing_name", "penalty_name"]

_GRADIENTS = (
    "gradients are taken only where asked for (`nx.value_and_grad`, `nx.train_step`); delete the line"
)
_TRAINING = "write optax.{} and give it to nx.train_step, nx.fit or nx.path"

_ARRAYS = """float16 bfloat16 float32 float64 float half double int8 int16 int32 int64 long bool uint8 zeros ones
    empty full eye arange linspace zeros_like ones_like full_like cat concat concatenate stack split chunk reshape
    permute transpose squeeze unsqueeze flatten matmul mm bmm dot einsum outer sum mean std var max min argmax argmin
    sort argsort topk cumsum exp log sqrt sin cos tanh abs clamp clip where isnan isinf isfinite allclose equal norm
    linalg fft"""

# PyTorch's names, parted by spaces -> what to write instead.
_SAID = {
    "tensor as_tensor from_numpy Tensor FloatTensor LongTensor": (
        "arrays are jax.numpy's, and modules take NumPy's too; write jnp.asarray(x)"
    ),
    "no_grad enable_grad set_grad_enabled inference_mode is_grad_enabled": _GRADIENTS,
    "autograd grad backward": "write nx.value_and_grad(net, loss_fn)(x, y), or jax.grad",
    "vmap func jacobian": "write jax.vmap, jax.jacobian over nx.functional_call",
    "optim": "optimisers are optax's: import optax; optax.adam(1e-3), optax.sgd(0.1)",
    "Adam": _TRAINING.format("adam(1e-3)"),
    "AdamW": _TRAINING.format("adamw(1e-3)"),
    "SGD": _TRAINING.format("sgd(0.1)"),
    "RMSprop": _TRAINING.format("rmsprop(1e-3)"),
    "compile script trace": "write nx.jit(net)",
    "functional": "write nx.nn.functional",
    "seed initial_seed set_rng_state": "write nx.manual_seed(0)",
    "DataLoader Dataset TensorDataset": "nx.fit takes arrays (X, y), or any loader of batches",
    "amp autocast": "cast the network, net.to('bfloat16')",
    "DataParallel DistributedDataParallel distributed": "nx.path lays its lanes over all devices by itself",
    "SyncBatchNorm": "write nn.BatchNorm2d",
    _ARRAYS: "arrays are jax.numpy's: import jax.numpy as jnp",
    "rand randn randint randperm normal bernoulli multinomial Generator random": (
        "random arrays are jax.random's or NumPy's: np.random.default_rng(0).normal(size=(n, p)).astype('float32')"
    ),
}
_INSTEAD = {name: said for names, said in _SAID.items() for name in names.split()}


# What penalties are called elsewhere -> their names here.
_PENALTIES = {
    "lasso": "l1",
    "ridge": "l2",
    "tikhonov": "l2",
    "enet": "elastic-net",
    "elasticnet": "elastic-net",
}


def penalty_name(text: str) -> str:
    """A penalty's name as it is written here: by the field's names, in any case, with any dash.

    Example:
        >>> penalty_name("Lasso"), penalty_name("elastic_net"), penalty_name("group-laso")
        ('l1', 'elastic-net', 'group-laso')
    """
    plain = text.strip().casefold().replace("_", "-").replace(" ", "-")
    return _PENALTIES.get(plain, plain)


def missing_name(
    module: str, name: str, known: Iterable[str], elsewhere: Iterable[str] = ()
) -> AttributeError:
    """The error for a name that a module has not: where it is, what to write instead, or the closest there is.

    Args:
        module: the module's name.
        name: what was asked for.
        known: the names that it has.
        elsewhere: full names that also are there, such as `nn.functional.linear`.

    Example:
        >>> print(missing_name("normax.nn", "linear", ["Linear", "ReLU"], ["nn.functional.linear"]))
        module 'normax.nn' has no attribute 'linear'; did you mean 'Linear'? There is also nn.functional.linear
        >>> print(missing_name("normax", "no_such", ["fit"]))
        module 'normax' has no attribute 'no_such'
    """
    known, said = list(known), f"module {module!r} has no attribute {name!r}"
    places = [full for full in elsewhere if full.rpartition(".")[2] == name]
    same = [other for other in known if other.casefold() == name.casefold()]
    if same:
        said += f"; did you mean {same[0]!r}?" + (f" There is also {places[0]}" if places else "")
    elif places:
        said += f"; write {places[0]}"
    elif name in _INSTEAD:
        said += f": {_INSTEAD[name]}"
    else:
        said += suggest(name, known)
    return AttributeError(said, name=name)
