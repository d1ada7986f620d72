"""Runs a trial chunk by chunk: on the cores of this machine, or on a Dask cluster.

A chunk's answer depends on the trial and its number alone, and chunks add up in any order to the
same counts. So the answer is the same for any number of workers, and a chunk lost with its worker
is done again elsewhere.
"""

import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from typing import Any

from ketaflow.insights.trial.plan.design import Trial
from ketaflow.insights.trial.simulating import chunks, simulate
from ketaflow.insights.trial.summaries import Tally
from ketaflow.pharmacology.response.people import Draw
from ketaflow.refusals import BadFile, OutsideEnvelope

MOST_WORKERS = 256
# How many chunks wait at once for each worker; more would only hold memory.
AHEAD = 2
CONNECT_S = 10.0
# How long a cluster may be without any worker before the trial gives up.
PATIENCE_S = 30.0

Job = tuple[int, Draw]
Done = Callable[[int], None]
Finished = Generator[tuple[Job, Tally], None, None]


class NotFinished(BadFile):
    """The cluster was not there, or lost its workers; nothing was kept."""


class NoSuchCrew(OutsideEnvelope):
    """A number of workers that nobody means."""


def run(
    trial: Trial,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    done: Done = lambda people: None,
) -> tuple[Tally, ...]:
    """Every arm's counts.

    Args:
        trial: as read.
        workers: how many cores of this machine; all when None.
        scheduler: address of a Dask scheduler to use instead.
        done: told how many people were added, for a progress bar.

    Raises:
        NotFinished: the cluster cannot be reached or has lost its workers.
        NoSuchCrew: fewer than one worker, or very many.
    """
    jobs = [
        (arm, draw) for draw in chunks(trial.subjects, trial.seed) for arm in range(len(trial.arms))
    ]
    finished = on_cluster(trial, jobs, scheduler) if scheduler else here(trial, jobs, workers)
    tallies: dict[int, Tally] = {}
    with closing(finished):
        for (arm, draw), tally in finished:
            tallies[arm] = tallies[arm] + tally if arm in tallies else tally
            done(draw.count)
    return tuple(tallies[arm] for arm in range(len(trial.arms)))


def here(trial: Trial, jobs: Iterable[Job], workers: int | None) -> Finished:
    """Chunks done by threads of this process; the compiled parts do not hold each other up."""
    count = workers if workers is not None else os.cpu_count() or 1
    if not 1 <= count <= MOST_WORKERS:
        raise NoSuchCrew(f"A trial runs on 1 to {MOST_WORKERS} workers (got {count}).")

    with ThreadPoolExecutor(count) as crew:
        waiting: dict[Future[Tally], Job] = {}
        for job in jobs:
            waiting[crew.submit(simulate, trial, trial.arms[job[0]], job[1])] = job
            if len(waiting) >= AHEAD * count:
                yield from ready(waiting)
        while waiting:
            yield from ready(waiting)


def ready(waiting: dict[Future[Tally], Job]) -> Finished:
    """Take those that are done out of `waiting`."""
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), future.result()


def on_cluster(trial: Trial, jobs: list[Job], address: str) -> Finished:
    """Chunks done by the workers of a Dask cluster, lost ones again.

    Raises:
        NotFinished: no scheduler there, no workers, a scheduler that goes, a chunk that no worker
            survives, or workers without Ketaflow.
    """
    from distributed import CancelledError, KilledWorker
    from distributed.client import FuturesCancelledError

    with closing(connect(address)) as client:
        waiting = {
            client.submit(simulate, trial, trial.arms[arm], draw, pure=False): (arm, draw)
            for arm, draw in jobs
        }
        try:
            while waiting:
                for future in some(client, list(waiting)):
                    yield waiting.pop(future), future.result()
        except KilledWorker:
            raise NotFinished(
                f"Workers at {address} died over and over at the same part of the trial, so it was "
                f"stopped and nothing was kept. Look at the workers' memory, then run it again."
            ) from None
        except (CancelledError, FuturesCancelledError):
            raise NotFinished(
                f"The scheduler at {address} is gone, so the trial was stopped and nothing was "
                f"kept. Start it, then run it again."
            ) from None


def connect(address: str) -> Any:
    """A client of the scheduler at `address`, which has at least one worker.

    Raises:
        NotFinished: there is none.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError):
        raise NotFinished(
            f"No Dask scheduler answers at {address}. Check the address, or leave --scheduler out "
            f"to run on this machine."
        ) from None
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except TimeoutError:
        client.close()
        raise NotFinished(
            f"The cluster at {address} has no workers. Start some, then run it again."
        ) from None
    return client


def some(client: Any, waiting: list[Any]) -> list[Any]:
    """Those that are done, as soon as there are any.

    Raises:
        NotFinished: nothing moves and the cluster, or all its workers, are gone.
    """
    from distributed import wait as wait_for

    while True:
        try:
            with client.as_current():
                return list(wait_for(waiting, PATIENCE_S, "FIRST_COMPLETED").done)
        except TimeoutError:
            if client.status != "running" or not client.scheduler_info(n_workers=-1)["workers"]:
                raise NotFinished(
                    "The cluster has lost all its workers, so the trial was stopped and nothing "
                    "was kept. Start workers, then run it again."
                ) from None
