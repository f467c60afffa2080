"""The last few compiled programs, so that a second call of the same kind need not compile again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

__all__ = ["Recent"]


class Recent:
    """A small cache, least recently used out first: `recent(key, make)`, from any thread.

    Whatever the key names by identity must be kept alive by the value. A key that cannot be hashed (a
    penalty whose strength is an array, say) is made anew each time.

    Example:
        >>> recent = Recent(2)
        >>> recent("a", lambda: 1), recent("a", lambda: 2), recent([], lambda: 3)
        (1, 1, 3)
    """

    def __init__(self, size: int = 8):
        self.size = size
        self._lock = Lock()
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def __call__(self, key: Any, make: Callable[[], Any]) -> Any:
        try:
            hash(key)
        except TypeError:
            return make()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = make()  # outside: it may take long, and ask for more
        with self._lock:
            value = self._kept.setdefault(key, value)
            if len(self._kept) > self.size:
                self._kept.popitem(last=False)
        return value
