"""The command: `normax path`, `normax compare`, `normax predict`, `normax show`, `normax port`,
`normax explain`, `normax launch`, `normax demo`.

Whatever is wrong with the input is one line on the standard error and exit code 2; Ctrl-C is one line and
130, SIGTERM 143. Nothing heavy is imported before the arguments are known to be good.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from normax.cli.interrupts import Terminated, watched
from normax.cli.options.typed import language_asked, parse
from normax.cli.runs.clock import Clock
from normax.errors import InputError
from normax.language import language_of, say, speaking
from normax.language.messages import retold
from normax.text import encodable, printable

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the words after `normax`; by default those of the command line.

    Returns:
        The exit code: 0, 2 for input that cannot be used, 130 when interrupted, 143 when terminated; of `launch` that of
        the process that failed.

    Example:
        >>> main(["path", "data.csv", "--target", "y", "--penalty", "l3"])
        2
    """
    words = list(sys.argv[1:] if argv is None else argv)
    with speaking(language_asked(words) or language_of(os.environ)):
        return _obey(words)


def _obey(words: list[str]) -> int:
    clock = Clock()
    try:
        with clock.time("loading"):
            options = parse(words)
        with watched(), speaking(options.lang):
            if options.command == "launch":
                from normax.cli.launch import launch

                return launch(options)
            _run(options, clock)
    except InputError as error:
        _say(f"{say('error: ')}{retold(str(error))}")
        return 2
    except KeyboardInterrupt as error:
        ended = error.signal if isinstance(error, Terminated) else None
        _say(say("interrupted; nothing was written" if ended is None else "terminated; nothing was written"))
        return 130 if ended is None else 128 + ended
    except MemoryError:
        cure = say("not enough memory; try fewer --strengths, a smaller --cv or fewer columns (--drop)")
        _say(f"{say('error: ')}{cure}")
        return 2
    except BrokenPipeError:  # the reader, say `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # a full disk, say
        _say(f"{say('error: ')}{error.filename or say('writing')}: {error.strerror or error}")
        return 2
    return 0


def _run(options, clock: Clock) -> None:
    if getattr(options, "dry_run", False):
        from normax.cli.runs.look import look

        look(options)
    elif options.command == "path":
        with clock.time("loading"):
            from normax.cli.runs.path import fit

        fit(options, clock)
    elif options.command == "compare":
        with clock.time("loading"):
            from normax.cli.runs.compare import compare

        compare(options, clock)
    elif options.command == "predict":
        from normax.cli.model.saved import predict

        predict(options)
    elif options.command == "show":
        from normax.cli.model.saved import show

        show(options)
    elif options.command == "completion":
        from normax.cli.options.completion import completion

        print(completion(options.shell), flush=True)
    elif options.command == "explain":
        from normax.cli.explain import explain

        text = explain(options.name, options.lang)
        print(encodable(text, sys.stdout.encoding), flush=True)  # a terminal may know no Σ
    elif options.command == "port":
        from normax.cli.port import port

        port(options)
    else:
        from normax.cli.demo import demo

        demo(options)


def _say(message: str) -> None:
    print(f"normax: {printable(' '.join(message.split()))}", file=sys.stderr, flush=True)
