"""One thread a process that notices what is written anywhere, and tells the pages that are open.

The board is drawn once for all who look at it, not once for each, so twenty open boards cost little
more than one.
"""

import logging
import time
from asyncio import AbstractEventLoop, Event, get_running_loop
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from uuid import UUID

from django.db import DatabaseError, connection

from ketaflow.journal.queries import Ear, Written

log = logging.getLogger(__name__)
# A page that hears nothing for three beats knows that it is cut off.
BEAT_S = 3.0
# That somebody read a chart, or a monitor charted itself, changes nothing that is drawn again.
QUIET = frozenset({"chart.read", "monitor.charted", "monitor.kept"})


@dataclass(eq=False)
class OpenPage:
    """A page somewhere that wants to know: a board, or the room whose stream is `watched`."""

    clinic: UUID
    sign_in: str
    watched: str = ""
    sees_charts: bool = False
    over: bool = False
    ready: Event = field(default_factory=Event)
    loop: AbstractEventLoop = field(default_factory=get_running_loop)
    _pending: dict[str, str] = field(default_factory=dict)

    def tell(self, event: str, data: str = "") -> None:
        """Say something from another thread; of two that were not sent yet the later holds."""
        with suppress(RuntimeError):  # its server has stopped
            self.loop.call_soon_threadsafe(self._put, event, data)

    def _put(self, event: str, data: str) -> None:
        self._pending[event] = data
        self.over = self.over or event == "over"
        self.ready.set()

    async def said(self) -> dict[str, str]:
        """What there is to send, once there is something."""
        await self.ready.wait()
        self.ready.clear()
        found, self._pending = self._pending, {}
        return found


class Watch:
    """Who is looking, and the thread that tells them; it runs while anybody looks.

    `draw` gives the board of a clinic, with charts or without. `still_open` says whether a sign-in
    still holds and its screen is not locked.
    """

    def __init__(
        self, draw: Callable[[UUID, bool], str], still_open: Callable[[str], bool]
    ) -> None:
        self._draw, self._still_open = draw, still_open
        self._pages: set[OpenPage] = set()
        self._lock = Lock()
        self._thread: Thread | None = None

    def join(self, page: OpenPage) -> None:
        """Tell `page` from now on."""
        with self._lock:
            self._pages.add(page)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="ketaflow-watch", daemon=True)
                self._thread.start()

    def leave(self, page: OpenPage) -> None:
        """Tell `page` nothing any more."""
        with self._lock:
            self._pages.discard(page)

    def _run(self) -> None:
        while self._anybody():
            try:
                with closing(Ear()) as ear:
                    self._listen(ear)
            except DatabaseError as gone:
                # The pages hear no beat meanwhile, and say so.
                log.warning("Live pages wait for the database: %s", gone)
                time.sleep(1)
            finally:
                connection.close()

    def _anybody(self) -> bool:
        with self._lock:
            if not self._pages:
                self._thread = None
            return bool(self._pages)

    def _listen(self, ear: Ear) -> None:
        # What was written while nobody listened is on no page yet.
        self._beat(fresh=True)
        beat_at = time.monotonic() + BEAT_S
        while self._pages:
            self._tell([one for one in ear.hear(0.5) if one.kind not in QUIET])
            if time.monotonic() >= beat_at:
                self._beat()
                beat_at = time.monotonic() + BEAT_S

    def _tell(self, written: list[Written]) -> None:
        streams = {one.stream for one in written}
        for page in list(self._pages):
            if page.watched in streams:
                page.tell("room")
        for clinic in {one.clinic for one in written}:
            self._show(clinic)

    def _show(self, clinic: UUID) -> None:
        """Draw the board of `clinic` for those who look at it; each sees what their role may."""
        boards = [one for one in list(self._pages) if one.clinic == clinic and not one.watched]
        for sees_charts in {one.sees_charts for one in boards}:
            drawn = self._draw(clinic, sees_charts)
            for page in boards:
                if page.sees_charts is sees_charts:
                    page.tell("board", drawn)

    def _beat(self, *, fresh: bool = False) -> None:
        """Let everybody know that the line holds; minutes pass on the boards meanwhile."""
        for page in list(self._pages):
            if not self._still_open(page.sign_in):
                page.tell("over")
                self.leave(page)
            elif page.watched:
                page.tell("room" if fresh else "beat")
        for clinic in {one.clinic for one in list(self._pages)}:
            self._show(clinic)
