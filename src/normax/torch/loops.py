"""The error of the first line of a PyTorch training loop that cannot be had: it shows the loop rewritten."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from types import FrameType
from typing import Any

import normax
from normax.errors import InputError
from normax.torch.rewritten import Loop, Unreadable

__all__ = ["backward", "refuse"]

_OURS = str(Path(normax.__file__).parent)
_GENERIC = """\
step = nx.train_step(net, loss_fn, optimizer)  # once; loss_fn(net, x, y) -> scalar; optax.adam(1e-3), say
for x, y in loader:
    loss = step(x, y)"""


def refuse(asked: str) -> InputError:
    """The error for a line of a training loop, `loss.backward()` say: what to write instead of the loop."""
    frame = _caller()
    where = f"{asked}, line {frame.f_lineno} of {Path(frame.f_code.co_filename).name}" if frame else asked
    try:
        rewritten = None if frame is None else Loop(frame).rewritten()
    except (SyntaxError, Unreadable):
        rewritten = None
    said = "this loop is" if rewritten else "a loop is"
    return InputError(
        f"{where}: a compiled step takes gradients and moves the weights at once, `import normax as nx`; "
        f"{said}\n\n" + textwrap.indent(rewritten or _GENERIC, "    ") + "\n"
    )


def backward(
    self: Any, gradient: Any = None, retain_graph: Any = None, create_graph: bool = False, inputs: Any = None
) -> Any:
    """Refused: a compiled step takes the gradients."""
    raise refuse("loss.backward()")


def _caller() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame
