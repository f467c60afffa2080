"""One trial: faults in a row, what a reader finds after each, and what is there once a run is let alone."""

from __future__ import annotations

import re
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from normax.errors import InputError
from robustness.faults.child import Child
from robustness.faults.kinds import KINDS
from robustness.faults.works import WORKS, Arrays
from robustness.trials import generator

__all__ = ["Broken", "Reference", "Trial"]

_NOTES = (".run.safetensors.notes", ".out.mine.part", "notes.txt", ".net.safetensors-mine.part")


class Broken(AssertionError):
    """An invariant that does not hold."""


@dataclass(frozen=True)
class Reference:
    """What a work gives when nothing happens, by version.

    Attributes:
        given: what the work gave.
        names: what is left in its folder.
        seconds: from the first change of a name in the folder to the end.
    """

    given: list[Arrays]
    names: set[str]
    seconds: float

    @classmethod
    def of(cls, work: int, place: Path) -> Reference:
        given, versions = [], range(1 + WORKS[work].replaces)
        for try_, version in [
            ("first", 0),
            *(("then", version) for version in versions),
        ]:  # the first compiles
            folder = place / try_
            folder.mkdir(parents=True, exist_ok=True)
            child = Child(work, version, folder, place / "given.npz")
            child.wait_for_change()
            began = time.monotonic()
            code, said = child.end()
            if code != 0:
                raise SystemExit(f"{WORKS[work].name}: fails without a fault ({code})\n{said}")
            given.append(_given(place / "given.npz"))
        return cls(given[1:], _names(folder), time.monotonic() - began)


