"""Modules as flat lists of arrays: what stands between a network and the programs that JAX compiles."""

from normax.binding.binding import Binding, bind
from normax.binding.compiled import jit
from normax.binding.foreign import Foreign
from normax.binding.gradients import check_scalar, grad_in_frame, value_and_grad
from normax.binding.modes import evaluating, training_where
from normax.binding.program import Program, check_batch, retrying, rows_of, sides, written
from normax.binding.pure import functional_call

__all__ = [
    "Binding",
    "Foreign",
    "Program",
    "bind",
    "check_batch",
    "check_scalar",
    "evaluating",
    "functional_call",
    "grad_in_frame",
    "jit",
    "retrying",
    "rows_of",
    "sides",
    "training_where",
    "value_and_grad",
    "written",
]
