"""A contender in a process of its own, which is stopped while it waits: idle thread pools spin on the cores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class Process:
    """Runs `python SCRIPT NAME`, which reads requests as JSON lines and answers each with one.

    Args:
        script: a file of this folder.
        name: which contender it is to be.
        python: the interpreter.
        settings: environment variables on top of this process's.
    """

    def __init__(self, script: str, name: str, python: Any, settings: dict[str, str] | None = None):
        self.name = name
        self.process = subprocess.Popen(
            [str(python), str(HERE / script), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if "NORMAX_BENCH_DEBUG" in os.environ else subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env=os.environ | (settings or {}),
        )

    def ask(self, request: dict[str, Any]) -> Any:
        """The answer to a request, which the process works on alone."""
        os.killpg(self.process.pid, signal.SIGCONT)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} stopped on {request}; run it with NORMAX_BENCH_DEBUG=1")
        os.killpg(self.process.pid, signal.SIGSTOP)
        return json.loads(answer)

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()