@dataclass
class Trial:
    """A trial by its numbers.

    Args:
        seed, number: what it draws from.
        work: which of `WORKS`.
        reference: what it must give.
        place: an empty folder.
    """

    seed: int
    number: int
    work: int
    reference: Reference
    place: Path
    faults: list[str] = field(default_factory=list)
    has_old: bool = False
    two: bool = False

    def __post_init__(self) -> None:
        self.random = generator(self.seed, self.number)
        self.folder, self.given = self.place / "folder", self.place / "given.npz"
        self.folder.mkdir(parents=True)

    def run(self) -> Iterator[tuple[str, str]]:
        """Each fault, and how the process took it, as soon as the invariants hold after it.

        Raises:
            Broken: if one does not.
        """
        replaces = WORKS[self.work].replaces
        for note in _NOTES:
            (self.folder / note).write_text("mine")
        version = int(replaces)
        if replaces and self.random.random() < 0.8:
            self._undisturbed(0)
            self.has_old = True
        for _ in range(int(self.random.integers(1, 4))):
            kind, self.two = self._kind(), self.random.random() < 0.2
            name = KINDS[kind].name + self.two * ", beside another process"
            self.faults.append(name)
            ended = self._disturbed(kind, version)
            self._look(version)
            yield name, ended
        if (
            not replaces
            and not WORKS[self.work].workers
            and self.random.random() < 0.4
            and (file := self._damage())
        ):
            self.faults.append(f"damage to {file.name}")
            yield "damaged file", self._mended(file)
        self._undisturbed(int(self.random.random() < 0.5) if WORKS[self.work].peers else version)
        if not _same(_given(self.given), self.reference.given[version]):
            raise Broken("the end is not what an undisturbed run gives")
        found = WORKS[self.work].find(self.folder)
        if replaces and (found is None or not _same(found, self.reference.given[version])):
            raise Broken("what is found in the end is not what was given")
        left = _names(self.folder) - self.reference.names - set(_NOTES)
        lost = (self.reference.names | set(_NOTES)) - _names(self.folder)
        if left or lost:
            raise Broken(f"left for ever: {sorted(left)}; lost: {sorted(lost)}")
        if any((self.folder / note).read_text() != "mine" for note in _NOTES):
            raise Broken("a file of others was changed")

    def _kind(self) -> int:
        work = WORKS[self.work]
        fits = [(work.workers or not kind.worker) and (work.peers or not kind.peers) for kind in KINDS]
        share = np.where(fits, [kind.share for kind in KINDS], 0.0)
        return int(self.random.choice(len(KINDS), p=share / share.sum()))

    def _disturbed(self, kind: int, version: int) -> str:
        """How a process took a fault: "died", "refused", "interrupted", "ended by JAX", or "went on" to its end."""
        fault, peers = KINDS[kind], WORKS[self.work].peers
        child = self._child(version, kind)
        beside = Child(self.work, version, self.folder, self.place / "beside.npz") if self.two else None
        if fault.signals and self.random.random() < 0.8:  # else while it loads and compiles
            child.wait_for_change()
        for number in fault.signals:
            child.signal(
                number,
                self.random.uniform(0, 1.1 * self.reference.seconds / len(fault.signals)),
                fault.worker,
            )
        code, said = child.end()
        if beside is not None:
            _, other = beside.end()
            if "Traceback" in other:
                raise Broken(f"{fault.name}: another process beside it fails\n{other[-3000:]}")
        if peers and code == -signal.SIGABRT and re.search(r"[Tt]ask:? ?1\b", said):
            return "ended by JAX"  # while they join, and while they part
        if peers and child.lost and code and f"pid {child.lost})" not in said:
            raise Broken(f"{fault.name}: process 1 is not named ({code})\n{said[-3000:]}")
        if code in (-9, -15):
            return "died"
        if code == 0:
            return "went on"
        if code in (130, 143) or (code == 1 and fault.signals and not said):  # or before it began
            return "interrupted"
        if (
            code == 2
            and len(said) < 5000
            and any(line.startswith(("refused: ", "normax: ")) for line in said.splitlines())
        ):
            return "refused"
        raise Broken(
            f"{fault.name}: hangs" if code is None else f"{fault.name}: ended with {code}\n{said[-3000:]}"
        )

    def _child(self, version: int, kind: int | None = None) -> Child:
        own = self.seed, self.number * 10 + len(self.faults)
        return Child(self.work, version, self.folder, self.given, kind, own)

    def _look(self, version: int) -> None:
        """After a fault a reader finds nothing yet, the old or the new, whole."""
        try:
            found = WORKS[self.work].find(self.folder)
        except InputError as error:
            raise Broken(f"a reader finds what is damaged\n{error}") from error
        if not WORKS[self.work].replaces:
            return
        known = [
            k for k, given in enumerate(self.reference.given) if found is not None and _same(found, given)
        ]
        if not known and (found is not None or self.has_old):
            raise Broken("a reader finds neither the old nor the new")

    def _damage(self) -> Path | None:
        """Flip a bit of a file of ours, or cut it short."""
        files = [
            file for file in sorted(self.folder.rglob("*")) if file.is_file() and file.name not in _NOTES
        ]
        files = [file for file in files if file.suffix != ".part"]
        if not files:
            return None
        file = files[int(self.random.integers(len(files)))]
        data = bytearray(file.read_bytes())
        at = int(self.random.integers(len(data)))
        if self.random.random() < 0.5:
            data[at] ^= 1 << int(self.random.integers(8))
        else:
            del data[at:]
        file.write_bytes(data)
        return file

    def _mended(self, file: Path) -> str:
        """A damaged checkpoint is refused with what to do, and doing it helps; or it does not matter."""
        code, said = self._child(0).end()
        if code == 0:
            return "went on"
        cures = ("delete it", "name another", "begin anew")
        if code != 2 or file.name not in said or not any(cure in said for cure in cures):
            raise Broken(f"a damaged {file.name} is told of without what to do ({code})\n{said[-2000:]}")
        if file.parent == self.folder or "delete it" in said:
            file.unlink()
        else:
            shutil.rmtree(file.parent)
        return "refused"

    def _undisturbed(self, version: int) -> None:
        code, said = self._child(version).end()
        if code != 0:
            raise Broken(f"does not go on ({code})\n{said[-3000:]}")


def _given(file: Path) -> Arrays:
    with np.load(file) as arrays:
        return dict(arrays)


def _same(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(
        one[k].dtype == other[k].dtype and one[k].tobytes() == other[k].tobytes() for k in one
    )


def _names(folder: Path) -> set[str]:
    """All that lies in a folder, the marks of shards aside."""
    names = {file.relative_to(folder).as_posix() for file in folder.rglob("*")}
    return {re.sub(r"-[0-9a-f]{8}(?=-\d{5}-of-)", "", name) for name in names}
