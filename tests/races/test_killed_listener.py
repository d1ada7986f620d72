"""The plug pulled from the listener: whatever it acknowledged is in the record, once."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from hl7.client import MLLPClient

from ..monitor import Listener, answered, reading

CHAIRS = 4
# python-hl7's client leaves its socket to the collector when nobody answers at the other end.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
CLINIC = f"""
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0); call_command("createcachetable", verbosity=0)
from django.utils import timezone
from ketaflow.cli.fictional import clinic
from ketaflow.schedule import queries as schedule
from ketaflow.session import queries as sessions
from ketaflow.session.monitors import actions
from ketaflow.session.monitors.arrivals import By
from tests.access import stages
team = clinic.open_clinic(timezone.now())
chairs = {{one.name: one.id for one in schedule.chairs(clinic=team.clinic.id)}}
by = team.staff["nurse"].author
for number in range({CHAIRS}):
    held = sessions.session(
        clinic=team.clinic.id, id=stages.in_the_chair(team, number, 45)["session"]
    )
    actions.bind(
        monitor=By.PLACE, value=f"Bay {{number}}", chair=chairs[held.chair], by=by,
        at=timezone.now(),
    )
"""
KEPT = """
import json, django; django.setup()
from ketaflow.session.models import MonitorMessage, MonitorReading
print(json.dumps({
    "messages": list(MonitorMessage.objects.values_list("control_id", "standing")),
    "readings": MonitorReading.objects.count(),
}))
"""


def told(listener, script):
    given = {**listener.given, "DJANGO_SETTINGS_MODULE": "ketaflow.config.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", script], env=given, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


class Monitor:
    """One monitor: sends each message until it is acknowledged, on a new line when one breaks."""

    def __init__(self, listener, number):
        self.listener, self.number, self.line = listener, number, None
        self.acknowledged, self.cut_off = set(), 0

    def run(self, over):
        began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        for count in range(100_000):
            at = began + timedelta(milliseconds=100 * count)
            control = f"{self.number}-{count}"
            text = reading(at, control=control, place=f"Bay {self.number}", spo2=97)
            while not self.sent(text):
                self.hang_up()
                self.cut_off += 1
                if over.is_set():
                    return self
                time.sleep(0.05)
            self.acknowledged.add(control)
            if over.is_set():
                self.hang_up()
                return self
        raise AssertionError("the plug was never pulled")

    def hang_up(self):
        if self.line:
            self.line.close()
        self.line = None

    def sent(self, text):
        try:
            if self.line is None:
                self.line = MLLPClient("127.0.0.1", self.listener.port)
                self.line.socket.settimeout(10)
            reply = self.line.send_message(text)
        except OSError:
            return False
        return bool(reply) and answered(reply.decode())[0] == "AA"


def pull_the_plug(tmp_path, kills, seconds):
    listener = Listener(tmp_path)
    listener.given.pop("DATABASE_URL", None)
    told(listener, CLINIC)
    listener.start()
    over = Event()
    with ThreadPoolExecutor(CHAIRS) as pool:
        work = [pool.submit(Monitor(listener, n).run, over) for n in range(CHAIRS)]
        try:
            for _ in range(kills):
                time.sleep(seconds)
                listener.stop(signal.SIGKILL)
                listener.start()
            time.sleep(seconds)
        finally:
            over.set()
        sent = [one.result() for one in work]
    listener.stop()
    return listener, sent


def check(listener, sent, kills):
    kept = json.loads(told(listener, KEPT))
    acknowledged = {id for one in sent for id in one.acknowledged}
    assert len(acknowledged) > 20 * kills, "hardly anything was sent; the test says nothing"
    assert sum(one.cut_off for one in sent) >= kills, "nobody was cut off; the test says nothing"
    counted = Counter(id for id, _ in kept["messages"])
    assert acknowledged <= counted.keys(), "an acknowledged reading is lost"
    assert set(counted.values()) == {1}, "a message is kept twice"
    assert {standing for _, standing in kept["messages"]} == {"CHARTED"}
    # What was cut off before its answer may be kept; it was one for each chair at the most.
    assert len(counted) - len(acknowledged) <= CHAIRS
    assert kept["readings"] == len(counted)
    assert "verify" in listener.told("journal", "verify")
    assert "as the journal says" in listener.told("journal", "rebuild")


def test_killed_under_four_monitors_it_lost_and_doubled_nothing(tmp_path):
    check(*pull_the_plug(tmp_path, kills=2, seconds=1.5), kills=2)


@pytest.mark.deep
def test_killed_ten_times_it_lost_and_doubled_nothing(tmp_path):
    check(*pull_the_plug(tmp_path, kills=10, seconds=3), kills=10)
