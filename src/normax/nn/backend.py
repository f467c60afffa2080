"""What a CPU is told: which library computes convolutions, what not to fuse, which memory to keep."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial, wraps
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata

from normax.errors import InputError

try:  # Whether a trace is on: JAX has no public way to ask. Without it, every program has XLA's own settings.
    from jax._src.core import trace_state_clean
except ImportError:

    def trace_state_clean() -> bool:
        return False


try:
    from jax._src.xla_bridge import backends_are_initialized
except ImportError:

    def backends_are_initialized() -> bool:
        return True


try:  # Where JAX goes to have a program compiled.
    from jax._src import compiler
except ImportError:
    compiler = None  # type: ignore[assignment]


__all__ = ["check_process", "compiled", "elsewhere", "fence", "for_elsewhere", "on_cpu", "settings"]

_elsewhere: ContextVar[bool] = ContextVar("_elsewhere", default=False)


def elsewhere() -> bool:
    """Whether what is traced now is written down for other machines and readers, in plain operations."""
    return _elsewhere.get()


def on_cpu() -> bool:
    """Whether what is traced now runs on this machine's CPU, so that forms which are fast there are worth their words."""
    return jax.default_backend() == "cpu" and not elsewhere()


@contextmanager
def for_elsewhere() -> Iterator[None]:
    """Trace for other machines and readers, see `elsewhere`."""
    token = _elsewhere.set(True)
    try:
        yield
    finally:
        _elsewhere.reset(token)


# XLA's default gives convolutions to YNNPACK too, where 56×56×64 takes 18 ms for Eigen's 10, and a ResNet-18 240 for
# 200.
_CPU = {
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE"
}


@cache
def settings() -> dict[str, Any] | None:
    """`jax.jit`'s `compiler_options` for an outermost program; None off the CPU, or where XLA knows them not.

    Whoever asks is about to compile, so the first call on a CPU also sees to its memory (`_keep_memory`).
    """
    if jax.default_backend() != "cpu":
        return None
    _keep_memory()
    try:
        jax.jit(lambda: 0, compiler_options=_CPU).lower().compile()
    except jax.errors.JaxRuntimeError:
        return None
    return dict(_CPU)


def _keep_memory() -> None:
    """Let glibc keep up to 1 GB of freed memory, in blocks of any size.

    By itself it gives blocks above 32 MB back at once, and the kernel's page faults then take up to half the
    time of a step. `NORMAX_KEEP_MEMORY=0`, or a setting of `MALLOC_...` of one's own, leaves it as it is.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    own = any(name.startswith("MALLOC_") for name in os.environ)
    if mallopt is not None and not own and os.environ.get("NORMAX_KEEP_MEMORY") != "0":
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 1 << 30)


_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # glibc's malloc.h


def _note_fork() -> None:
    """What is computed from here on is refused where normax is asked, and whatever would be compiled, by whomever."""
    global _forked
    _forked = backends_are_initialized()
    if _forked and compiler is not None:
        compiler.compile_or_get_cached = lambda *args, **options: check_process()


_forked = False
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def check_process() -> None:
    """Refuse to go on in a child that was forked after JAX had started: its threads are gone, and it would hang."""
    if _forked:
        raise InputError(
            "this process was forked after JAX had started, whose threads it lacks: it would hang. Start processes "
            "afresh, `multiprocessing.get_context('spawn')`, or fork before JAX is first used"
        )


def compiled(function: Callable, **options: Any) -> Callable:
    """`jax.jit` with `settings`, which JAX takes for an outermost program alone: inside another, plain `jax.jit`."""
    inner = jax.jit(function, **options)
    outer = cache(lambda: jax.jit(function, compiler_options=settings(), **options))

    @wraps(function)
    def call(*args, **kwargs):
        return (outer() if trace_state_clean() else inner)(*args, **kwargs)

    # Of arguments that it was called with, the trace that there is.
    call.trace = lambda *args: (outer() if trace_state_clean() else inner).trace(*args)  # type: ignore[attr-defined]
    return call


def fence(function: Callable, **options: Any) -> Callable:
    """The function as a routine of its own on a CPU: its result, and in reverse its cotangents, are written down.

    XLA computes what it fuses anew in every consumer, in the consumer's order of memory; this says where that
    is slower. Elsewhere it changes nothing. `options` are `jax.jit`'s.
    """

    @partial(jax.jit, **options)
    @wraps(function)
    def routine(*args, **kwargs):
        with set_xla_metadata(inlineable="true"):  # the routine alone, not each that it calls
            return function(*args, **kwargs)

    @wraps(function)
    def call(*args, **kwargs):
        if not on_cpu():
            return function(*args, **kwargs)
        with set_xla_metadata(inlineable="false"):
            return routine(*args, **kwargs)

    return call
