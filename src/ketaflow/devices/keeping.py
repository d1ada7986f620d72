"""Brings what monitors sent onto the disk: as many messages as wait, in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, connection

from ketaflow.refusals import Refused
from ketaflow.session.monitors import actions
from ketaflow.session.monitors.actions import Outcome
from ketaflow.session.monitors.arrivals import Arrival

MOST_TOGETHER = 100
# What is waited for beyond this is refused: a monitor sends again, and memory stays as it is.
MOST_WAITING = 2000

Kept = Outcome | str
Clock = Callable[[], datetime]


def keep(arrivals: Sequence[Arrival], clinic: UUID, at: datetime) -> list[Kept]:
    """What became of each message; a sentence where it was not kept and should be sent again."""
    try:
        return list(actions.receive(arrivals=arrivals, clinic=clinic, at=at))
    except Refused as why:
        if len(arrivals) == 1:
            return [str(why)]
    except DatabaseError as wrong:
        connection.close()
        return [f"The record cannot be written: {_words(wrong)}. Send it again."] * len(arrivals)
    # One of them cannot be kept; the others must not pay for it.
    return [kept for one in arrivals for kept in keep([one], clinic, at)]


def _words(wrong: DatabaseError) -> str:
    return " ".join(str(wrong).split()) or type(wrong).__name__


class Keeper:
    """One thread that writes, and a queue before it.

    While one transaction is brought onto the disk the next messages gather, and go together.
    """

    def __init__(self, clinic: UUID, clock: Clock) -> None:
        self.clinic, self.clock = clinic, clock
        self.waiting: asyncio.Queue[tuple[Arrival, asyncio.Future[Kept]]] = asyncio.Queue(
            MOST_WAITING
        )
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="keeper")

    async def keep(self, arrival: Arrival) -> Kept:
        """Wait until `arrival` is on disk; what became of it."""
        done: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        try:
            self.waiting.put_nowait((arrival, done))
        except asyncio.QueueFull:
            return "More comes than can be written. Send it again."
        return await done

    async def run(self) -> None:
        """Write for ever; ends by being cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            some = [await self.waiting.get()]
            while len(some) < MOST_TOGETHER and not self.waiting.empty():
                some.append(self.waiting.get_nowait())
            arrivals = [arrival for arrival, _ in some]
            kept = await loop.run_in_executor(
                self.thread, keep, arrivals, self.clinic, self.clock()
            )
            for (_, done), what in zip(some, kept, strict=True):
                if not done.done():
                    done.set_result(what)

    def close(self) -> None:
        """Let the thread go, and its connection."""
        self.thread.submit(connection.close)
        self.thread.shutdown()
