"""The plug pulled from a running clinic: whatever it answered "saved" to is there, once."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from threading import Event
from urllib.parse import urlencode

import pytest

from ..ports import free_port

KETAFLOW = [sys.executable, "-c", "from ketaflow.cli.main import main; main()"]
HANDS = 4
CLINIC = """
import django; django.setup()
from django.utils import timezone
from ketaflow.cli.fictional import clinic
from tests.access import stages
team = clinic.open_clinic(timezone.now())
for number in range(%d):
    print(stages.in_the_chair(team, number, 45)["session"])
"""


class Server:
    """`ketaflow serve` on a clinic of its own, in its own process."""

    def __init__(self, data):
        # These tests are about what is kept; argon2 stays as it is in a clinic.
        self.given = {**os.environ, "KETAFLOW_DATA": str(data), "PYTHONWARNINGS": ""}
        self.given.pop("DATABASE_URL", None)
        self.port, self.process = free_port(), None
        # A file: nobody would empty a pipe while the server runs.
        self.said = data / "server.txt"

    def start(self):
        command = [*KETAFLOW, "serve", "--port", str(self.port)]
        with self.said.open("w") as out:
            self.process = subprocess.Popen(command, env=self.given, stderr=out)
        while f"at http://127.0.0.1:{self.port}/" not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def told(self, *words):
        ended = subprocess.run(
            [*KETAFLOW, *words], env=self.given, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


class Hand:
    """A browser without pictures: it keeps its cookies and answers the token it was given."""

    def __init__(self, server):
        self.server, self.jar = server, SimpleCookie()

    def ask(self, method, path, **said):
        body = urlencode(said | {"csrfmiddlewaretoken": self.token}) if said else None
        headers = {"Cookie": "; ".join(f"{k}={v.value}" for k, v in self.jar.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(HTTPConnection("127.0.0.1", self.server.port, timeout=20)) as line:
            line.request(method, path, body, headers)
            got = line.getresponse()
            page = got.read().decode()
        for value in got.headers.get_all("Set-Cookie") or ():
            self.jar.load(value)
        return got.status, page

    @property
    def token(self):
        return self.jar["csrftoken"].value if "csrftoken" in self.jar else ""

    def sign_in(self):
        self.ask("GET", "/account/login/")
        status, _ = self.ask(
            "POST", "/account/login/", login="nurse@example.org", password="juniper-lane-demo"
        )
        assert status == 302
        return self


def write(hand, session, number, over):
    """Add notes to a session until it is over; what was acknowledged and what stayed unanswered."""
    saved, unsure = [], []
    for count in range(100_000):
        if over.is_set():
            return saved, unsure
        text = f"hand {number} note {count}"
        url = f"/sessions/{session}/do/note/"
        try:
            status, _ = hand.ask("POST", url, **{"note-seen": 1, "note-text": text})
        except (OSError, HTTPException):
            unsure.append(text)
            time.sleep(0.1)
            continue
        assert status == 302, status
        saved.append(text)
    raise AssertionError("the plug was never pulled")


def written(server, sessions):
    """Every note in the record, by how often it is there."""
    hand = Hand(server).sign_in()
    pages = [hand.ask("GET", f"/sessions/{one}/print/")[1] for one in sessions]
    return Counter(re.findall(r"Note: (hand \d+ note \d+)\b", " ".join(pages)))


def pull_the_plug(tmp_path, kills, seconds):
    """Kill the server under four hands; return it, what they were told, and the record."""
    server = Server(tmp_path)
    server.start()
    given = {**server.given, "DJANGO_SETTINGS_MODULE": "ketaflow.config.settings"}
    made = subprocess.run(
        [sys.executable, "-c", CLINIC % (HANDS // 2)],
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )
    sessions, over = made.stdout.split(), Event()
    hands = [Hand(server).sign_in() for _ in range(HANDS)]
    with ThreadPoolExecutor(HANDS) as pool:
        # Two hands to a session, so that they meet at the same stream as well.
        work = [
            pool.submit(write, hand, sessions[number // 2], number, over)
            for number, hand in enumerate(hands)
        ]
        try:
            for _ in range(kills):
                time.sleep(seconds)
                server.kill()
                server.start()
            time.sleep(seconds)
        finally:
            over.set()
        told = [one.result() for one in work]
    found = written(server, sessions)
    server.kill()
    return server, told, found


def check(server, told, found):
    saved = {text for hand, _ in told for text in hand}
    unsure = {text for _, hand in told for text in hand}
    assert len(saved) >= HANDS, "hardly anything was written; the test says nothing"
    assert unsure, "the plug was pulled while nobody wrote; the test says nothing"
    assert saved <= found.keys(), "an acknowledged write is lost"
    assert found.keys() <= saved | unsure, "something is there that nobody sent"
    assert set(found.values()) == {1}, "something is there twice"
    assert "verify" in server.told("journal", "verify")
    assert "are as the journal says" in server.told("journal", "rebuild")


def test_killed_under_four_hands_the_clinic_keeps_every_note_it_acknowledged(tmp_path):
    check(*pull_the_plug(tmp_path, kills=3, seconds=1.0))


@pytest.mark.deep
def test_killed_thirty_times_it_still_does(tmp_path):
    check(*pull_the_plug(tmp_path, kills=30, seconds=1.7))
