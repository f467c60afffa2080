"""Modules as flat lists of arrays: what stands between a network and the programs that JAX compiles."""

from normax.binding.binding import (
    Binding,
    Foreign,
    Program,
    bind,
    check_scalar,
    evaluating,
    functional_call,
    grad_in_frame,
    jit,
    retrying,
    rows_of,
    sides,
    value_and_grad,
    written,
)

__all__ = [
    "Binding",
    "Foreign",
    "Program",
    "bind",
    "check_scalar",
    "evaluating",
    "functional_call",
    "grad_in_frame",
    "jit",
    "retrying",
    "rows_of",
    "sides",
    "value_and_grad",
    "written",
]
