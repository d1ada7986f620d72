"""The listener: monitors connect, send, and are answered. It opens no connection of its own."""

import asyncio
import logging
import signal
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from ketaflow.devices import observations
from ketaflow.devices.answers import answer
from ketaflow.devices.framing import MOST_BYTES, Frames, NotFramed, framed
from ketaflow.devices.header import Header, NotTaken, header, require_taken
from ketaflow.devices.keeping import Keeper
from ketaflow.devices.observations import Clock
from ketaflow.session.monitors.actions import Outcome
from ketaflow.session.monitors.arrivals import Arrival

log = logging.getLogger(__name__)
READ_BYTES = 64 * 1024
INTERNAL = "207^Application internal error"


@dataclass(frozen=True)
class Limits:
    """How much of a sender is borne with."""

    most_bytes: int = MOST_BYTES
    most_lines: int = 500
    # Without a word for so long, a line is taken for dead.
    idle_s: float = 300
    # A message that was begun must end.
    message_s: float = 30
    # How long a stop waits for what was received to be written and answered.
    stop_s: float = 15


@dataclass
class Listener:
    """Everybody who is connected, and what was answered so far, by code."""

    keeper: Keeper
    zone: tzinfo
    limits: Limits = field(default_factory=Limits)
    answered: Counter[str] = field(default_factory=Counter)
    lines: dict[asyncio.Task[None], bool] = field(default_factory=dict)
    stopping: bool = False

    async def serve(self, door: socket.socket) -> None:
        """Listen at `door` until the process is asked to stop; then finish what was received."""
        loop, asked = asyncio.get_running_loop(), asyncio.Event()
        for which in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(which, asked.set)
        writing = asyncio.create_task(self.keeper.run())
        server = await asyncio.start_server(self.meet, sock=door, limit=READ_BYTES)
        stopped = asyncio.create_task(asked.wait())
        # A writer that dies must not leave monitors waiting for an answer.
        await asyncio.wait({writing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        server.close()
        await self._let_go()
        stopped.cancel()
        broken = writing.exception() if writing.done() else None
        writing.cancel()
        self.keeper.close()
        if broken:
            raise broken

    async def _let_go(self) -> None:
        self.stopping = True
        for task, busy in list(self.lines.items()):
            if not busy:
                task.cancel()
        if self.lines:
            await asyncio.wait(set(self.lines), timeout=self.limits.stop_s)
        for task in list(self.lines):
            task.cancel()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one line until it is closed, silent for too long, or sends what is no MLLP."""
        task = asyncio.current_task()
        if task is None or self.stopping or len(self.lines) >= self.limits.most_lines:
            writer.close()
            return
        self.lines[task] = False
        try:
            await self._converse(task, reader, writer)
        except NotFramed as why:
            self.answered["closed"] += 1
            log.warning("A line was closed: %s.", why)
        except (OSError, TimeoutError, asyncio.CancelledError):
            self.answered["ended"] += 1
        finally:
            del self.lines[task]
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _converse(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        frames = Frames(self.limits.most_bytes)
        loop, begun_at = asyncio.get_running_loop(), 0.0
        while not self.stopping:
            left = self.limits.idle_s
            if frames.begun:
                left = begun_at + self.limits.message_s - loop.time()
            data = await asyncio.wait_for(reader.read(READ_BYTES), left)
            if not data:
                return
            was = frames.begun
            messages = frames.feed(data)
            begun_at = begun_at if was and not messages else loop.time()
            self.lines[task] = True
            for message in messages:
                writer.write(framed(await self.reply(message)))
                await writer.drain()
            self.lines[task] = False

    async def reply(self, message: bytes) -> str:
        """The answer to one message, once what it says is on disk."""
        text, head, at = decoded(message), Header(), self.keeper.clock()
        try:
            head = header(text)
            require_taken(head)
            arrival = observations.read(text, head, Clock(self.zone, at))
            if arrival is None:
                return self._said(head, "AA", "nothing in it is charted", at)
            return await self._kept(arrival, head, at)
        except NotTaken as why:
            return self._said(head, why.code, str(why), at, [(why.error, str(why))])
        except Exception:
            # Whatever it was, the sender must not believe that its reading is kept.
            log.exception("A message could not be read.")
            self.answered["fault"] += 1
            said = "It could not be read; a fault of Ketaflow's."
            return self._said(head, "AE", said, at, [(INTERNAL, said)])

    async def _kept(self, arrival: Arrival, head: Header, at: datetime) -> str:
        kept = await self.keeper.keep(arrival)
        if not isinstance(kept, Outcome):
            return self._said(head, "AE", kept, at, [(INTERNAL, kept)])
        self.answered[kept.name.lower()] += 1
        return self._said(head, "AA", kept.value, at, observations.lines(arrival.not_used))

    def _said(
        self,
        head: Header,
        code: str,
        said: str,
        at: datetime,
        errors: list[tuple[str, str]] | None = None,
    ) -> str:
        self.answered[code] += 1
        return answer(head, code, said, errors=errors or (), at=at)


def decoded(message: bytes) -> str:
    """The text of a message: UTF-8 as most send it, else Latin-1, which has a sign for every byte.

    What both share is all that readings and identifiers are written in. Lines end as HL7 wants.
    """
    try:
        text = message.decode()
    except UnicodeDecodeError:
        text = message.decode("latin-1")
    return text.replace("\r\n", "\r").replace("\n", "\r").strip()
