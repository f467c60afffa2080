"""`normax port FILE.py`: a PyTorch file with its imports changed, printed or written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from normax.cli import screen
from normax.files import write
from normax.language.messages import retold

__all__ = ["port"]


def port(options: argparse.Namespace) -> None:
    """`normax port FILE [--write]`: the file on the standard output, or in its place; what is left to do, in a line."""
    from normax.porting.rewriting import port as ported

    file = Path(options.file)
    result = ported(file)
    lines = sorted(result.remarks)
    left = (
        f"{len(lines)} {'line needs' if len(lines) == 1 else 'lines need'} a hand"
        if lines
        else "nothing is left to do"
    )
    where = f": {', '.join(map(str, lines))}; see the comments that begin with # normax:" if lines else ""
    if options.write:
        write(file, result.text.encode(result.encoding))
    else:
        sys.stdout.write(result.text)
        sys.stdout.flush()
    screen.console(error=True).print(retold(f"{file}: {left}{where}"), soft_wrap=True)
