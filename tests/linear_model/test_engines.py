"""Pieces side by side: the same answers on threads, on joblib's processes and on a Dask cluster, and each thing sent once."""

import os
import signal
import threading
import warnings

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_info

import normax as nx
from normax import nn
from normax.errors import InputError, LostWorker, Notice
from normax.linear_model import (
    ElasticNetCV,
    LassoCV,
    LogisticRegressionCV,
    MultiTaskLassoCV,
    bootstrap,
    cv_path,
    debiased_lasso,
    relaxed_path,
    stability_selection,
)
from normax.linear_model.design.engine import at_most, side_by_side
from normax.linear_model.design.threads import one_thread

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 20))
y = X[:, 0] - X[:, 1] + rng.normal(size=300)
codes = (y > 0).astype(int)


def few() -> list[np.ndarray]:
    """Folds, with what their judges keep, and halves; of a large array, which travels as a file, too."""
    wide = np.random.default_rng(1).normal(size=(500, 400))  # 1.6 MB
    classes = LogisticRegressionCV(Cs=3, cv=3, scoring="accuracy").fit(X, codes)
    kept = cv_path(X, y, measure="mae", keep=True, cv=3, strengths=5)
    return [
        LassoCV(alphas=10, cv=3).fit(wide, wide[:, 0]).mse_path_,
        classes.coefs_paths_,
        classes.scores_,
        stability_selection(X, y, halves=4, strengths=5).frequency,
        kept.mean,
        kept.held_out,
    ]


def all_that_is_split() -> list[np.ndarray]:
    mixed = cv_path(X, codes, family="binomial", gammas=(0, 1), cv=3, strengths=5)
    return [
        *few(),
        bootstrap(ElasticNetCV(alphas=5, cv=3), X, y, repeats=4).lower,
        relaxed_path(X, y, strengths=5, cv=3).cv_mean,
        mixed.mean,
        debiased_lasso(X, y).lower,
        nx.path(nn.Linear(20, 1), (X, y), loss="squared", penalty="l1", strengths=5, cv=3).cv_mean,
    ]


