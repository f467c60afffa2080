"""Dicts in the order that they were made in, through a program: JAX would sort their keys."""

from __future__ import annotations

from typing import Any

import jax

__all__ = ["as_given", "in_order"]


@jax.tree_util.register_pytree_node_class
class _InOrder:
    """A dict on its way out of a program, whose keys JAX would sort."""

    def __init__(self, keys: tuple, values: Any):
        self.keys, self.values = keys, values

    def tree_flatten(self) -> tuple:
        return tuple(self.values), self.keys

    @classmethod
    def tree_unflatten(cls, keys: tuple, values: Any) -> Any:
        return cls(keys, values)


def in_order(tree: Any) -> Any:
    if type(tree) is dict:
        return _InOrder(tuple(tree), tuple(map(in_order, tree.values())))
    return type(tree)(map(in_order, tree)) if type(tree) in (tuple, list) else tree


def as_given(tree: Any) -> Any:
    """What `in_order` was given."""
    if type(tree) is _InOrder:
        return dict(zip(tree.keys, map(as_given, tree.values)))
    return type(tree)(map(as_given, tree)) if type(tree) in (tuple, list) else tree
