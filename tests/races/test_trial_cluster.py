"""A real Dask cluster of three workers: one is killed in the middle, the answer is the same."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from ketaflow.insights.trial import running
from ketaflow.insights.trial.plan import reading
from ketaflow.insights.trial.running import NotFinished
from ketaflow.insights.trial.simulating import CHUNK
from tests.laws.test_trial_summaries import same

WORKERS = 3
STARTS_WITHIN_S = 60


@contextmanager
def cluster(folder, **settings):
    """A scheduler and three workers, each a process of its own; yields its address and them."""
    where = folder / "scheduler.json"
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "NUMBA_NUM_THREADS": "1"} | settings
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    found = ["--scheduler-file", str(where)]
    alone = ["--host", "127.0.0.1", "--no-dashboard"]
    command = [sys.executable, "-m"]
    processes = [
        subprocess.Popen(
            [*command, "distributed.cli.dask_scheduler", *found, *alone, "--port", "0"], **quiet
        )
    ]
    each = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60"]
    try:
        for number in range(WORKERS):
            named = ["--name", f"worker-{number}", "--local-directory", str(folder)]
            processes.append(
                subprocess.Popen(
                    [*command, "distributed.cli.dask_worker", *found, *each, *named], **quiet
                )
            )
        yield address_in(where), processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def address_in(where):
    """The scheduler's address, once it has workers."""
    from distributed import Client

    until = time.monotonic() + STARTS_WITHIN_S
    while not where.exists():
        assert time.monotonic() < until, "the scheduler did not start"
        time.sleep(0.1)
    with Client(scheduler_file=str(where), set_as_default=False) as client:
        client.wait_for_workers(WORKERS, timeout=STARTS_WITHIN_S)
        return client.scheduler.address


@pytest.fixture(scope="module")
def trial():
    return reading.read(reading.text_of("six-or-one"), subjects=12 * CHUNK)


def killing(processes, after):
    """A progress callback that kills `processes` once so many chunks are in."""
    seen = []

    def done(people):
        seen.append(people)
        if len(seen) == after:
            for process in processes:
                process.send_signal(signal.SIGKILL)

    return done, seen


def test_a_killed_worker_changes_nothing_and_killing_all_is_a_sentence(
    trial, tmp_path, monkeypatch
):
    with cluster(tmp_path) as (address, (scheduler, *workers)):
        monkeypatch.setattr(running, "PATIENCE_S", 0.5)  # shorter than a worker takes to start
        done, seen = killing(workers[:1], after=2)
        found = running.run(trial, scheduler=address, done=done)
        assert workers[0].wait(timeout=10) == -signal.SIGKILL
        assert [one.poll() for one in (scheduler, *workers[1:])] == [None, None, None]
        assert len(seen) == 24
        for one, other in zip(running.run(trial, workers=2), found, strict=True):
            same(one, other)

        monkeypatch.setattr(running, "PATIENCE_S", 3.0)
        done, seen = killing(workers[1:], after=1)
        with pytest.raises(NotFinished, match="lost all its workers"):
            running.run(trial, scheduler=address, done=done)
        assert len(seen) < 24
        with pytest.raises(NotFinished, match="has no workers"):
            running.run(trial, scheduler=address)


def test_a_part_that_no_worker_survives_and_a_scheduler_that_goes_are_sentences(trial, tmp_path):
    never = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with cluster(tmp_path, **never) as (address, (scheduler, *workers)):
        done, _ = killing(workers[:1], after=1)
        with pytest.raises(NotFinished, match="died over and over"):
            running.run(trial, scheduler=address, done=done)
        done, _ = killing([scheduler], after=1)
        with pytest.raises(NotFinished, match="is gone"):
            running.run(trial, scheduler=address, done=done)
