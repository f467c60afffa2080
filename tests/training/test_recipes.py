"""Optimisers that do the same have one recipe, others never."""

import itertools

import optax
import pytest

from normax.training.recipes import recipe

MAKERS = {
    "adam": lambda: optax.adam(1e-3),
    "slower adam": lambda: optax.adam(1e-4),
    "other adam": lambda: optax.adam(1e-3, b1=0.8),
    "nesterov": lambda: optax.nadam(1e-3),
    "adamw": lambda: optax.adamw(1e-3, weight_decay=1e-2),
    "sgd": lambda: optax.sgd(1e-3),
    "momentum": lambda: optax.sgd(1e-3, 0.9),
    "rmsprop": lambda: optax.rmsprop(1e-3),
    "clipped": lambda: optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
    "scheduled": lambda: optax.adam(optax.cosine_decay_schedule(1e-3, 100)),
    "longer schedule": lambda: optax.adam(optax.cosine_decay_schedule(1e-3, 200)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_made_twice_it_is_one_recipe(name):
    first, second = MAKERS[name](), MAKERS[name]()
    assert recipe(first) == recipe(second)
    assert hash(recipe(first)) == hash(recipe(second))


def test_different_optimisers_differ():
    made = [recipe(make()) for make in MAKERS.values()]
    assert all(a != b for a, b in itertools.combinations(made, 2))


def test_what_is_no_function_and_no_plain_value_counts_by_identity():
    class Mask:
        def __call__(self, params):
            return dict.fromkeys(params, True)

    masks = Mask(), Mask()
    one, other, again = (optax.masked(optax.sgd(0.1), mask) for mask in (*masks, masks[0]))
    assert recipe(one) == recipe(again) != recipe(other)


def test_a_schedule_of_the_user_counts_by_identity_since_what_it_reads_may_change():
    def schedule():
        return lambda count: 0.1

    one, other = schedule(), schedule()
    assert recipe(optax.sgd(one)) == recipe(optax.sgd(one)) != recipe(optax.sgd(other))
