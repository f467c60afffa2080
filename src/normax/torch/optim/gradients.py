"""SGD and the optimisers that divide by what gradients were, with PyTorch's numbers."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from normax.errors import InputError
from normax.torch.optim.adaptive import decayed
from normax.torch.optim.optimizer import Optimizer, Slots

__all__ = ["ASGD", "SGD", "Adadelta", "Adagrad", "RMSprop", "Rprop"]


class SGD(Optimizer):
    """`v ← μ·v + (1 − damping)·g` (v = g at first), `w ← w − lr · v`, or `g + μ·v` with Nesterov's; see `Optimizer`.

    Args:
        params: parameters or groups of them.
        lr: learning rate.
        momentum: μ.
        dampening: of the gradient that enters the momentum.
        weight_decay: d of `g + d·w`.
        nesterov: look ahead; needs a momentum, and no dampening.
        maximize: climb.
        how: `foreach`, `fused`, `differentiable`, which change no number.

    Example:
        >>> import normax as nx
        >>> SGD(nx.nn.Linear(3, 1).parameters(), lr=0.1, momentum=0.9).param_groups[0]["momentum"]
        0.9
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        if nesterov and (momentum <= 0 or dampening != 0):
            raise InputError("SGD: Nesterov momentum requires a momentum and zero dampening")
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, settings | {"nesterov": nesterov, "maximize": maximize}, how)

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        return {"trace": jnp.zeros_like(w)} if callable(h["momentum"]) or h["momentum"] else {}

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        g, _ = decayed(h, g, w)
        if "trace" not in s:
            return -h["lr"] * g, {}
        entering = jnp.where(t == 1, g, (1 - h["dampening"]) * g) if h["dampening"] else g
        trace = h["momentum"] * s["trace"] + entering
        return -h["lr"] * (g + h["momentum"] * trace if h["nesterov"] else trace), {"trace": trace}


class ASGD(Optimizer):
    """`w ← (1 − λη_t)·w − η_t·g`, `η_t = lr / (1 + λ·lr·(t−1))^α`; the average of the weights is `nx.fit(ema=)`'s.

    Example:
        >>> import normax as nx
        >>> ASGD(nx.nn.Linear(3, 1).parameters()).defaults["lambd"]
        0.0001
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        settings = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, settings, how)

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        g, _ = decayed(h, g, w)
        rate = h["lr"] / (1 + h["lambd"] * h["lr"] * (t - 1)) ** h["alpha"]
        return -rate * (h["lambd"] * w + g), {}


class RMSprop(Optimizer):
    """`v ← αv + (1−α)g²`, `w ← w − lr · g / (√v + ε)`, v less the mean's square if centred; see `Optimizer`.

    Args:
        params: parameters or groups of them.
        lr: learning rate.
        alpha: α.
        eps: ε, outside the root (optax's is inside).
        weight_decay: d of `g + d·w`.
        momentum: of the steps.
        centered: divide by the deviation; a non-smooth penalty then needs `prox_step=`.
        maximize: climb.

    Example:
        >>> import normax as nx
        >>> RMSprop(nx.nn.Linear(3, 1).parameters()).defaults["alpha"]
        0.99
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        settings = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, settings | {"centered": centered, "maximize": maximize}, how)

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        names = ["nu", *["mean"] * bool(h["centered"]), *["trace"] * bool(h["momentum"])]
        return {name: jnp.zeros_like(w) for name in names}

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        g, _ = decayed(h, g, w)
        held = {"nu": h["alpha"] * s["nu"] + (1 - h["alpha"]) * g * g}
        v = held["nu"]
        if h["centered"]:
            held["mean"] = h["alpha"] * s["mean"] + (1 - h["alpha"]) * g
            v = v - held["mean"] ** 2
        step = g / (jnp.sqrt(v) + h["eps"])
        if h["momentum"]:
            step = held["trace"] = h["momentum"] * s["trace"] + step
        return -h["lr"] * step, held


class Adagrad(Optimizer):
    """`v ← v + g²`, `w ← w − lr / (1 + (t−1)·lr_decay) · g / (√v + ε)`; see `Optimizer`.

    Example:
        >>> import normax as nx
        >>> Adagrad(nx.nn.Linear(3, 1).parameters()).defaults["eps"]
        1e-10

    Source:
        Duchi, Hazan & Singer, "Adaptive subgradient methods", JMLR 2011.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        settings = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, settings | {"initial_accumulator_value": initial_accumulator_value}, how)

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        return {"sum_of_squares": jnp.full_like(w, h["initial_accumulator_value"])}

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        g, _ = decayed(h, g, w)
        squares = s["sum_of_squares"] + g * g
        rate = h["lr"] / (1 + (t - 1) * h["lr_decay"])
        return -rate * g / (jnp.sqrt(squares) + h["eps"]), {"sum_of_squares": squares}


class Adadelta(Optimizer):
    """`w ← w − lr · √(u + ε) / √(v + ε) · g`, u and v running means of squared steps and gradients; see `Optimizer`.

    Its step follows its own steps, so that a non-smooth penalty needs `prox_step=`.

    Example:
        >>> import normax as nx
        >>> Adadelta(nx.nn.Linear(3, 1).parameters()).defaults["rho"]
        0.9

    Source:
        Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        settings = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, settings, how)

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        return {"nu": jnp.zeros_like(w), "steps": jnp.zeros_like(w)}

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        g, _ = decayed(h, g, w)
        nu = h["rho"] * s["nu"] + (1 - h["rho"]) * g * g
        step = jnp.sqrt(s["steps"] + h["eps"]) / jnp.sqrt(nu + h["eps"]) * g
        return -h["lr"] * step, {"nu": nu, "steps": h["rho"] * s["steps"] + (1 - h["rho"]) * step * step}


class Rprop(Optimizer):
    """Steps of the gradient's sign, each weight's longer while the sign stays and shorter when it turns.

    Args:
        params: parameters or groups of them.
        lr: the first step.
        etas: factors of a step whose sign turned, and of one whose stayed.
        step_sizes: the shortest and the longest step.
        maximize: climb.

    Example:
        >>> import normax as nx
        >>> Rprop(nx.nn.Linear(3, 1).parameters()).defaults["etas"]
        (0.5, 1.2)

    Source:
        Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning", ICNN 1993.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
        **how: Any,
    ):
        super().__init__(
            params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}, how
        )

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        first = h["lr"](0) if callable(h["lr"]) else h["lr"]
        return {"before": jnp.zeros_like(w), "length": jnp.full_like(w, first)}

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        sign = jnp.sign(g * s["before"])
        shorter, longer = h["etas"]
        factor = jnp.where(sign > 0, longer, jnp.where(sign < 0, shorter, 1.0)).astype(w.dtype)
        length = jnp.clip(s["length"] * factor, *h["step_sizes"])
        g = jnp.where(sign < 0, 0.0, g).astype(w.dtype)
        return -jnp.sign(g) * length, {"before": g, "length": length}
