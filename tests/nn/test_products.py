"""Products of lanes: whatever form they take, they are x wᵀ + b and its derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from normax.nn.functional._products import multiply, spread


def lanes_form(x, w, b):
    return jnp.sin(multiply(jnp.tanh(multiply(x, w) + spread(b, len(x))), w[:, :3]))


def plain_form(x, w, b):
    return jnp.sin(jnp.tanh(x @ w.T + b) @ w[:, :3].T)


@pytest.mark.parametrize("axes", [(None, 0, 0), (0, 0, 0), (0, None, None), (1, 2, 1)])
def test_lanes_are_those_of_the_plain_form(axes):
    random = np.random.default_rng(0)
    shapes, lanes = ((5, 4), (3, 4), (3,)), 2
    x, w, b = (
        jnp.asarray(random.normal(size=s if a is None else [*s[:a], lanes, *s[a:]]), jnp.float32)
        for s, a in zip(shapes, axes)
    )

    def everything(form):
        def total(*args):
            return (form(*args) ** 2).sum()

        gradient = jax.grad(total, argnums=(0, 1, 2))
        directions = jax.jacfwd(form, argnums=(1, 2))
        curvature = jax.jacfwd(jax.grad(total, argnums=1), argnums=(0, 1))
        functions = form, gradient, directions, curvature
        return [jax.jit(jax.vmap(f, in_axes=axes))(x, w, b) for f in functions]

    for ours, theirs in zip(jax.tree.leaves(everything(lanes_form)), jax.tree.leaves(everything(plain_form))):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    if axes == (0, 0, 0):  # and the gradient of all lanes together
        outer = [
            jax.grad(lambda w, form=form: jax.vmap(form)(x, w, b).sum())(w)
            for form in (lanes_form, plain_form)
        ]
        np.testing.assert_allclose(*outer, rtol=1e-4, atol=1e-5)
