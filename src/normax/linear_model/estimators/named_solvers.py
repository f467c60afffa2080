"""scikit-learn's names of solvers: what each refuses there is refused here, and what it says of a fit that ran out of
steps is said here too, so that code that catches or filters either goes on working. The solver itself is chosen by what
it serves, whatever the name."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.linear_model.solvers.convergence import UNCONVERGED

__all__ = ["LOGISTIC", "refuse_contradictions", "words_of"]

#: Of logistic regression, and none.
LOGISTIC = ("auto", "lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga")

# What scikit-learn's solvers say first where `max_iter` ended them.
SAID = {
    "auto": "lbfgs failed to converge",  # the default there
    "lbfgs": "lbfgs failed to converge",
    "liblinear": "Liblinear failed to converge, increase the number of iterations.",
    "newton-cg": "newton-cg failed to converge. Increase the number of iterations.",
    "newton-cholesky": "Newton solver did not converge after {steps} iterations",
    "sag": "The max_iter was reached which means the coef_ did not converge",
    "saga": "The max_iter was reached which means the coef_ did not converge",
}


def words_of(solver: Any, steps: int) -> str:
    """What the warning of a fit that did not converge in so many steps begins with."""
    return SAID.get(solver, UNCONVERGED).format(steps=steps)


def refuse_contradictions(solver: str, ratios: Any, free: bool, dual: bool, classes: int) -> None:
    """Refuse what a solver of logistic regression is named for and does not serve in scikit-learn.

    Args:
        ratios: all l1_ratios; free: whether there is no penalty at all; dual: of liblinear's L2 alone.

    Raises:
        InputError: which names the arguments that contradict each other, and "auto", which serves all.
    """
    cure = '; leave solver="auto", which serves every penalty and any number of classes'
    penalised = [] if free else [r for r in ratios if r]
    if solver in ("lbfgs", "newton-cg", "newton-cholesky", "sag") and penalised:
        raise InputError(
            f"solver: Solver {solver} supports only 'l2' or None penalties, got l1_ratio={penalised[0]:g}{cure}"
        )
    if dual and solver not in ("auto", "liblinear"):
        raise InputError(f"dual: Solver {solver} supports only dual=False, got dual=True; leave it out")
    if solver != "liblinear":
        return
    if free:
        raise InputError(
            f"solver: C=np.inf as well as penalty=None is not supported for the liblinear solver{cure}"
        )
    if any(0 < r < 1 for r in penalised):
        raise InputError(
            f"solver: Only 'saga' solver supports elasticnet penalty, got solver=liblinear.{cure}"
        )
    if dual and penalised:
        raise InputError("dual: expected False with l1_ratio=1, got True; leave it out")
    if classes > 2:
        raise InputError(
            f"solver: The 'liblinear' solver does not support multiclass classification (n_classes >= 3), got {classes} "
            f"classes{cure}, or wrap it in OneVsRestClassifier"
        )
