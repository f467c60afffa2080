"""Lanes over processes: threads that exchange as processes do, and real ones over loopback, some of which are killed."""

import os
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.paths.team import Team, check_alike

FIELDS = ("strengths", "fold_errors", "fold_train_errors", "held_out_outputs", "curves", "epochs")


def teams(count):
    """What each of some threads has in the place of processes."""
    meeting, given = threading.Barrier(count, timeout=60), [b""] * count

    def of(index):
        def gather(content):
            given[index] = content
            meeting.wait()
            result = list(given)
            meeting.wait()
            return result

        return Team(index, count, gather)

    return [of(index) for index in range(count)]


@pytest.fixture
def together(monkeypatch):
    """`together(count, work)`: what `work(index)` returns in each of so many threads that share their lanes."""
    here = threading.local()
    monkeypatch.setattr(Team, "of_run", staticmethod(lambda: here.team))

    def run(count, work):
        def one(team):
            here.team = team
            return work(team.index)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, teams(count)))

    return run


random = np.random.default_rng(0)
X = random.normal(size=(61, 5)).astype("f")
y = (X[:, 0] > 0).astype(int)
pytestmark = pytest.mark.filterwarnings("ignore::normax.Notice")  # of few epochs
OPTIONS = {
    "loss": "cross_entropy",
    "strengths": 3,
    "cv": 2,
    "seeds": 2,
    "epochs": 2,
    "optimizer": optax.sgd(0.1),
    "progress": False,
}


def network(seed=0):
    with nx.nn.random.fork(seed):
        return nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))


def check_same(path, other):
    for field in FIELDS:
        if getattr(other, field) is not None:
            np.testing.assert_array_equal(getattr(path, field), getattr(other, field))
    for name, weights in other.weights.items():
        np.testing.assert_array_equal(path.weights[name], weights)
    for index in range(len(other.strengths)):
        for mine, theirs in zip(path.members(index), other.members(index)):
            np.testing.assert_array_equal(mine.outputs(X), theirs.outputs(X))


