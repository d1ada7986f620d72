"""The sender killed in the middle of its round: no message is lost, none known sent goes twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from threading import Event

from .. import post_office

HERE = [sys.executable, "-c"]
KETAFLOW = [*HERE, "from ketaflow.cli.main import main; main()"]
ASK = """
from ketaflow.cli import clinic as face
face.start(); face.prepare()
from tests import at_home, conftest
from ketaflow.people.roles import Role
from django.utils import timezone
nurse = conftest.employ(conftest.open_clinic("Elm Street Clinic"), "Ada Nurse", Role.NURSE)
for number in range(8):
    who = conftest.register(nurse, f"K-{number}", "Cy", "Patient")
    at_home.invited(who, by=nurse.author, at=timezone.now())
"""


def told(given, *words):
    ended = subprocess.run(
        [*KETAFLOW, "outbox", *words], env=given, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_killed_sender_loses_nothing_and_repeats_nothing_it_knew(tmp_path):
    third = Event()

    async def slowly(count):
        # The third message is with the server, which has not said so yet, when the sender dies.
        if count == 3:
            third.set()
            import asyncio

            await asyncio.sleep(2)

    office = post_office.PostOffice()
    office.on_data = slowly
    server = post_office.opened(office)
    given = {
        **os.environ,
        "KETAFLOW_DATA": str(tmp_path),
        "PYTHONWARNINGS": "",
        "KETAFLOW_SMTP_HOST": "127.0.0.1",
        "KETAFLOW_SMTP_PORT": str(server.port),
        "KETAFLOW_SMTP_SECURITY": "none",
    }
    given.pop("DATABASE_URL", None)
    try:
        subprocess.run([*HERE, ASK], env=given, check=True, capture_output=True)
        sender = subprocess.Popen([*KETAFLOW, "outbox", "send"], env=given, stdout=-3, stderr=-3)
        assert third.wait(60)
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        time.sleep(0.1)
        told(given, "send")
        rows = told(given, "list").splitlines()
    finally:
        server.stop()
    states = Counter(row.split()[1] for row in rows)
    assert states == {"HANDED_OVER": 7, "SENDING": 1}
    assert sorted(Counter(office.ids).values()) == [1] * 8
