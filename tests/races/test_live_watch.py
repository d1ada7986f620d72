"""What one process writes another hears, on both databases; a page that left is told no more."""

import asyncio
import threading
from queue import Empty, Queue

import pytest
from django.db import DatabaseError, connection, connections, transaction

from ketaflow.journal.actions import record
from ketaflow.journal.queries import Ear
from ketaflow.people.roles import Role
from ketaflow.web import watch as watching
from ketaflow.web.watch import OpenPage, Watch

from ..conftest import NOW, employ, open_clinic


@pytest.fixture
def ada(committed):
    return employ(open_clinic("Watched"), "Ada Nurse", Role.NURSE)


def read_chart(ada, stream="access/1"):
    with transaction.atomic():
        record(stream=stream, kind="chart.read", by=ada.author, at=NOW, payload={})


class Listening:
    """An ear in a thread of its own, as every process has one."""

    def __init__(self):
        self.heard, self.over, self.ready = Queue(), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.ready.wait(5)

    def run(self):
        try:
            ear = Ear()
            self.ready.set()
            while not self.over.is_set():
                for one in ear.hear(0.1):
                    self.heard.put(one)
        finally:
            connections.close_all()

    def stop(self):
        self.over.set()
        self.thread.join(5)
        return [self.heard.get() for _ in range(self.heard.qsize())]


def test_every_process_hears_every_entry_once_and_nothing_that_was_undone(ada):
    ears = [Listening(), Listening()]
    for number in range(5):
        read_chart(ada, f"access/{number}")
    with transaction.atomic():
        record(stream="access/undone", kind="chart.read", by=ada.author, at=NOW, payload={})
        transaction.set_rollback(True)
    for ear in ears:
        found = [ear.heard.get(timeout=5) for _ in range(5)]
        assert [one.stream for one in found] == [f"access/{number}" for number in range(5)]
        assert {(one.clinic, one.kind) for one in found} == {(ada.clinic_id, "chart.read")}
    assert [ear.stop() for ear in ears] == [[], []]
    with pytest.raises(Empty):
        ears[0].heard.get_nowait()


class Visitors:
    """Pages on a loop of their own, and a watch that draws nothing but a word."""

    def __init__(self, monkeypatch):
        monkeypatch.setattr(watching, "BEAT_S", 0.2)
        self.drawn, self.signed_in = [], {"ada", "ben"}
        self.watch = Watch(self.draw, lambda key: key in self.signed_in)

    def draw(self, clinic, sees_charts):
        self.drawn.append((clinic, sees_charts))
        return f"drawn {sees_charts}"

    async def until(self, page, event):
        async with asyncio.timeout(5):
            while event not in (said := await page.said()):
                pass
        return said[event]


@pytest.fixture
def visitors(monkeypatch):
    return Visitors(monkeypatch)


def write(ada, stream):
    with transaction.atomic():
        record(stream=stream, kind="session.note", by=ada.author, at=NOW, payload={"text": "x"})


def test_a_page_is_told_until_it_leaves_or_its_sign_in_ends(ada, visitors, monkeypatch):
    monkeypatch.setattr("ketaflow.journal.projecting.project", lambda entry: None)
    monkeypatch.setattr(watching, "QUIET", frozenset({"chart.read"}))

    async def morning():
        board = OpenPage(ada.clinic_id, "ada", sees_charts=True)
        room = OpenPage(ada.clinic_id, "ben", "session/1")
        for page in (board, room):
            visitors.watch.join(page)
        assert await visitors.until(board, "board") == "drawn True"
        await visitors.until(room, "room")
        await asyncio.to_thread(_in_thread, write, ada, "session/1")
        await visitors.until(room, "room")
        visitors.signed_in.remove("ben")
        await visitors.until(room, "over")
        assert room.over
        visitors.watch.leave(board)

    asyncio.run(morning())
    visitors.watch._thread and visitors.watch._thread.join(5)
    assert visitors.watch._thread is None, "nobody looks, so nothing runs"
    assert {one for one in visitors.drawn} == {(ada.clinic_id, True)}


def _in_thread(work, *said):
    try:
        work(*said)
    finally:
        connections.close_all()


def test_when_the_database_is_gone_the_watch_waits_for_it(ada, visitors, monkeypatch, caplog):
    real, failing = Ear.hear, [DatabaseError("the disk is away")]
    monkeypatch.setattr(watching.time, "sleep", lambda seconds: None)

    def hear(self, seconds):
        if failing:
            raise failing.pop()
        return real(self, seconds)

    monkeypatch.setattr(Ear, "hear", hear)

    async def morning():
        board = OpenPage(ada.clinic_id, "ada")
        visitors.watch.join(board)
        for _ in range(3):
            await visitors.until(board, "board")
        visitors.watch.leave(board)

    asyncio.run(morning())
    visitors.watch._thread and visitors.watch._thread.join(5)
    assert "wait for the database: the disk is away" in caplog.text
    assert not failing


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite does not tell")
def test_postgresql_tells_by_itself(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname = 'journal_entry_tell'")
        assert cursor.fetchall() == [("journal_entry_tell",)]