def test_every_process_has_the_whole_path_and_one_folder_serves_any_number(together, tmp_path):
    """The folder fixes the chunks, so that not a bit depends on how many processes went on with it."""
    options = OPTIONS | {"checkpoint": tmp_path}
    first = together(3, lambda index: nx.path(network(), (X, y), **options))
    parts = sorted(tmp_path.glob("rows-*"))
    assert len(parts) > 3
    for count, lost in ((1, parts[::2]), (2, parts[1::3])):
        for part in lost:
            part.unlink()
        for path in together(count, lambda index: nx.path(network(), (X, y), **options)):
            check_same(path, first[0])
    check_same(first[2], first[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "more", [{"warm_start": 2}, {"early_stopping": 1}, {"strengths": [1e-3], "cv": None}]
)
def test_processes_with_folders_of_their_own_send_each_other_what_they_found(together, tmp_path, more):
    options = OPTIONS | more
    first = together(2, lambda index: nx.path(network(), (X, y), checkpoint=tmp_path / str(index), **options))
    for index in range(2):
        for part in sorted((tmp_path / str(index)).glob("rows-*"))[::2]:
            part.unlink()
    again = together(2, lambda index: nx.path(network(), (X, y), checkpoint=tmp_path / str(index), **options))
    for path in (first[1], *again):
        check_same(path, first[0])
    alone = together(1, lambda index: nx.path(network(), (X, y), **options))[0]
    for name, weights in alone.weights.items():  # whose chunks may be larger
        np.testing.assert_allclose(first[0].weights[name], weights, atol=1e-5)


def test_processes_with_other_data_or_weights_are_refused(together):
    def work(index):
        with pytest.raises(
            nx.InputError, match="process 1 of 2 has other data, starting weights than process 0"
        ):
            nx.path(network(index), (X + index, y), **OPTIONS)

    together(2, work)


@pytest.mark.parametrize("costs", [[1], [1] * 7, [5, 1, 1, 1, 1, 1], [2, 3, 2]])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_work_is_shared_out_in_order_and_evenly(costs, count):
    owners = Team(0, count, lambda content: []).owners(costs)
    assert owners == sorted(owners)
    loads = [sum(c for c, owner in zip(costs, owners) if owner == process) for process in range(count)]
    assert sum(loads) == sum(costs)
    assert max(loads) <= sum(costs) / count + max(costs)


def test_the_process_that_differs_is_named():
    check_alike([{"data": "a"}] * 3)
    with pytest.raises(nx.InputError, match="process 2 of 3 has other data than process 0"):
        check_alike([{"data": "a"}, {"data": "a"}, {"data": "b"}])


SCRIPT = """
    import os, signal, sys, warnings
    import numpy as np, optax
    import normax as nx
    nx.distributed.initialize()
    warnings.simplefilter("ignore")
    random = np.random.default_rng(0)
    X = random.normal(size=(61, 5)).astype("f")
    y = (X[:, 0] > 0).astype(int)
    nx.manual_seed(0)
    net = nx.nn.Sequential(nx.nn.Linear(5, 4), nx.nn.BatchNorm1d(4), nx.nn.Dropout(0.2), nx.nn.ReLU(), nx.nn.Linear(4, 2))
    index = nx.distributed.index()

    def tell(phase, done, total):
        if os.environ.get("KILLED") == str(index) and phase == "folds" and done > total // 3:
            os.kill(os.getpid(), signal.SIGKILL)

    options = {"loss": "cross_entropy", "cv": 3, "epochs": 4, "seed": 5, "optimizer": optax.sgd(0.1)}
    if os.environ.get("COMPARED"):
        path = nx.compare(net, (X, y), methods=["l1", "dropout"], strengths=3, **options).paths["l1"]
    else:
        path = nx.path(net, (X, y), strengths=5, checkpoint=os.environ.get("FOLDER"), on_progress=tell, **options)
    np.savez(os.environ["OUT"] + f".{index}.npz", strengths=path.strengths, cv=path.fold_errors,
             held_out=path.held_out_outputs, **path.weights)
"""


def found(out, count):
    return [dict(np.load(f"{out}.{index}.npz")) for index in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("compared", ["", "yes"])
def test_two_and_four_processes_give_what_one_gives(processes, tmp_path, compared):
    results = []
    for count in (1, 2, 4):
        processes.output(SCRIPT, count, OUT=str(tmp_path / str(count)), COMPARED=compared)
        results += found(tmp_path / str(count), count)
    for result in results:
        for name, value in results[0].items():
            np.testing.assert_allclose(result[name], value, atol=1e-5)
    for name, value in results[-1].items():  # of one run, to the last bit
        np.testing.assert_array_equal(results[-2][name], value)


@pytest.mark.slow
def test_the_lanes_of_a_killed_process_are_taken_up_again(processes, tmp_path):
    folder = tmp_path / "run"
    killed = processes.started(SCRIPT, 2, FOLDER=str(folder), OUT=str(tmp_path / "no"), KILLED="1")
    (code, _, told), (signalled, _, _) = processes.ended(killed)
    assert signalled == -signal.SIGKILL
    assert code == 1
    assert re.search(
        r"LostProcess: nx.path: process 1 \(.*\) failed: no sign of life for 20 s.* Start again, with any number of "
        rf"processes: the lanes that are done are in {re.escape(str(folder))}",
        told,
    ), told
    done = {part.name: part.stat().st_mtime_ns for part in folder.glob("rows-*")}
    assert done
    processes.output(SCRIPT, 1, FOLDER=str(folder), OUT=str(tmp_path / "again"))
    after = {part.name: part.stat().st_mtime_ns for part in folder.glob("rows-*")}
    assert {name: after[name] for name in done} == done
    for name in list(after)[::2]:
        os.unlink(folder / name)
    for count in (2, 4):
        processes.output(SCRIPT, count, FOLDER=str(folder), OUT=str(tmp_path / str(count)))
    processes.output(SCRIPT, 2, OUT=str(tmp_path / "whole"))
    whole = found(tmp_path / "whole", 2)[0]
    for result in (*found(tmp_path / "again", 1), *found(tmp_path / "2", 2), *found(tmp_path / "4", 4)):
        for name, value in whole.items():
            np.testing.assert_array_equal(result[name], value)
