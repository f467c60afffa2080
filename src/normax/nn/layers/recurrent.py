"""Recurrent layers: RNN, LSTM and GRU, whole sequences and single steps.

The input's part of all gates is one matrix product over the whole sequence; `jax.lax.scan` runs the rest.
Packed sequences run padded: past a sequence's end its state stands still.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from normax.errors import InputError, suggest
from normax.nn import functional as F
from normax.nn import init
from normax.nn.functional._common import as_array, check_dtypes, optional
from normax.nn.layers._common import new_parameter
from normax.nn.module import Module
from normax.nn.packed import PackedSequence
from normax.nn.random import layer_key

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNBase", "RNNCell", "RNNCellBase"]


def _rnn(activation: Any) -> Any:
    def step(x, state, w, b, _):
        (h,) = state
        return (activation(x + h @ w.T + b),)

    return step


def _lstm(x, state, w, b, project):
    h, c = state
    i, f, g, o = jnp.split(x + h @ w.T + b, 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h if project is None else h @ project.T), c


def _gru(x, state, w, b, _):
    (h,) = state
    (xr, xz, xn), (hr, hz, hn) = jnp.split(x, 3, -1), jnp.split(h @ w.T + b, 3, -1)
    r, z = jax.nn.sigmoid(xr + hr), jax.nn.sigmoid(xz + hz)
    return ((1 - z) * jnp.tanh(xn + r * hn) + z * h,)


_STEPS = {"RNN_TANH": _rnn(jnp.tanh), "RNN_RELU": _rnn(jax.nn.relu), "LSTM": _lstm, "GRU": _gru}
_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


class _Gated(Module):
    """What layers and cells share: the mode, and parameters from `U(−1/√hidden, 1/√hidden)`."""

    mode: str

    def _register(
        self, suffix: str, inputs: int, recurrent: int, bias: bool, device: Any, dtype: Any
    ) -> None:
        rows = _GATES[self.mode] * self.hidden_size
        for name, shape in (("weight_ih", (rows, inputs)), ("weight_hh", (rows, recurrent))):
            self.register_parameter(name + suffix, new_parameter(shape, "weight", device, dtype))
        for name in ("bias_ih", "bias_hh"):
            cell = new_parameter((rows,), "bias", device, dtype) if bias else None
            if bias or not suffix:
                self.register_parameter(name + suffix, cell)

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _part(self, name: str) -> Any:
        return optional(getattr(self, name) if name in self._computed else self._parameters.get(name))


class RNNBase(_Gated):
    """A stack of recurrent layers, in one or both directions: the base of `RNN`, `LSTM` and `GRU`.

    Args:
        mode: `"RNN_TANH"`, `"RNN_RELU"`, `"LSTM"` or `"GRU"`; the others are `LSTM`'s.

    Example:
        >>> RNNBase("GRU", 3, 4, num_layers=2)
        RNNBase(3, 4, num_layers=2)
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if mode not in _STEPS:
            raise InputError(
                f"mode: expected one of {list(_STEPS)}, got {mode!r}{suggest(str(mode), _STEPS)}"
            )
        if proj_size and mode != "LSTM":
            raise InputError("proj_size: only LSTM projects its state")
        self.mode = mode
        if hidden_size <= 0 or num_layers <= 0:
            raise InputError(f"expected hidden_size and num_layers > 0, got {hidden_size} and {num_layers}")
        if not 0 <= dropout <= 1:
            raise InputError(f"dropout: expected between 0 and 1, got {dropout}")
        if not 0 <= proj_size < hidden_size:
            raise InputError(
                f"proj_size: expected from 0 to less than hidden_size={hidden_size}, got {proj_size}"
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional, self.proj_size = bidirectional, proj_size
        out = proj_size or hidden_size
        for layer in range(num_layers):
            inputs = out * (1 + bidirectional) if layer else input_size
            for suffix in self._suffixes(layer):
                self._register(suffix, inputs, out, bias, device, dtype)
                if proj_size:
                    shape = (proj_size, hidden_size)
                    self.register_parameter(
                        "weight_hr" + suffix, new_parameter(shape, "weight", device, dtype)
                    )
        self.reset_parameters()

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}"] + ([f"_l{layer}_reverse"] if self.bidirectional else [])

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters of each layer and direction, as PyTorch lists them."""
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        suffixes = [suffix for layer in range(self.num_layers) for suffix in self._suffixes(layer)]
        return [
            [getattr(self, kind + suffix) for kind in kinds if hasattr(self, kind + suffix)]
            for suffix in suffixes
        ]

    def flatten_parameters(self) -> None:
        """Nothing: PyTorch lays weights out for cuDNN here, which XLA does by itself."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Run over sequences.

        Args:
            input: `(T, N, features)`, `(N, T, features)` with `batch_first`, `(T, features)`, or a
                `nn.utils.rnn.PackedSequence`.
            hx: the states before the first step, `(layers · directions, N, size)`; default 0.

        Returns:
            The outputs, packed if the input was, and the states after each sequence's last step.
        """
        packed = isinstance(input, PackedSequence)
        x = input.padded if packed else as_array(input)
        check_dtypes(x, self.weight_ih_l0)
        if x.ndim not in ((3,) if packed else (2, 3)) or x.shape[-1] != self.input_size:
            raise InputError(
                f"expected input of {self.input_size} features, 2D (unbatched) or 3D, got shape {x.shape}"
            )
        if not x.shape[1 if self.batch_first and x.ndim == 3 and not packed else 0]:
            raise InputError(f"expected sequences of at least one step, got shape {x.shape}")
        unbatched = x.ndim == 2
        turned = self.batch_first and not unbatched and not packed
        if unbatched:
            x = x[:, None]
        elif turned:
            x = x.swapaxes(0, 1)
        running = input.running if packed else None
        states = self._initial(x, hx, unbatched)
        finals: list[Any] = []
        for layer in range(self.num_layers):
            if layer and self.training and self.dropout > 0:
                x = F.dropout(x, self.dropout, key=layer_key(self))
            ys = []
            for suffix in self._suffixes(layer):
                y, final = self._run(x, tuple(s[len(finals)] for s in states), suffix, running)
                ys.append(y)
                finals.append(final)
            x = jnp.concatenate(ys, -1) if len(ys) > 1 else ys[0]
        ends = tuple(jnp.stack(parts) for parts in zip(*finals))
        if unbatched:
            x, ends = x[:, 0], tuple(end[:, 0] for end in ends)
        elif turned:
            x = x.swapaxes(0, 1)
        return input.with_padded(x) if packed else x, (ends if self.mode == "LSTM" else ends[0])

    def _initial(self, x: jax.Array, hx: Any, unbatched: bool) -> tuple[jax.Array, ...]:
        """The states before the first step, `(layers · directions, N, size)` each."""
        count = self.num_layers * (1 + self.bidirectional)
        sizes = [self.proj_size or self.hidden_size] + ([self.hidden_size] if self.mode == "LSTM" else [])
        shapes = [(count, x.shape[1], size) for size in sizes]
        if hx is None:
            return tuple(jnp.zeros(shape, x.dtype) for shape in shapes)
        given = [as_array(h) for h in (hx if self.mode == "LSTM" else (hx,))]
        given = [h[:, None] for h in given] if unbatched else given
        if [h.shape for h in given] != shapes:
            raise InputError(f"hx: expected shapes {shapes}, got {[h.shape for h in given]}")
        return tuple(given)

    def _run(self, x: jax.Array, state: tuple[jax.Array, ...], suffix: str, running: Any) -> Any:
        w, project, bias = (self._part(n + suffix) for n in ("weight_hh", "weight_hr", "bias_hh"))
        step, zero = _STEPS[self.mode], jnp.zeros((), x.dtype)
        gates = F.linear(x, self._part("weight_ih" + suffix), self._part("bias_ih" + suffix))

        def body(state, row):
            state = step(row, state, w, zero if bias is None else bias, project)
            return state, state[0]

        def within(before, row):
            """A step of the sequences that still run; the others keep their state and put out 0."""
            gates, on = row
            after, y = body(before, gates)
            return tuple(jnp.where(on, a, b) for a, b in zip(after, before)), jnp.where(on, y, 0)

        inputs = gates if running is None else (gates, running[..., None])
        reverse = suffix.endswith("_reverse")
        final, y = jax.lax.scan(body if running is None else within, state, inputs, reverse=reverse)
        return y, final

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0}
        for name, default in (*defaults.items(), ("bidirectional", False)):
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text


def _mode(nonlinearity: str) -> str:
    if nonlinearity not in ("tanh", "relu"):
        raise InputError(f"nonlinearity: expected 'tanh' or 'relu', got {nonlinearity!r}")
    return f"RNN_{nonlinearity.upper()}"


class RNN(RNNBase):
    """`h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh)`; arguments as `LSTM`'s without `proj_size`.

    Args:
        nonlinearity: `"tanh"` or `"relu"`; PyTorch's fourth positional argument.

    Example:
        >>> import jax.numpy as jnp
        >>> y, h = RNN(3, 4)(jnp.ones((5, 2, 3)))
        >>> y.shape, h.shape
        ((5, 2, 4), (1, 2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        rest: Any = num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        super().__init__(_mode(nonlinearity), input_size, hidden_size, *rest)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory: `c_t = f·c_{t−1} + i·g`, `h_t = o·tanh(c_t)`, gates of `x_t` and `h_{t−1}`.

    Weights and biases start from `U(−1/√hidden, 1/√hidden)`.

    Args:
        input_size: features of an input `(T, N, features)`, or `(T, features)`.
        hidden_size: features of the state.
        num_layers: layers on top of each other.
        bias: False leaves both biases out.
        batch_first: input and output are `(N, T, features)`.
        dropout: of the outputs between layers, in training.
        bidirectional: also run backwards; outputs are concatenated.
        proj_size: project h to this size; 0 does not.
        device: where the parameters live.
        dtype: of the parameters.

    Returns:
        The outputs `(T, N, directions · size)` and the last states, `(layers · directions, N, size)` each.

    Example:
        >>> import jax.numpy as jnp
        >>> y, (h, c) = LSTM(3, 4, batch_first=True)(jnp.ones((2, 5, 3)))
        >>> y.shape, h.shape, c.shape
        ((2, 5, 4), (1, 2, 4), (1, 2, 4))

    Source:
        Hochreiter & Schmidhuber, "Long short-term memory", Neural Computation 1997.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """Gated recurrent unit: `h_t = (1 − z)·n + z·h_{t−1}`; arguments as `LSTM`'s without `proj_size`.

    Example:
        >>> import jax.numpy as jnp
        >>> y, h = GRU(3, 4, bidirectional=True)(jnp.ones((5, 2, 3)))
        >>> y.shape, h.shape
        ((5, 2, 8), (2, 2, 4))

    Source:
        Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        if "proj_size" in kwargs:
            raise InputError("proj_size: only LSTM projects its state")
        super().__init__("GRU", *args, **kwargs)


_CELLS = {1: "RNN_TANH", 3: "GRU", 4: "LSTM"}


class RNNCellBase(_Gated):
    """One step of a recurrent layer: the base of `RNNCell`, `LSTMCell` and `GRUCell`.

    Args:
        num_chunks: gates of the state: 1, 3 (GRU) or 4 (LSTM); the others are `RNNCell`'s.

    Example:
        >>> RNNCellBase(3, 4, True, num_chunks=4).weight_ih.shape
        (16, 3)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        if num_chunks not in _CELLS:
            raise InputError(f"num_chunks: expected one of {list(_CELLS)}, got {num_chunks!r}")
        self.mode = _CELLS[num_chunks]
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self._register("", input_size, hidden_size, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Any, hx: Any = None) -> Any:
        x = as_array(input)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise InputError(f"expected input of {self.input_size} features, 1D or 2D, got shape {x.shape}")
        gates = F.linear(x, self._part("weight_ih"), self._part("bias_ih"))
        shape, parts = (*x.shape[:-1], self.hidden_size), 1 + (self.mode == "LSTM")
        if hx is None:
            state = (jnp.zeros(shape, x.dtype),) * parts
        else:
            state = tuple(as_array(h) for h in (hx if parts == 2 else (hx,)))
            if [h.shape for h in state] != [shape] * parts:
                raise InputError(f"hx: expected shapes {[shape] * parts}, got {[h.shape for h in state]}")
        bias = self._part("bias_hh")
        bias = jnp.zeros((), x.dtype) if bias is None else bias
        state = _STEPS[self.mode](gates, state, self._part("weight_hh"), bias, None)
        return state if self.mode == "LSTM" else state[0]

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """One step of an `RNN`.

    Args:
        input_size: features of an input `(N, features)` or `(features,)`.
        hidden_size: features of the state.
        bias: False leaves both biases out.
        nonlinearity: `"tanh"` or `"relu"`.
        device: where the parameters live.
        dtype: of the parameters.

    Example:
        >>> import jax.numpy as jnp
        >>> RNNCell(3, 4)(jnp.ones((2, 3))).shape
        (2, 4)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.mode, self.nonlinearity = _mode(nonlinearity), nonlinearity

    def extra_repr(self) -> str:
        return super().extra_repr() + (
            "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        )


class LSTMCell(RNNCellBase):
    """One step of an `LSTM`; takes and returns `(h, c)`.

    Example:
        >>> import jax.numpy as jnp
        >>> h, c = LSTMCell(3, 4)(jnp.ones((2, 3)))
        >>> h.shape, c.shape
        ((2, 4), (2, 4))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)


class GRUCell(RNNCellBase):
    """One step of a `GRU`.

    Example:
        >>> import jax.numpy as jnp
        >>> GRUCell(3, 4)(jnp.ones((2, 3))).shape
        (2, 4)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)
