"""Compile normax's kernels into the package, for a wheel that compiles nothing on its user's machine.

    python wheels/kernels.py [--levels v3 v4]

Fits of every kind are run and each kernel notes the types it was called with; numba compiles it for those, ahead of
time, into one extension module a level of processors, in `src/normax/_kernels/`. It wants a C compiler, for the glue.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import json
import os
import platform
import subprocess
import sys
import time
import warnings
from pathlib import Path
from unittest import mock

#: Levels of x86-64 and what LLVM calls them; other processors have one.
PROCESSORS = (
    {"v3": "x86-64-v3", "v4": "x86-64-v4"} if platform.machine() in ("x86_64", "AMD64") else {"any": ""}
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", nargs="+", default=list(PROCESSORS), choices=list(PROCESSORS))
    for level in parser.parse_args().levels:
        # Each in a process of its own, since numba reads the processor when it is imported.
        own = {"NUMBA_CPU_NAME": PROCESSORS[level], "NUMBA_CPU_FEATURES": ""} if PROCESSORS[level] else {}
        own["NUMBA_CACHE_DIR"] = ""
        code = f"import kernels; kernels.build({level!r})"
        subprocess.run(
            [sys.executable, "-c", code], check=True, env=os.environ | own, cwd=Path(__file__).parent
        )


def build(level: str) -> None:
    """Write `kernels_LEVEL` and its index."""
    warnings.simplefilter("ignore")
    from numba.core.compiler import Flags
    from numba.pycc import CC

    from normax import compiled

    began = time.perf_counter()
    calls = record()
    module = f"kernels_{level}"
    library = CC(module)
    library.target_cpu = PROCESSORS[level]
    library.output_dir = str(compiled.LIBRARY)
    compiled.LIBRARY.mkdir(exist_ok=True)
    index: dict[str, dict[str, str]] = {}
    for number, ((kernel, kinds), types) in enumerate(
        sorted(calls.items(), key=lambda call: (call[0][0].name, call[0][1]))
    ):
        found = kernel.jitted.overloads[types].signature
        names = ", ".join(inspect.signature(kernel.function).parameters)
        given: dict = {"kernel": kernel}
        exec(f"def entry({names}):\n    return kernel({names})", given)
        library.export(f"k{number}", found)(given["entry"])
        index.setdefault(kernel.name, {})[kinds] = f"k{number}"

    def without_lock() -> Flags:
        flags = Flags()
        flags.release_gil = True
        return flags

    with mock.patch("numba.pycc.compiler.Flags", without_lock):
        library.compile()
    every = {
        kernel.function.__code__.co_filename
        for kernel in gc.get_objects()
        if isinstance(kernel, compiled.Kernel)
    }
    files = sorted(Path(file).relative_to(compiled.LIBRARY.parent).as_posix() for file in every)
    told = {"module": module, "stamp": compiled.source_stamp(files), "files": files, "kernels": index}
    compiled.LIBRARY.joinpath(f"{level}.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    size = next(compiled.LIBRARY.glob(f"{module}.*")).stat().st_size / 1e6
    print(f"{level}: {len(calls)} kernels, {size:.1f} MB, {time.perf_counter() - began:.0f} s")


def record() -> dict:
    """(kernel, kinds of arguments) -> numba's types, of all calls of a round of fits."""
    from numba import typeof

    from normax.compiled import Kernel, kinds

    calls: dict = {}

    def noting(kernel: Kernel, *args):
        calls[kernel, kinds(args)] = tuple(typeof(value) for value in args)
        return kernel.jitted(*args)

    with mock.patch.object(Kernel, "__call__", noting):
        round_of_fits()
    return calls


def round_of_fits() -> None:
    """What people fit, small: every loss and penalty, few rows and many, dense and sparse, weights, bounds, folds."""
    import numpy as np
    from scipy import sparse

    from normax import linear_model as lm
    from normax.penalties import MCP, ElasticNet, Fused, GroupLasso

    rng = np.random.default_rng(0)
    for n, p in ((60, 5), (40, 90), (2500, 12)):
        dense = rng.normal(size=(n, p)) * (rng.random((n, p)) < 0.7) + 0.1
        signal = dense[:, :3] @ [1.0, -0.5, 0.25] + rng.normal(size=n)
        responses = {
            "gaussian": signal,
            "binomial": (signal > 0).astype(float),
            "poisson": rng.poisson(np.exp(np.clip(signal / 3, -2, 2))).astype(float),
            "multinomial": np.digitize(signal, (-0.7, 0.7)),
            "huber": signal,
            "quantile": signal,
            "gamma": np.exp(signal / 3),
            "ordinal": np.digitize(signal, (-0.7, 0.7)),
            "cox": np.column_stack([rng.exponential(np.exp(-signal / 3)), rng.random(n) < 0.7]),
        }
        groups = GroupLasso(groups=np.arange(p) // 3)
        weights, bound = {"sample_weight": rng.integers(1, 3, n)}, {"lower": 0.0}
        free = {"penalty_factor": np.arange(p) > 1}
        for X in (dense, np.asfortranarray(dense), sparse.csc_array(dense), sparse.csr_array(dense)):
            for family, y in responses.items():
                if n > 60 and family in ("huber", "quantile", "cox", "ordinal") and X is not dense:
                    continue  # the same kernels at more rows, for a long time
                plain = [
                    {},
                    {"l1_ratio": 0.5},
                    {"l1_ratio": 0.0},
                    weights if family != "cox" else {},
                    bound,
                    free,
                ]
                penalties = [
                    {"penalty": penalty} for penalty in (MCP(), groups, Fused(), ElasticNet() + groups)
                ]
                for words in plain + (penalties if X is dense or family in ("gaussian", "binomial") else []):
                    strengths = lm.max_strength(X, y, family=family) * np.array([0.5, 0.1, 0.02])
                    _run(lm.fit_path, X, y, family=family, strengths=strengths, **words)
            _run(lm.fit_path, X, signal, strengths=[0.01, 0.005, 0.002], l1_ratio=0.5)  # columns beyond rows
            _run(lm.LassoCV().fit, X, signal)
            _run(lm.ElasticNetCV().fit, X, signal)
            _run(lm.RidgeCV().fit, X, signal)
            _run(lm.LogisticRegressionCV(l1_ratios=(0.5,), Cs=3).fit, X, signal > 0)
        for X in (dense, sparse.csr_array(dense)):
            for family in ("gaussian", "binomial", "poisson"):
                rows = lm.row_source(X, responses[family])
                _run(lm.fit_path, rows, None, family=family, strengths=[0.1, 0.02])
            model = lm.PenalisedRegressor("l1", family="poisson", strengths=5, cv=3)
            _run(model.fit, lm.row_source(X, responses["poisson"]), None)
            _run(lm.PenalisedRegressor("l1", strength=0.1).fit, lm.row_source(X, signal), None)
        _run(lm.fit_path, dense, np.column_stack([signal, -signal]), strengths=[0.1], penalty=groups)
        _run(lm.debiased_lasso, dense, signal)
        _run(lm.concordance, *responses["cox"].T, signal)


def _run(fit, *args, **words) -> None:
    try:
        fit(*args, **words)
    except ValueError as error:  # a combination that is refused compiles nothing
        print(f"left out: {str(error)[:100]}")


if __name__ == "__main__":
    main()
