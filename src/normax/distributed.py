"""Several processes as one run, on JAX's own runtime (`jax.distributed`): who there is, and waiting for each other by name.

What the processes exchange here is small and goes through the coordinator, process 0, with a timeout: whoever does not
come is named, by its number, host and process id. Arrays go over meshes, by XLA's collectives.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

# The store that all processes see: JAX has no public name for it.
from jax._src.distributed import global_state

from normax import heartbeats
from normax.errors import InputError, shorten
from normax.heartbeats import FAILED
from normax.launched import COORDINATOR, COUNT, INDEX, LOST
from normax.nn.random import manual_seed, raw_key

__all__ = [
    "LostProcess",
    "barrier",
    "check_all",
    "count",
    "gather",
    "gather_arrays",
    "index",
    "initialize",
    "is_main",
    "telling",
]

HEARTBEAT_SECONDS = 60
"""After so long without a sign of a process, JAX ends the others; `heartbeats` names it before."""

LOOK_SECONDS = 1.0
"""How often those who wait look whether one that they wait for has failed."""

_patience = 300.0
_rounds: Counter[str] = Counter()
_looked = 0.0
_failed = False


class LostProcess(RuntimeError):
    """Some process of the run failed, or did not come where the others waited; the message names it, and why.

    Example:
        >>> raise LostProcess("process 1 (node7, pid 4242) did not come to 'save' within 300 s")
        Traceback (most recent call last):
            ...
        normax.distributed.LostProcess: process 1 (node7, pid 4242) did not come to 'save' within 300 s
    """


def initialize(
    coordinator: str | None = None,
    processes: int | None = None,
    index: int | None = None,
    *,
    devices: list[int] | None = None,
    timeout: float = 300.0,
) -> None:
    """Join the run of several processes that this one was started in; alone, it does nothing.

    The first line of a script, before anything is computed. Under `normax launch`, Slurm's `srun`, Open MPI's
    `mpirun`, Kubernetes' indexed jobs and on TPU pods no argument is needed. Elsewhere give all three, or the variables
    `JAX_COORDINATOR_ADDRESS`, `JAX_NUM_PROCESSES` and `JAX_PROCESS_ID`. On CPUs collectives go through
    gloo, on GPUs through NCCL, on TPUs over their own links. All processes then draw from process 0's seed,
    so that networks begin alike. An exception that nobody catches ends the process at once, and is told to the others.

    Args:
        coordinator: `host:port` of process 0, a port that is free there.
        processes: how many there are.
        index: the number of this one, from 0.
        devices: the local accelerators of this process; by default all, and under Slurm and Open MPI one a process.
        timeout: seconds for which processes wait for each other, here and wherever they meet later.

    Raises:
        InputError: if JAX has computed something already, or what is given does not make a run.
        LostProcess: if a process that joined fails before all have met. Of one that never joins JAX tells by itself,
            and ends the process.

    Example:
        >>> import normax as nx
        >>> nx.distributed.initialize()        # no launcher: alone
        >>> nx.distributed.count(), nx.distributed.index(), nx.distributed.is_main()
        (1, 0, True)

    Source: JAX's multi-process runtime, https://docs.jax.dev/en/latest/multi_process.html
    """
    global _patience
    if not timeout > 0:
        raise InputError(f"timeout: expected seconds > 0, got {timeout!r}")
    if jax.distributed.is_initialized():
        return
    _patience = timeout
    coordinator = coordinator or os.environ.get(COORDINATOR)
    processes, index = _whole("processes", processes, COUNT), _whole("index", index, INDEX)
    given = [coordinator is not None, processes is not None, index is not None]
    # JAX would take SIGTERM for a warning that it never acts on here: let it end the process.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            coordinator,
            processes,
            index,
            devices,
            # Who says all three is not asked which cluster it is in: there, one accelerator a process would be taken.
            "deactivate" if all(given) else None,
            initialization_timeout=max(1, round(timeout)),
            heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
            shutdown_timeout_seconds=max(1, round(timeout)),
        )
    except ValueError as error:
        if not any(given):
            return  # no launcher, no cluster
        raise InputError(
            f"initialize: {error} Give coordinator='host:port', processes= and index=, or {COORDINATOR}, {COUNT} and "
            f"{INDEX}; `normax launch -n 2 -- script.py` sets them"
        ) from error
    except RuntimeError as error:
        if "before any JAX calls" in str(error):
            if not any(given) and not _in_cluster():
                return
            raise InputError(
                "initialize: JAX has computed something in this process already; call "
                "nx.distributed.initialize() first, before arrays, devices or networks are made"
            ) from error
        raise
    _meet()


def count() -> int:
    """How many processes the run has; 1 without `initialize`."""
    return global_state.num_processes


def index() -> int:
    """The number of this process, from 0."""
    return global_state.process_id


def is_main() -> bool:
    """Whether this is process 0, which alone writes files and speaks.

    Example:
        >>> is_main()
        True
    """
    return index() == 0


def barrier(name: str, timeout: float | None = None) -> None:
    """Wait until every process has come here.

    Args:
        name: what it is that they wait for; the same in all processes, which come to their barriers in one order.
        timeout: seconds, by default `initialize`'s.

    Raises:
        LostProcess: naming those that failed or did not come in time.

    Example:
        >>> barrier("data are read")
    """
    _exchange(name, b"", timeout)


def gather(value: Any, name: str = "gather", timeout: float | None = None) -> list[Any]:
    """What every process gave, in the order of processes: anything that JSON can hold.

    `gather(value)[0]` is process 0's, on which all agree.

    Args:
        value: of this process.
        name, timeout: see `barrier`.

    Raises:
        LostProcess: see `barrier`.

    Example:
        >>> gather({"rows": 10})
        [{'rows': 10}]
    """
    return [json.loads(part) for part in _exchange(name, json.dumps(value).encode(), timeout)]


def gather_arrays(
    arrays: Mapping[str, Any], name: str = "gather", timeout: float | None = None
) -> list[dict[str, np.ndarray]]:
    """Arrays of every process by name, in the order of processes; shapes may differ.

    They pass through process 0 at some 20 MB/s: for results. Parameters and data belong on a mesh.

    Args:
        arrays: of this process.
        name, timeout: see `barrier`.

    Raises:
        LostProcess: see `barrier`.

    Example:
        >>> gather_arrays({"a": np.arange(2)})
        [{'a': array([0, 1])}]
    """
    from safetensors.numpy import save

    from normax.sealed import read_arrays

    data = save({key: np.asarray(array, order="C") for key, array in arrays.items()})
    parts = _exchange(name, data, timeout)
    return [read_arrays(part, f"{name} of process {i}") for i, part in enumerate(parts)]


def check_all() -> None:
    """Ask whether all processes are well, without waiting for any: now and then in work that takes long.

    Raises:
        LostProcess: naming those that failed, or gave no sign of life for 20 seconds.

    Example:
        >>> check_all()
    """
    global _looked
    if count() > 1 and time.monotonic() - _looked > LOOK_SECONDS:
        _looked = time.monotonic()
        if gone := _failures():
            raise LostProcess(_absences(gone, "", 0.0))


@contextlib.contextmanager
def telling(what: str) -> Iterator[None]:
    """Tell the other processes of an exception that leaves the `with` block, so that they do not wait for this one.

    A collective that broke because another process is gone becomes a `LostProcess` that names it.

    Args:
        what: what the processes do together, for messages.
    """
    try:
        yield
    except LostProcess:
        raise
    except BaseException as error:
        if count() > 1:
            if isinstance(error, jax.errors.JaxRuntimeError):
                _call_the_roll(what, error)
            _tell(error)
        raise


# How processes meet. All post under `normax/NAME/ROUND/`; process 0 collects, and posts what it found, or whom it missed,
# under one key that the others wait for: so all hear the same.


def _exchange(name: str, payload: bytes, timeout: float | None = None) -> list[bytes]:
    global _failed
    if count() == 1:
        return [payload]
    patience = _patience if timeout is None else timeout
    number = _rounds[name]
    _rounds[name] += 1
    place = f"normax/meet/{name.replace('/', '|')}"
    try:
        if _failed:  # somebody caught it, and here this process is
            _client().key_value_delete(f"{FAILED}/{index()}")
            _failed = False
        return _met(name, f"{place}/{number}", f"{place}/{number - 1}/", payload, patience)
    except jax.errors.JaxRuntimeError as error:
        raise LostProcess(f"process 0 is gone, which all meet at ({_first_line(error)})") from error


def _met(name: str, place: str, before: str, payload: bytes, patience: float) -> list[bytes]:
    deadline = time.monotonic() + patience
    if is_main():
        parts, missing = _collected(place, payload, deadline)
        if missing:
            said = _absences(missing, name, patience)
            _client().key_value_set(f"{place}/lost", said)
            raise LostProcess(said)
        _client().key_value_set_bytes(f"{place}/all", _joined(parts))
        _client().key_value_delete(before)  # all have read it who came here
        return parts
    _client().key_value_set_bytes(f"{place}/{index()}", payload)

    def told() -> str | None:
        return _posted(f"{place}/lost") or _absences(_failures(), name, patience)

    # Process 0 gives up first, and says whom it missed.
    joined = _awaited(f"{place}/all", deadline + 2 * LOOK_SECONDS, told)
    if joined is None:
        raise LostProcess(told() or _absences([0], name, patience))
    return _parted(joined)


def _collected(place: str, own: bytes, deadline: float) -> tuple[list[bytes], list[int]]:
    """What the processes posted, and the numbers of those that did not until the deadline or have failed."""
    parts = [own]
    for i in range(1, count()):
        found = _awaited(f"{place}/{i}", deadline, lambda: bool(_failures()))
        if found is None:
            here = [
                j for j in range(i + 1, count()) if _awaited(f"{place}/{j}", 0.0, lambda: True) is not None
            ]
            late = [j for j in range(i, count()) if j not in here]
            return [], [j for j in late if j in _failures()] or late  # some are late, and may still come
        parts.append(found)
    return parts, []


def _awaited(key: str, deadline: float, hopeless: Callable[[], Any]) -> bytes | None:
    """What is posted under a key, or None if nothing is until the deadline, or until there is no hope."""
    while True:
        left = deadline - time.monotonic()
        try:
            return _client().blocking_key_value_get_bytes(key, max(1, round(1000 * min(left, LOOK_SECONDS))))
        except jax.errors.JaxRuntimeError as error:
            if "DEADLINE_EXCEEDED" not in str(error):
                raise
            if left <= LOOK_SECONDS or hopeless():
                return None


def _posted(key: str) -> str | None:
    try:
        return _client().key_value_try_get(key)
    except jax.errors.JaxRuntimeError:
        return None


def _failures() -> dict[int, str]:
    """What the processes that failed said of it."""
    try:
        return {int(key.rpartition("/")[2]): said for key, said in _client().key_value_dir_get(FAILED)}
    except jax.errors.JaxRuntimeError:
        return {}


def _absences(numbers: Iterable[int], name: str, patience: float) -> str:
    """Who did not come, and why; nothing for nobody."""
    failures, said = _failures(), []
    for number in sorted(numbers):
        failed, who = failures.get(number), _posted(f"normax/process/{number}")
        why = f"failed: {failed}" if failed else f"did not come to {name!r} within {patience:g} s"
        said.append(f"process {number}{f' ({who})' if who else ''} {why}")
    return "; ".join(said)


def _call_the_roll(what: str, error: BaseException) -> None:
    """After a broken collective: find who is gone, and raise `LostProcess`; return if all answer."""
    try:
        _exchange(f"{what}: roll call", b"", min(_patience, 10.0))
    except LostProcess as lost:
        raise LostProcess(f"{what}: {lost}; what broke here: {_first_line(error)}") from error


def _tell(error: BaseException) -> None:
    global _failed
    _failed = True
    said = shorten(f"{type(error).__name__}: {_first_line(error)}", 400)
    with contextlib.suppress(jax.errors.JaxRuntimeError):
        _client().key_value_set(f"{FAILED}/{index()}", said, allow_overwrite=True)


def _meet() -> None:
    """Say who this is, take process 0's seed, and see that an end by an exception is told."""
    if count() == 1:
        return
    host = socket.gethostname()
    _client().key_value_set(f"normax/process/{index()}", f"{host}, pid {os.getpid()}", allow_overwrite=True)
    high, low = gather([int(word) for word in raw_key()], "initialize")[0]
    manual_seed((high << 32 | low) >> 1)
    heartbeats.begin(_client(), index())
    before = sys.excepthook

    def end(kind, error, trace):
        before(kind, error, trace)
        if not hasattr(sys, "ps1"):  # who types goes on
            _tell(error)
            sys.stdout.flush()
            sys.stderr.flush()
            if is_main():
                time.sleep(2 * LOOK_SECONDS)  # what the others hear of it, they hear here
            codes = {KeyboardInterrupt: 130, LostProcess: LOST}
            os._exit(
                next((c for k, c in codes.items() if issubclass(kind, k)), 1)
            )  # JAX's own end waits for the others

    sys.excepthook = end


def _client() -> Any:
    return global_state.client


def _joined(parts: list[bytes]) -> bytes:
    return json.dumps([len(part) for part in parts]).encode() + b"\n" + b"".join(parts)


def _parted(joined: bytes) -> list[bytes]:
    head, _, rest = joined.partition(b"\n")
    ends = np.cumsum([0, *json.loads(head)])
    return [rest[a:b] for a, b in itertools.pairwise(ends)]


def _whole(name: str, value: Any, variable: str) -> int | None:
    said = os.environ.get(variable) if value is None else value
    if said is None:
        return None
    try:
        return int(said)
    except (TypeError, ValueError):
        raise InputError(f"{name} ({variable}): expected a whole number, got {said!r}") from None


def _in_cluster() -> bool:
    from jax._src.clusters import ClusterEnv

    kinds = [kind for kind in ClusterEnv._cluster_types if not kind.opt_in_only_method]
    return any(kind.is_env_present() for kind in kinds)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
