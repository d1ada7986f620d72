"""Two hands at once, and the plug pulled between any two writes."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from django.db import connection, transaction

from ketaflow.journal import queries
from ketaflow.journal.actions import SomeoneElseMoved, record
from ketaflow.journal.models import Entry
from ketaflow.people.roles import Role

from ..conftest import NOW, employ, open_clinic
from .hands import HANDS, together


@pytest.fixture
def ada(committed):
    return employ(open_clinic("Races"), "Ada Nurse", Role.NURSE)


def test_of_eight_hands_that_saw_the_same_page_one_writes(ada):
    def press(n):
        try:
            with transaction.atomic():
                record(
                    stream="access/race",
                    kind="chart.read",
                    by=ada.author,
                    at=NOW,
                    payload={"hand": n},
                    seen=0,
                )
        except SomeoneElseMoved:
            return "told"
        return "wrote"

    assert sorted(together(press)) == ["told"] * (HANDS - 1) + ["wrote"]
    assert Entry.objects.filter(stream="access/race").count() == 1


def test_eight_hands_that_add_to_a_stream_all_get_their_own_ordinal(ada):
    def add(n):
        for attempt in range(50):
            try:
                with transaction.atomic():
                    return record(
                        stream="access/race",
                        kind="chart.read",
                        by=ada.author,
                        at=NOW,
                        payload={"hand": n, "attempt": attempt},
                    ).ordinal
            except SomeoneElseMoved:
                continue
        pytest.fail("fifty attempts were not enough")

    assert sorted(together(add)) == list(range(1, HANDS + 1))
    queries.verify()


WRITER = textwrap.dedent("""
    import sys
    from datetime import datetime, UTC
    import django; django.setup()
    from django.db import connections, transaction
    connections["default"].settings_dict["NAME"] = sys.argv[1]
    from ketaflow.journal.actions import record
    from ketaflow.journal.author import Author
    from uuid import UUID
    by = Author(UUID(sys.argv[2]), None, "Writer", ())
    n = 0
    while True:
        n += 1
        with transaction.atomic():
            for step in (1, 2):
                record(stream="access/killed", kind="chart.read", by=by,
                       at=datetime.now(UTC), payload={"page": f"{n}.{step}"})
        print(n, flush=True)
""")


def test_killed_between_any_two_writes_nothing_acknowledged_is_lost(ada, tmp_path):
    acknowledged = 0
    for round_ in range(5):
        acknowledged += _write_until_killed(ada, after=3 + round_ * 4)
        pairs = Entry.objects.filter(stream="access/killed").count()
        assert pairs % 2 == 0, "half a transaction was kept"
        assert pairs // 2 >= acknowledged
        queries.verify()
        # A write may be durable and the writer killed before it could say so.
        acknowledged = pairs // 2


def _write_until_killed(ada, after):
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite" and ("memory" in name or not os.path.exists(name)):
        pytest.fail("this test needs a database file that two processes can open")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, name, str(ada.clinic_id)], stdout=subprocess.PIPE, text=True
    )
    said = 0
    for line in writer.stdout:
        said = int(line)
        if said >= after:
            writer.send_signal(signal.SIGKILL)
            break
    rest = writer.stdout.read().split()
    writer.wait()
    writer.stdout.close()
    return int(rest[-1]) if rest else said
