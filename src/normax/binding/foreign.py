"""What a trace ran through outside its own network."""

from __future__ import annotations

from normax.binding.signature import attributes
from normax.binding.watched import Watched
from normax.nn.frames import Frame, structure
from normax.nn.module import Module

__all__ = ["Foreign"]


class Foreign:
    """The modules outside the binding that a trace ran through; their modes and attributes bear on it too."""

    def __init__(self) -> None:
        self._modules: dict[int, Module] = {}
        self._token, self._state = structure.token, ()
        self._watched = Watched(())

    def _now(self) -> tuple:
        return tuple(attributes(module) for module in self._modules.values())

    def note(self, frame: Frame) -> None:
        self._modules |= frame.foreign
        self._state = self._now()
        self._watched = Watched(self._modules.values())

    def __bool__(self) -> bool:
        return bool(self._modules)

    def is_current(self) -> bool:
        """Whether they are still as they were when traced."""
        if not self._watched.is_current():
            return False
        if self._token is not structure.token:
            token = structure.token
            if self._now() != self._state:
                return False
            self._token = token
        return True
