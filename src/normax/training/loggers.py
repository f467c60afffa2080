"""Loggers: the rows of a history, and those of a path, sent to TensorBoard, MLflow or Weights & Biases."""

from __future__ import annotations

import importlib
import os
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.training.callbacks import Callback

__all__ = ["MLflow", "TensorBoard", "WandB"]


class Logger(Callback):
    """A callback of `nx.fit` that hands every epoch's numbers on; `log_path` does so for a finished path."""

    main_only = True

    def open(self) -> None:
        """Make ready to write; called before the first row."""

    def write(self, step: int, values: dict[str, float]) -> None:
        """Numbers by name, at one step."""
        raise NotImplementedError

    def close(self) -> None:
        """No more rows come."""

    def start(self, run: Any) -> None:
        self.open()

    def __call__(self, run: Any) -> None:
        row = dict(run.last)
        self.write(int(row.pop("epoch")), row)

    def finish(self, run: Any) -> None:
        self.close()

    def log_path(self, path: Any) -> None:
        """Write every strength of a path, strong to weak as steps 0, 1, ...: `path/strength`, `path/nonzero`,
        `path/train`, and with folds `path/cv` and `path/se`; at the end `best/...` of the choice.

        Args:
            path: a `Path`.
        """
        self.open()
        folds = len(path.fold_errors) > 0
        columns = {"strength": path.strengths, "nonzero": path.nonzero, "train": path.train_mean}
        columns |= {"cv": path.cv_mean, "se": path.cv_se} if folds else {}
        for step, i in enumerate(np.argsort(-np.asarray(path.strengths), kind="stable").tolist()):
            self.write(step, {f"path/{name}": float(values[i]) for name, values in columns.items()})
        if folds:
            best = path.best
            chosen = {
                "strength": best.strength,
                "cv": best.cv_mean,
                "se": best.cv_se,
                "nonzero": best.nonzero,
            }
            self.write(0, {f"best/{name}": float(value) for name, value in chosen.items()})
        self.close()


class TensorBoard(Logger):
    """Write event files for TensorBoard, by tensorboardX or, without it, by `torch.utils.tensorboard`.

    Args:
        folder: where to; runs side by side go to folders side by side.
        writer: a `SummaryWriter` of yours, which is left open.

    Raises:
        InputError: without either package.

    Example:
        >>> class Writer:
        ...     def add_scalar(self, name, value, step): print(step, name, value)
        ...     def flush(self): pass
        >>> TensorBoard(writer=Writer()).write(1, {"loss": 0.5})
        1 loss 0.5

    Source:
        https://tensorboardx.readthedocs.io/
    """

    def __init__(self, folder: str | os.PathLike | None = None, *, writer: Any = None):
        if (folder is None) == (writer is None):
            raise InputError("TensorBoard: expected a folder or a writer; write nx.TensorBoard('runs/first')")
        self.folder, self.writer, self._own = folder, writer, writer is None

    def open(self) -> None:
        if self._own:
            maker = _found(["tensorboardX", "torch.utils.tensorboard"], "TensorBoard", "normax[tensorboard]")
            self.writer = maker.SummaryWriter(str(self.folder))

    def write(self, step: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)
        self.writer.flush()

    def close(self) -> None:
        if self._own and self.writer is not None:
            self.writer.close()
            self.writer = None


class MLflow(Logger):
    """Log metrics to MLflow: to the run that is active, or to one of its own, which is ended with the fit.

    Args:
        name: of a run of its own.
        params: what to log as parameters of the run.

    Raises:
        InputError: in the fit, without mlflow.

    Source:
        https://mlflow.org/docs/latest/tracking.html

    See `TensorBoard` for the use.
    """

    def __init__(self, name: str | None = None, params: dict[str, Any] | None = None):
        self.name, self.params, self._own = name, dict(params or {}), False

    def open(self) -> None:
        self._mlflow = _found(["mlflow"], "MLflow", "normax[mlflow]")
        self._own = self._mlflow.active_run() is None
        if self._own:
            self._mlflow.start_run(run_name=self.name)
        if self.params:
            self._mlflow.log_params(self.params)

    def write(self, step: int, values: dict[str, float]) -> None:
        self._mlflow.log_metrics(values, step=step)

    def close(self) -> None:
        if self._own:
            self._mlflow.end_run()
            self._own = False


class WandB(Logger):
    """Log to Weights & Biases: to the run that is active, or to one of its own, which is finished with the fit.

    Args:
        options: of `wandb.init`: project, name, config, mode, ...

    Raises:
        InputError: in the fit, without wandb.

    Source:
        https://docs.wandb.ai/ref/python/

    See `TensorBoard` for the use.
    """

    def __init__(self, **options: Any):
        self.options, self._own = options, None

    def open(self) -> None:
        wandb = _found(["wandb"], "WandB", "normax[wandb]")
        self._own = wandb.init(**self.options) if wandb.run is None else None
        self._run = wandb.run if self._own is None else self._own

    def write(self, step: int, values: dict[str, float]) -> None:
        self._run.log({"step": step, **values})

    def close(self) -> None:
        if self._own is not None:
            self._own.finish()
            self._own = None


def _found(modules: list[str], who: str, extra: str) -> Any:
    """The first module that can be imported."""
    for name in modules:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise InputError(f"{who}: needs {' or '.join(modules)}; install it, pip install '{extra}'")
