"""Processes of one run over loopback: what they exchange, and what is said of one that fails or does not come."""

import json
import re

import numpy as np
import pytest

import normax as nx

BEGIN = """
    import json, os, time
    import numpy as np
    import normax as nx
    nx.distributed.initialize(timeout=float(os.environ.get("PATIENCE", "60")))
    run = nx.distributed
"""
MEETING = (
    BEGIN
    + """
    said = run.gather({"index": run.index(), "count": run.count(), "main": run.is_main()})
    arrays = run.gather_arrays({"a": np.arange(run.index() + 2), "b": np.float32(run.index())})
    for number in range(20):
        assert run.gather(number, "again/and again")[run.index()] == number
    print(json.dumps([said, [{k: v.tolist() for k, v in part.items()} for part in arrays]]))
    print(nx.nn.Linear(3, 1).weight.tolist(), flush=True)
    nx.manual_seed(0)
    X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    net = nx.penalize(nx.nn.Linear(4, 2), nx.penalties.L1(0.1))
    history = nx.fit(net, (X, X[:, :2]), loss="squared", optimizer="sgd", epochs=2, seed=0, mesh=2, shard="data")
    print(json.dumps([history.loss.tolist(), net.state_dict()["weight"].tolist()]), flush=True)
    try:
        if run.index() == 1:
            with run.telling("reading"):
                raise ValueError("row 7 is bad")
        run.barrier("data are read")
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    time.sleep(0 if run.index() else 1.5)
    os._exit(0)  # as a run that is broken does
"""
)


def test_two_processes_exchange_train_as_one_and_hear_of_a_failure(processes):
    first, second = processes.output(MEETING, 2)
    exchanged, drawn, trained, told = first.splitlines()
    also, *as_well, failed = second.splitlines()
    assert json.loads(exchanged) == json.loads(also)
    assert [drawn, trained] == as_well  # from one seed, and as one
    X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    net = nx.penalize(nx.nn.Linear(4, 2), nx.penalties.L1(0.1))
    alone = nx.fit(net, (X, X[:, :2]), loss="squared", optimizer="sgd", epochs=2, seed=0)
    losses, weight = json.loads(trained)
    np.testing.assert_allclose(losses, alone.loss, rtol=1e-6)
    np.testing.assert_allclose(weight, net.weight, rtol=1e-5, atol=1e-7)
    said, arrays = json.loads(exchanged)
    assert said == [{"index": i, "count": 2, "main": i == 0} for i in range(2)]
    assert arrays == [{"a": [0, 1], "b": 0.0}, {"a": [0, 1, 2], "b": 1.0}]
    assert failed == "ValueError row 7 is bad"
    assert told.startswith("LostProcess process 1 (")
    assert told.endswith(") failed: ValueError: row 7 is bad")


@pytest.mark.slow
@pytest.mark.parametrize("late", [0, 1, 2])
def test_one_that_does_not_come_is_named(processes, late):
    code = (
        BEGIN
        + f"""
    if run.index() == {late}:
        time.sleep(30)
    run.barrier("the end")
    """
    )
    there = processes.started(code, 3, PATIENCE="4")
    for i, p in enumerate(there):
        if i != late:
            p.wait(timeout=120)
    there[late].kill()
    results = processes.ended(there)
    for i, (code, _, errors) in enumerate(results):
        if i != late:
            assert code != 0
            assert re.search(rf"process {late} \(.*\) did not come to 'the end' within 4 s", errors), errors


@pytest.mark.slow
@pytest.mark.parametrize("failing", [0, 1])
def test_an_exception_ends_all_and_is_told(processes, failing):
    code = (
        BEGIN
        + f"""
    if run.index() == {failing}:
        raise KeyError("no such column")
    run.barrier("the end")
    """
    )
    results = processes.ended(processes.started(code, 2))
    assert "KeyError: 'no such column'" in results[failing][2]
    code, _, errors = results[1 - failing]
    assert code != 0
    assert re.search(rf"process {failing} \(.*\) failed: KeyError: 'no such column'", errors), errors


def test_alone_there_is_nothing_to_wait_for():
    run = nx.distributed
    run.initialize()  # JAX has computed already: no launcher, so nothing is asked of it
    run.barrier("here")
    assert run.gather({"a": 1}) == [{"a": 1}]
    assert run.gather_arrays({"a": np.arange(3)})[0]["a"].tolist() == [0, 1, 2]
    assert (run.count(), run.index(), run.is_main()) == (1, 0, True)


def test_what_does_not_make_a_run_is_refused(monkeypatch):
    nx.nn.Linear(2, 1)
    with pytest.raises(nx.InputError, match="JAX has computed something"):
        nx.distributed.initialize("127.0.0.1:1", 2, 0)
    with pytest.raises(nx.InputError, match="timeout"):
        nx.distributed.initialize(timeout=0)
    monkeypatch.setenv("JAX_NUM_PROCESSES", "two")
    with pytest.raises(
        nx.InputError, match=r"processes \(JAX_NUM_PROCESSES\): expected a whole number, got 'two'"
    ):
        nx.distributed.initialize()
