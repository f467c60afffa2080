"""Adam and its kin, with PyTorch's numbers. A moment is called as optax calls it, so that a prox reads its step."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from normax.torch.optim.optimizer import Optimizer, Slots, power_left

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"]


def decayed(h: dict[str, Any], g: Any, w: Any) -> tuple[Any, Any]:
    """The gradient and the weight's own move under weight decay: coupled, or decoupled from the gradient."""
    if h.get("decoupled_weight_decay"):
        return g, -h["lr"] * h["weight_decay"] * w
    return (g + h["weight_decay"] * w if h["weight_decay"] else g), 0.0


def _moments(h: dict[str, Any], g: Any, s: Slots) -> tuple[Any, Any]:
    b1, b2 = h["betas"]
    return b1 * s["mu"] + (1 - b1) * g, b2 * s["nu"] + (1 - b2) * g * g


def _two(w: Any) -> Slots:
    return {"mu": jnp.zeros_like(w), "nu": jnp.zeros_like(w)}


class Adam(Optimizer):
    """`m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `w ← w − lr · m̂ / (√v̂ + ε)`; see `Optimizer`.

    Args:
        params: parameters or groups of them.
        lr: learning rate.
        betas: (β₁, β₂).
        eps: ε.
        weight_decay: d of `g + d·w`.
        amsgrad: divide by the largest second moment so far.
        maximize: climb.
        decoupled_weight_decay: decay as `AdamW` does.
        how: `foreach`, `fused`, `capturable`, `differentiable`, which change no number.

    Example:
        >>> import numpy as np, normax as nx
        >>> from normax.torch import optim
        >>> net = nx.nn.Linear(3, 1)
        >>> step = nx.train_step(net, lambda net, x: (net(x) ** 2).mean(), optim.Adam(net.parameters(), lr=1e-2))
        >>> step(np.ones((2, 3), "float32")).shape
        ()

    Source:
        Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        **how: Any,
    ):
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        super().__init__(
            params, settings | {"maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay}, how
        )

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        return _two(w) | ({"nu_max": jnp.zeros_like(w)} if h["amsgrad"] else {})

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        b1, b2 = h["betas"]
        g, shrink = decayed(h, g, w)
        mu, nu = _moments(h, g, s)
        held = {"mu": mu, "nu": nu}
        if h["amsgrad"]:
            held["nu_max"] = jnp.maximum(s["nu_max"], nu)
        v = held.get("nu_max", nu)
        denominator = jnp.sqrt(v) / jnp.sqrt(power_left(b2, t)) + h["eps"]
        return shrink - h["lr"] / power_left(b1, t) * mu / denominator, held


class AdamW(Adam):
    """Adam with decoupled decay, `w ← w − lr·d·w` beside the step, d = 0.01 by default; see `Adam`.

    Example:
        >>> import normax as nx
        >>> AdamW(nx.nn.Linear(3, 1).parameters(), lr=1e-3).defaults["weight_decay"]
        0.01

    Source:
        Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
            **how,
        )


class Adamax(Optimizer):
    """Adam with the largest decayed gradient in the place of √v; arguments as `Adam`'s.

    Example:
        >>> import normax as nx
        >>> Adamax(nx.nn.Linear(3, 1).parameters()).defaults["lr"]
        0.002
    """

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, settings, how)

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        return _two(w)

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        b1, b2 = h["betas"]
        g, _ = decayed(h, g, w)
        mu = b1 * s["mu"] + (1 - b1) * g
        nu = jnp.maximum(b2 * s["nu"], jnp.abs(g) + h["eps"])
        return -h["lr"] / power_left(b1, t) * mu / nu, {"mu": mu, "nu": nu}


class NAdam(Optimizer):
    """Adam with Nesterov's momentum, whose warm-up `momentum_decay` sets; other arguments as `Adam`'s.

    Example:
        >>> import normax as nx
        >>> NAdam(nx.nn.Linear(3, 1).parameters()).defaults["momentum_decay"]
        0.004

    Source:
        Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        settings = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
        }
        super().__init__(
            params, settings | {"decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize}, how
        )

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        return _two(w) | {"momentum_product": jnp.ones((), w.dtype)}

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        b1, b2 = h["betas"]
        g, shrink = decayed(h, g, w)
        mu, nu = _moments(h, g, s)
        now, then = (b1 * (1 - 0.5 * 0.96 ** (k * h["momentum_decay"])) for k in (t, t + 1))
        product = s["momentum_product"] * now
        denominator = jnp.sqrt(nu / power_left(b2, t)) + h["eps"]
        ahead = (1 - now) / (1 - product) * g + then / (1 - product * then) * mu
        return shrink - h["lr"] * ahead / denominator, {
            "mu": mu,
            "nu": nu,
            "momentum_product": product.astype(w.dtype),
        }


class RAdam(Optimizer):
    """Adam whose second moment waits until its variance is tractable; arguments as `Adam`'s.

    Example:
        >>> import normax as nx
        >>> RAdam(nx.nn.Linear(3, 1).parameters()).defaults["lr"]
        0.001

    Source:
        Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **how: Any,
    ):
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(
            params, settings | {"decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize}, how
        )

    @staticmethod
    def begin(h: dict[str, Any], w: Any) -> Slots:
        return _two(w)

    @staticmethod
    def leaf(h: dict[str, Any], t: Any, g: Any, w: Any, s: Slots) -> tuple[Any, Slots]:
        b1, b2 = h["betas"]
        g, shrink = decayed(h, g, w)
        mu, nu = _moments(h, g, s)
        left, longest = power_left(b2, t), 2 / (1 - b2) - 1
        length = longest - 2 * t * (1 - left) / left
        safe = jnp.maximum(length, 5.0)  # no root of what is negative
        shares = (safe - 4) * (safe - 2) * longest / ((longest - 4) * (longest - 2) * safe)
        adaptive = jnp.sqrt(shares) * jnp.sqrt(left) / (jnp.sqrt(nu) + h["eps"])
        step = mu / power_left(b1, t) * jnp.where(length > 5, adaptive, 1.0)
        return shrink - h["lr"] * step, {"mu": mu, "nu": nu}