def same(got: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_two_processes_and_two_threads_answer_as_no_engine_does():
    expected = few()
    with parallel_config("threading", n_jobs=2):
        same(few(), expected)
    with parallel_config("loky", n_jobs=2):
        same(few(), expected)


def sendings(pieces: int) -> tuple[int, list[tuple[int, int]]]:
    """How often what the pieces hold is sent, and the process and the number of each piece."""

    class Held:
        def __reduce__(self):
            sent.append(1)
            return int, ()

    sent, held = [], Held()
    found = side_by_side(lambda k: (held, os.getpid(), k)[1:], pieces)
    return len(sent), found


def test_what_a_piece_holds_travels_once_to_each_worker():
    with parallel_config("loky", n_jobs=2):
        sent, found = sendings(12)
    assert [k for _, k in found] == list(range(12))
    assert os.getpid() not in {pid for pid, _ in found}
    assert 1 <= sent <= 2


def test_pieces_of_pieces_start_no_workers_of_their_own():
    def inner(_: int) -> tuple[int, set[int], int]:
        """This thread, those of its own pieces, and the most threads that BLAS may use."""
        theirs = side_by_side(lambda _: threading.get_ident(), 4)
        blas = (pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return threading.get_ident(), set(theirs), max(blas)

    found = side_by_side(inner, 4)
    assert threading.get_ident() not in {mine for mine, _, _ in found}
    with parallel_config("loky", n_jobs=2):
        found += side_by_side(inner, 4)
        found += Parallel(mmap_mode="c")(
            delayed(inner)(k) for k in range(2)
        )  # a search over estimators that is not ours
    for mine, theirs, blas in found:
        assert theirs == {mine}
        assert blas == 1


def test_warnings_and_errors_of_another_process_arrive_as_they_were():
    def speaks(k: int) -> int:
        warnings.warn(f"piece {k}", Notice, stacklevel=1)
        if k == 3:
            raise InputError("piece 3: expected another")
        return k

    with parallel_config("loky", n_jobs=2):
        with pytest.warns(Notice, match="piece") as said:
            assert side_by_side(speaks, 2) == [0, 1]
        assert [str(w.message) for w in said] == ["piece 0", "piece 1"]
        with pytest.raises(InputError, match="piece 3: expected another"):
            side_by_side(speaks, 4)


def test_a_worker_that_does_not_answer_in_time_is_named(monkeypatch):
    end = threading.Event()

    def hangs(k: int) -> int:
        if k == 3:
            end.wait()
        return k

    with parallel_config("threading", n_jobs=2):
        for wrong in ("soon", "0", "nan", "inf"):
            monkeypatch.setenv("NORMAX_TIMEOUT", wrong)
            with pytest.raises(InputError, match=f"NORMAX_TIMEOUT: expected seconds > 0, got '{wrong}'"):
                side_by_side(hangs, 4)
        monkeypatch.setenv("NORMAX_TIMEOUT", "0.5")
        with pytest.raises(LostWorker, match=r"the worker of fold 3 to 4 of 4 did not answer within 0.5 s"):
            side_by_side(hangs, 4, what="fold")
        end.set()
        assert side_by_side(hangs, 4) == [0, 1, 2, 3]


@pytest.mark.slow
def test_a_process_that_hangs_or_dies_is_given_up_and_the_next_answer(monkeypatch):
    def hangs(k: int) -> int:
        if k == 3:
            threading.Event().wait()
        return k

    def dies(k: int) -> int:
        if k == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return k

    with parallel_config("loky", n_jobs=2):
        side_by_side(lambda k: k, 4)  # workers that are there already
        monkeypatch.setenv("NORMAX_TIMEOUT", "5")
        with pytest.raises(LostWorker, match="the worker of fold 3 to 4 of 4 did not answer within 5 s"):
            side_by_side(hangs, 4, what="fold")
        monkeypatch.delenv("NORMAX_TIMEOUT")
        with pytest.raises(LostWorker, match=r"a worker died while fold . to . of 4 was awaited"):
            side_by_side(dies, 4, what="fold")
        assert side_by_side(lambda k: k, 4) == [0, 1, 2, 3]


def test_n_jobs_says_how_many_workers_and_never_what_comes_out():
    def threads(n_jobs):
        with at_most(n_jobs):
            return set(side_by_side(lambda _: threading.get_ident(), 6))

    assert threads(1) == {threading.get_ident()}
    assert threading.get_ident() not in threads(3)
    with at_most(1):
        assert threads(3) == {threading.get_ident()}
    for wrong in (0, True, "two", 1.5):
        with pytest.raises(InputError, match="n_jobs: expected None, a whole number"):
            threads(wrong)
    with pytest.raises(InputError, match="n_jobs"):
        LassoCV(n_jobs=0).fit(X, y)
    for make, target in ((LassoCV, y), (ElasticNetCV, y), (MultiTaskLassoCV, np.c_[y, -y + X[:, 3]])):
        one, two = (make(alphas=5, n_jobs=n).fit(X, target) for n in (1, 2))
        assert (one.coef_ == two.coef_).all()
        assert (one.mse_path_ == two.mse_path_).all()


def test_the_last_thread_to_leave_gives_blas_its_threads_back():
    def most():
        return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

    from threadpoolctl import threadpool_limits

    with threadpool_limits(2, user_api="blas"):
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert most() == 1
        second.__exit__(None, None, None)
        assert most() == 2


def test_the_progress_of_pieces_is_told_on_the_callers_thread():
    told = []
    with parallel_config("threading", n_jobs=2):
        side_by_side(lambda k: k, 5, told.append)
    side_by_side(lambda k: k, 3, lambda done: told.append((done, threading.get_ident())))
    assert told == [3, 5, *((k, threading.get_ident()) for k in (1, 2, 3))]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_dask_cluster_of_processes_answers_as_no_engine_does_and_is_sent_everything_once():
    distributed = pytest.importorskip("distributed")
    expected = all_that_is_split()
    with parallel_config("loky", n_jobs=2):
        same(all_that_is_split(), expected)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        same(all_that_is_split(), expected)
        sent, found = sendings(12)
        assert os.getpid() not in {pid for pid, _ in found}
        assert 1 <= sent <= 2  # to four workers' threads in two processes
