"""Forward hooks: functions that a module calls before and after its `forward`."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Hook", "RemovableHandle", "call_with_hooks"]

_numbers = itertools.count()


class Hook(NamedTuple):
    """One registered function. A module holds a tuple of them, which is replaced and never changed, so
    that hooks are part of what a compiled call is kept by."""

    number: int
    function: Callable[..., Any]
    before: bool
    with_kwargs: bool
    always_call: bool


class RemovableHandle:
    """What a registration returns: `remove()` takes the hook away, and so does the end of a `with` block.

    Example:
        >>> from normax import nn
        >>> layer, seen = nn.Identity(), []
        >>> with layer.register_forward_hook(lambda module, args, output: seen.append(output)):
        ...     layer(3)
        3
        >>> layer(4), seen
        (4, [3])
    """

    def __init__(self, module: Any, hook: Hook, prepend: bool):
        self._module, self.id = weakref.ref(module), hook.number
        module._set_hooks((hook, *module._hooks) if prepend else (*module._hooks, hook))

    def remove(self) -> None:
        module = self._module()
        if module is not None and any(hook.number == self.id for hook in module._hooks):
            module._set_hooks(tuple(hook for hook in module._hooks if hook.number != self.id))

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()


def register(
    module: Any, function: Callable[..., Any], before: bool, prepend: bool, kwargs: bool, always: bool = False
) -> RemovableHandle:
    return RemovableHandle(module, Hook(next(_numbers), function, before, kwargs, always), prepend)


def call_with_hooks(module: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """`module.forward` between its hooks; those with `always_call` run after an error too."""
    output, called = None, set()

    def after(hook: Hook) -> Any:
        called.add(hook.number)
        given = (args, kwargs, output) if hook.with_kwargs else (args, output)
        changed = hook.function(module, *given)
        return output if changed is None else changed

    hooks = module._hooks
    try:
        for hook in hooks:
            if hook.before:
                args, kwargs = _before(hook, module, args, kwargs)
        output = module.forward(*args, **kwargs)
        for hook in hooks:
            if not hook.before:
                output = after(hook)
    except Exception:
        for hook in hooks:
            if hook.always_call and hook.number not in called:
                after(hook)
        raise
    return output


def _before(hook: Hook, module: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    if not hook.with_kwargs:
        changed = hook.function(module, args)
        if changed is None:
            return args, kwargs
        return changed if isinstance(changed, tuple) else (changed,), kwargs
    changed = hook.function(module, args, kwargs)
    if changed is None:
        return args, kwargs
    if isinstance(changed, tuple) and len(changed) == 2:
        return changed
    raise RuntimeError(f"a pre-hook with kwargs returns None or (args, kwargs), got {changed!r}")
