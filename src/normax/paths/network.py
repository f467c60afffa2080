"""nx.path: the cross-validated regularisation path of any module."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from normax import nn
from normax.distributed import LostProcess, check_all, is_main, telling
from normax.errors import InputError, Notice
from normax.forms import check_unmasked
from normax.nn.backend import check_process
from normax.nn.module import Module
from normax.nn.random import check_seed
from normax.paths.arguments import Progress, check_strengths, unit_penalty
from normax.paths.axes import Axes
from normax.paths.folded import FoldedData
from normax.paths.outcome import outcome
from normax.paths.phases import fit_phases
from normax.paths.result import Path, check_selection
from normax.paths.schedule import Schedule, Stopping, Warm
from normax.paths.setup import Charges, PathSetup
from normax.paths.team import Team
from normax.penalties import L1
from normax.penalties.mixture import mixture_of
from normax.progress import progress_bar
from normax.training.data import check_counts, check_data
from normax.training.datasets import whole
from normax.training.groups import of_network
from normax.training.losses import check_targets, find_loss
from normax.training.modes import in_training_mode
from normax.training.optimizers import named

__all__ = ["path"]


@in_training_mode
def path(
    net: Module,
    data: tuple[Any, Any],
    *,
    loss: Any,
    penalty: Any = L1,
    strengths: Any = 30,
    cv: Any = 5,
    seeds: int = 1,
    select: str = "1se",
    over: Mapping[str, Any] | None = None,
    simpler: Any = None,
    optimizer: Any = None,
    epochs: int = 20,
    batch_size: int = 32,
    warm_start: Any = False,
    warm_epochs: int | None = None,
    early_stopping: Any = None,
    validation: float = 0.2,
    groups: Any = None,
    time: Any = None,
    transform: Any = None,
    scale_target: bool = False,
    sample_weight: Any = None,
    feature_names: Any = None,
    seed: int = 0,
    prox_step: Any = None,
    checkpoint: Any = None,
    on_progress: Progress | None = None,
    progress: bool | None = None,
) -> Path:
    """Fit a network at every strength of a penalty, on every fold and on all rows, and choose by evidence.

    Minimises `Σ_i w_i loss_i / Σ_i w_i + s·Ω(w) + Ω_own(w)`, where Ω_own are penalties that `nx.penalize` put on
    the network. All strengths of a row set, and all other settings, are lanes of one compiled program, laid over all
    devices; each is exactly the fit that `nx.fit` with the same seed would run on those rows alone. In a run of several
    processes (`nx.distributed`) each calls this, trains its share of the lanes, and returns the whole path. A single `Linear`
    with a convex loss and one mixture of L1 and L2 goes to the certified solver, and `optimizer`, `epochs` and
    `batch_size` have no say; with `over`, `warm_start` or `early_stopping`, which are about training, it is trained.

    Args:
        net: the module; every fit starts from its present weights, in the modes of `nx.fit`, and it is left as it is.
        data: `(X, y)` of n rows each, or a data set as `nx.fit` takes it, which is read once.
        loss: a name or a function `(output, target) -> (batch,)`, see `nx.fit`.
        penalty: `L1`, `L2`, `ElasticNet`, an instance, a name, or a dict from pattern to one of them
            (`nx.penalize`): the path's strength multiplies each one's own.
        strengths: the values, or a count. Then the largest is the smallest of a doubling pilot on all rows
            that leaves no penalised weight (with warm starts, of a chain of doublings from a dense network), and the
            smallest a thousandth of it; pure L2 runs from 1 to 1e-5. While the error is smallest at the weak end and
            still changes there, weaker ones are fitted too, down to a thousandth of that end and at most twice as many
            again; not with `over`, nor with warm starts, whose chain begins there.
        cv: a count of shuffled folds (stratified for classes), a scikit-learn splitter, pairs, or None.
        seeds: how many starting points; the first is the net's own, the others re-initialise it. Errors
            are averaged over them; the weights kept are the first's.
        select: `"1se"` or `"min"`.
        over: further axes, name -> values; all combinations with the strengths are fitted. A name is a field of a
            penalty (`"l1_ratio"`; `"L2.strength"` sets that of the L2 parts, whatever the path's strength), a
            hyper-parameter of `optax.inject_hyperparams` (`"learning_rate"`), or the path of a number that a
            module holds (`"drop.p"`).
        simpler: for `"1se"` with `over`, what makes a model simpler, the most important first: names of axes of
            which a larger value is simpler, with a `-` in front where a smaller one is: `["strength", "drop.p"]`, or
            `["-nonzero"]`. There is no natural order between two hyper-parameters, so it must be named.
        optimizer: an optax transformation, an optimiser of `normax.torch.optim`, or the name of one of optax's, such as
            "adamw", at learning rate 1e-3; None is "adam".
        epochs, batch_size: as in `nx.fit`.
        warm_start: False starts every strength from the same weights. True, or a number of strengths, goes from
            weak to strong in blocks of that many (by default the square root of their number): each starts from the
            strongest of the block before, with an optimiser that knows nothing. The reverse is refused: layers
            of zeros never come back.
        warm_epochs: epochs of all blocks but the first; None is `epochs`.
        early_stopping: epochs of patience, or an `nx.EarlyStopping`: each lane keeps the weights of its best epoch on
            a share of its training rows that is set aside, never on the fold that scores it. The fit on all rows has
            none set aside; it runs the median of the numbers of epochs that the folds chose.
        validation: that share. Rows are drawn by class, by whole groups, or are the latest of `time`.
        groups: `(n,)`; rows of a group stay in one fold.
        time: `(n,)`; folds go forward in time.
        transform: a scikit-learn transformer, fitted on the training rows of each fold.
        scale_target: standardise y inside each fold; errors and predictions stay in its units.
        sample_weight: `(n,)` weights >= 0.
        feature_names: names of the columns of X.
        seed: of folds, shuffling and dropout.
        prox_step: see `nx.train_step`.
        checkpoint: a folder, in which each chunk of lanes is kept as soon as it is trained. Called again with the
            same arguments after an interruption (Ctrl-C, a crash, a process that was killed), in any number of processes,
            the path goes on with the lanes not yet done and ends bit for bit as if nothing had happened. The
            certified solver needs none.
        on_progress: called as `(phase, done, total)`, instead of the bar; in each process of its own share.
        progress: a bar with the time left on standard error; None shows it on a terminal.

    Returns:
        A `Path`.

    Raises:
        InputError: for data, strengths or arguments that cannot be used; a checkpoint of another path, with all
            that differs; processes that were given other things.
        LostProcess: where another process of the run failed or was killed, naming it.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> random = np.random.default_rng(0)
        >>> X = random.normal(size=(60, 5))
        >>> y = 3 * X[:, 0] + X[:, 1] + random.normal(size=60)
        >>> path = nx.path(nx.nn.Linear(5, 1), (X, y), loss="squared", strengths=20)
        >>> path.engine, path.best.nonzero
        ('linear', 2)
    """
    X, y, weight = _checked_data(data, loss, transform, sample_weight, feature_names)
    seed = check_seed("seed", 0 if seed is None else seed, most=(1 << 32) - 1)
    check_counts(epochs=epochs, batch_size=batch_size, seeds=seeds)
    chosen = check_strengths(strengths)
    if optimizer is None or isinstance(optimizer, str):
        optimizer = named(optimizer or "adam", over or ())
    optimizer = of_network(net, optimizer)
    layer = None if over or warm_start or early_stopping else _single_linear(net, loss, penalty)
    names = None if feature_names is None else tuple(feature_names)
    splits: dict[str, Any] = {"cv": cv, "groups": groups, "time": time, "seed": seed, "transform": transform}
    if layer is not None:
        from normax.paths.linear import linear_path

        fitted: dict[str, Any] = {"loss": loss, "penalty": penalty, "strengths": strengths, "select": select}
        fitted |= {"fit_intercept": layer.bias is not None, "sample_weight": weight, "feature_names": names}
        return linear_path(X, y, **fitted, **splits, on_progress=on_progress)
    check_process()
    if scale_target and loss not in ("squared", "mse", "absolute"):
        raise InputError(
            f"scale_target: only distances can be rescaled ('squared', 'mse', 'absolute'), got {loss!r}"
        )
    charges = Charges.of(net, penalty)
    axes = Axes(net, list(charges.cells.values()), optimizer, over)
    simpler = check_selection(select, simpler, list(axes.values(np.zeros(1))))
    warm = Warm.of(warm_start, chosen if isinstance(chosen, int) else len(chosen), epochs, warm_epochs)
    stopping = Stopping.of(early_stopping, validation)
    schedule = Schedule(optimizer, prox_step, epochs, batch_size, seeds, warm, stopping)
    stratify = loss in ("cross_entropy", "binary_cross_entropy") and y.ndim == 1
    folded = FoldedData.of(X, y, weight=weight, stratify=stratify, scale_target=scale_target, **splits)
    team = Team.of_run()
    shown = progress if on_progress is None and is_main() else False
    with progress_bar(f"path {type(net).__name__}", 1, shown) as bar:

        def report(phase: str, done: int, total: int) -> None:
            check_all()
            if on_progress is not None:
                on_progress(phase, done, total)
            bar(done / total, lambda: phase)

        setup = PathSetup.of(net, loss, folded, charges, axes, schedule, chosen, checkpoint, team)
        try:
            with telling("nx.path"):
                fits = fit_phases(setup, report)
        except LostProcess as lost:
            raise LostProcess(f"nx.path: {lost}. {setup.kept.again}") from lost
    result = outcome(setup, fits, select=select, simpler=simpler, feature_names=names)
    for notice in result.notices if is_main() else ():
        warnings.warn(notice, Notice, stacklevel=3)
    return result


def _checked_data(
    data: Any, loss: Any, transform: Any, sample_weight: Any, feature_names: Any
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """X, y and weights that the loss and the names suit; X as it is where a transformer is to read it."""
    data = whole(data)
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        what = f"{len(data)} parts" if isinstance(data, (tuple, list)) else type(data).__name__
        raise InputError(f"data: expected (X, y), got {what}; weights go to sample_weight=")
    X, y = data
    if transform is None:
        X, y, weight = check_data(X, y, sample_weight)
    else:
        check_unmasked("X", X)
        _, y, weight = check_data(np.zeros(len(X)), y, sample_weight)
    find_loss(loss)
    check_targets(loss, y, ())
    if feature_names is not None and transform is None and X.ndim == 2 and len(feature_names) != X.shape[1]:
        raise InputError(f"feature_names: expected {X.shape[1]}, one a column of X, got {len(feature_names)}")
    return X, y, weight


def _single_linear(net: Module, loss: Any, penalty: Any) -> Any:
    """The layer that is the whole of a network which the certified solver can take, or None."""
    while type(net) is nn.Sequential and len(net) == 1:
        net = net[0]
    if type(net) is not nn.Linear or not isinstance(loss, str) or isinstance(penalty, Mapping):
        return None
    from normax.paths.linear import FAMILY_OF  # whose solvers take a second to load

    free = net.weight.penalty is None and all(cell.requires_grad for cell in net.parameters())
    mixture = mixture_of(unit_penalty(penalty))
    return net if free and loss in FAMILY_OF and mixture is not None and mixture[0] > 0 else None
