"""Jobs side by side: in order of readiness, with what they raise."""

import threading

import jax
import jax.numpy as jnp
import pytest

from normax.paths.workers import side_by_side


class Sum:
    """Adds a number to those of the jobs that it builds on."""

    def __init__(self, number, *before, error=None):
        self.number, self.before, self.error, self.result = number, before, error, None

    def ready(self):
        return all(job.result is not None for job in self.before)

    def begin(self):
        assert threading.current_thread() is threading.main_thread()
        start = sum(job.result for job in self.before)

        def work(after):
            after(1)
            if self.error is not None:
                raise self.error
            return start + self.number

        return work

    def end(self, result):
        self.result = result


@pytest.mark.parametrize("workers", [1, 3])
def test_a_job_waits_for_what_it_builds_on(workers):
    first, second = Sum(1), Sum(2)
    third, told = Sum(4, first, second), []
    side_by_side([third, first, second], workers, told.append)
    assert third.result == 7
    assert told == [1, 2, 3]


def test_an_error_of_a_job_or_of_the_listener_ends_all():
    with pytest.raises(ZeroDivisionError):
        side_by_side([Sum(1), Sum(2, error=ZeroDivisionError())], 2)

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side([Sum(1), Sum(2)], 2, stop)


def test_jobs_see_the_precision_of_their_caller():
    class Wide(Sum):
        def begin(self):
            return lambda after: jnp.asarray(1.0).dtype == jnp.float64

    with jax.enable_x64(True):
        wide = Wide(0)
        side_by_side([wide], 1)
    assert wide.result
