"""One update: the optimiser's step, decoupled decay, then the prox in the optimiser's own metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from normax.errors import InputError
from normax.penalties import Penalty
from normax.training.step_sizes import WARM_UP, RateProbe, admits_prox, has_second_moment, steady_response

__all__ = ["Update", "at", "has_schedule", "short_of", "smooth_part"]


IDLE_STEPS = 100
"""Steps that a coordinate without gradient is left alone where the length of an epoch is not known."""


SAMPLED_STEPS = (10, 100, 1000)
"""Where the curvature of a scheduled strength is looked at."""


class Update:
    """`(gradients, state, weights, penalties) -> (weights, state)`, a pure function of flat lists.

    The smooth parts of the penalties are in the gradients already; the others act here, after the
    optimiser: decoupled decay at its learning rate, the prox with its per-coordinate steady response as step.
    With a second moment the prox waits for `WARM_UP` steps, or half of so few (constraints do not wait); a coordinate
    without any gradient so far (an embedding row that no batch held) is left alone for `idle` steps, an epoch where
    that is known, and then the penalty alone decides on it.

    Args:
        tx: an optax transformation; it sees a dict from path to array, for masks and labels by name.
        names: the paths of the weights, in order.
        weights: their values or shapes, to check against.
        penalties: one a weight, or None; only their kinds and their largest strengths matter here.
        prox_step: a step size (or a function of the step's number) to use where the optimiser's own cannot
            be read.
        epochs: of `idle` steps each, where training may be too short for the whole warm-up; see `short_of`.

    Raises:
        InputError: for a non-smooth penalty under an optimiser whose step cannot be read, and for a smooth
            one so strong that plain gradient steps diverge, η·s >= 2.
    """

    def __init__(
        self,
        tx: optax.GradientTransformation,
        names: Sequence[str],
        weights: Sequence[Any],
        penalties: Sequence[Penalty | None],
        prox_step: float | Callable[[Any], Any] | None = None,
        epochs: int | None = None,
    ):
        if not (hasattr(tx, "init") and hasattr(tx, "update")):
            raise InputError(
                f"optimizer: expected an optax transformation such as optax.adam(1e-3), got {tx!r}"
            )
        fixed = prox_step is not None and not callable(prox_step)
        if fixed and not (isinstance(prox_step, Real) and 0 < prox_step < float("inf")):
            raise InputError(
                f"prox_step: expected a number > 0 or a function of the step's number, got {prox_step!r}"
            )
        self.tx, self.names, self.prox_step, self.epochs = tx, list(names), prox_step, epochs
        shapes = {
            name: jax.ShapeDtypeStruct(jnp.shape(w), np.dtype(w.dtype))
            for name, w in zip(self.names, weights)
        }
        now = [(name, p) for name, p in zip(self.names, at(penalties, 0)) if p is not None]
        kinks = [(name, p.nonsmooth) for name, p in now if p.nonsmooth is not None]
        readable = not kinks or prox_step is not None or admits_prox(tx, shapes)
        kinked = [name for name, p in kinks if not p.constraint]
        if kinked and not readable:
            if _accumulates(jax.eval_shape(tx.init, shapes)):
                raise InputError(
                    f"optimizer: optax.MultiSteps(inner, k) hides its steps from the prox of {kinked[0]}; write "
                    "optimizer=inner and accumulate=k, with k times the batch"
                )
            raise InputError(
                f"optimizer: its step cannot be read, so a prox would solve another problem ({kinked[0]} has "
                "a non-smooth penalty); use optax.sgd, optax.adam, optax.adamw or optax.rmsprop, or give the "
                "step yourself: prox_step=0.01"
            )
        waits = bool(kinked) and prox_step is None and has_second_moment(jax.eval_shape(tx.init, shapes))
        self.waiting = kinked[0] if waits else None
        # Constraints alone need no step: one for all gives the nearest point.
        self.nearest = not readable
        self.shapes = {name: w.shape for name, w in shapes.items()}
        decayed = any(p.decoupled_strength is not None for _, p in now)
        self.probe = RateProbe(tx, shapes) if decayed else None
        self.check_curvature(penalties)

    def check_curvature(
        self, penalties: Sequence[Penalty | None], prepared: Callable[[Any], Any] = lambda state: state
    ) -> None:
        """Refuse smooth penalties so strong that plain gradient steps diverge, and decays under which weights grow;
        `prepared` changes the optimiser's first state."""
        curved: dict[str, float] = {}
        for step in (0, *SAMPLED_STEPS) if has_schedule(penalties) else (0,):
            for name, p in zip(self.names, at(penalties, step)):
                if p is not None and p.smooth is not None:
                    curved[name] = max(curved.get(name, 0.0), float(p.curvature))
                if p is not None and p.decoupled_strength is not None and self.probe is not None:
                    rate, strength = self.probe.first[name], float(p.decoupled_strength)
                    shrunk = rate * strength
                    if shrunk >= 2:
                        raise InputError(
                            f"{name}: learning rate {rate:g} times decay {strength:g} is {shrunk:g}, "
                            "and weights grow from 2 on; lower one of them"
                        )
        if not curved:
            return
        weights = {name: jnp.zeros([min(d, 2) for d in shape]) for name, shape in self.shapes.items()}
        state = prepared(self.tx.init(weights))
        if has_second_moment(state):
            return  # it normalises the gradient: no strength makes it diverge

        def moved(size):
            gradients = {name: jnp.full_like(w, size) for name, w in weights.items()}
            return {
                name: float(abs(m).max()) for name, m in self._moves(gradients, state, weights)[0].items()
            }

        small, large = moved(1e-6), moved(1e-5)
        for name, curvature in curved.items():
            step = small[name] / 1e-6
            linear = large[name] > 5 * small[name]  # the sign of a gradient is no multiple of it
            if linear and step * float(curvature) >= 2:
                raise InputError(
                    f"{name}: learning rate {step:g} times L2 strength {float(curvature):g} is "
                    f"{step * float(curvature):g}, and gradient steps diverge from 2 on; lower one of them"
                )

    def idle_notice(self, steps: int) -> str | None:
        """That a non-smooth penalty waits for less than it should in training of so few steps, or None."""
        if self.waiting is None or self.epochs is None:
            return None
        return (
            f"the penalty of {self.waiting} acts from step {steps // 2 + 1} of {steps}: with this optimizer its "
            f"prox should wait for {WARM_UP} steps, until the second moment is known, and takes half where "
            "there are so few; raise epochs or lower batch_size"
        )

    def init(self, weights: Sequence[Any]) -> Any:
        """The state before the first step: the optimiser's, the number of steps done, and that of the rate's probe."""
        probe = None if self.probe is None else self.probe.init()
        return self.tx.init(dict(zip(self.names, weights))), jnp.zeros((), jnp.int32), probe

    def __call__(self, gradients, state, weights, penalties, idle=IDLE_STEPS):
        before, count, probe = state
        penalties = at(penalties, count)
        old = dict(zip(self.names, weights))
        moves, after = self._moves(dict(zip(self.names, gradients)), before, old)
        new = optax.apply_updates(old, moves)
        present = {name: p for name, p in zip(self.names, penalties) if p is not None}
        decays = {
            name: p.decoupled_strength for name, p in present.items() if p.decoupled_strength is not None
        }
        if decays:
            rates, probe = self._rates(probe)
            for name, strength in decays.items():
                new[name] = (new[name] - rates[name] * strength * old[name]).astype(old[name].dtype)
        kinks = {name: p.nonsmooth for name, p in present.items() if p.nonsmooth is not None}
        if kinks:
            steps = self._steps(before, after, old, count, idle)
            wait = WARM_UP if self.epochs is None else _warm_up(self.epochs * idle)
            warm = count >= wait if self.prox_step is None and has_second_moment(after) else None
            for name, penalty in kinks.items():
                with jax.default_matmul_precision("highest"):  # a prox is exact, on accelerators too
                    mapped = penalty.prox(new[name], steps[name]).astype(old[name].dtype)
                late = warm is not None and not penalty.constraint
                new[name] = jnp.where(warm, mapped, new[name]) if late else mapped
        return [new[name] for name in self.names], (after, count + 1, probe)

    def _moves(self, gradients, state, weights):
        try:
            return self.tx.update(gradients, state, weights)
        except TypeError as error:
            if "keyword-only" not in str(error):
                raise
            raise InputError(
                f"optimizer: its update asks for more than gradients ({str(error).split(': ')[-1]}): line searches and "
                "Polyak steps (optax.lbfgs, optax.polyak_sgd) evaluate the loss anew; use one that follows gradients, "
                "such as optax.adam(1e-3)"
            ) from None

    def _rates(self, probe):
        if probe is None:
            raise InputError(
                "a decoupled decay was put on the network after its step was made; make a new one: "
                "`step = nx.train_step(net, loss_fn, optimizer)`"
            )
        return self.probe(probe)

    def _steps(self, before, after, weights, count, idle):
        if self.prox_step is not None:
            step = self.prox_step(count) if callable(self.prox_step) else self.prox_step
            return jax.tree.map(lambda _: step, weights)
        if self.nearest:
            return dict.fromkeys(weights, 1.0)
        unknown = jnp.where(count >= idle, jnp.finfo(jnp.float32).max, 0)
        return steady_response(self.tx, before, after, weights, unknown)


def _accumulates(state: Any) -> bool:
    """Whether an optimiser's state is, or holds, that of `optax.MultiSteps`."""
    kind = optax.MultiStepsState
    return any(isinstance(s, kind) for s in jax.tree.leaves(state, is_leaf=lambda s: isinstance(s, kind)))


def short_of(epochs: int, steps: int | None) -> int | None:
    """The epochs, if with so many steps each they are too few for the whole warm-up; an `Update` then asks for them."""
    return epochs if steps is not None and epochs * steps <= WARM_UP else None


def _warm_up(steps: Any) -> Any:
    """How many steps of so many in all a prox waits for."""
    return jnp.where(steps > WARM_UP, WARM_UP, steps // 2)


def at(penalties: Sequence[Penalty | None], step: Any) -> list[Penalty | None]:
    """The penalties with the strengths that their schedules give after `step` steps."""
    return [None if p is None else p.at(step) for p in penalties]


def has_schedule(penalties: Sequence[Penalty | None]) -> bool:
    """Whether some strength is a function of the step."""
    return any(callable(leaf) for leaf in jax.tree.leaves(penalties, is_leaf=callable))


def smooth_part(penalties: Sequence[Penalty | None], weights: Sequence[Any]) -> Any:
    """Σ of the smooth parts, which a step adds to the loss that it differentiates."""
    parts = [(p.smooth, w) for p, w in zip(penalties, weights) if p is not None and p.smooth is not None]
    return sum((p.value(w) for p, w in parts), jnp.zeros(()))
