"""The plug pulled while eight hands draw, waste and count: what was acknowledged is in custody."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from ketaflow.custody.models import Count, Movement
from ketaflow.custody.movements import Kind
from ketaflow.custody.proof.queries import verify
from ketaflow.journal import queries as journal

from ..conftest import open_clinic
from ..faces.test_devices_listener import environment
from .test_custody_races import HANDS, Shared

STARTS_WITHIN_S = 60
# One process, as the clinic's server is one; each line is written after the commit it speaks of.
CROWD = """
import os, pickle, sys, time
from threading import Thread
import django; django.setup()
from tests.races.test_custody_races import HANDS, Hand, Shared

vault, vials = pickle.load(open(sys.argv[1], "rb"))

class Telling(Hand):
    def tried(self, todo):
        how = super().tried(todo)
        if how == "done":
            what = todo.__name__
            said = f"{self.draws[-1][0]} {self.draws[-1][1]}" if what == "draw" else ""
            os.write(1, f"{what} {said}\\n".encode())
        return how

seed = int(sys.argv[2])
hands = [Telling(vault, vials, seed * HANDS + number) for number in range(HANDS)]
os.write(1, b"ready\\n")
work = [Thread(target=hand.work, args=(time.monotonic() + 3600,)) for hand in hands]
[one.start() for one in work]
[one.join() for one in work]
"""


def killed_once(vault_in, said, seed, seconds):
    """Let the hands work for so long, then kill them; what they were told, line by line."""
    given = {**os.environ, **environment(), "PYTHONWARNINGS": ""}
    given["DJANGO_SETTINGS_MODULE"] = "ketaflow.config.settings"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", CROWD, str(vault_in), str(seed)], env=given, stdout=out
        )
    until = time.monotonic() + STARTS_WITHIN_S
    while b"ready" not in said.read_bytes():
        assert time.monotonic() < until, "the hands did not begin"
        assert process.poll() is None, "the hands stopped by themselves"
        time.sleep(0.05)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    # A line that was cut is of something that was kept all the same.
    return said.read_text().rpartition("\n")[0].splitlines()[1:]


def pull_the_plug(tmp_path, kills, seconds):
    vault = Shared(open_clinic("Races"))
    vials = vault.receive(40)
    kept = tmp_path / "vault"
    kept.write_bytes(pickle.dumps((vault, vials)))
    said = tmp_path / "said"
    told = [line for n in range(kills) for line in killed_once(kept, said, n, seconds)]
    done = Counter(line.split()[0] for line in told)
    assert min(done[what] for what in ("draw", "waste", "count")) > kills, done
    draws = [tuple(line.split()[1:]) for line in told if line.startswith("draw")]
    assert len(set(draws)) == len(draws), "one draw was acknowledged twice"
    found = {
        (str(container), str(ordinal))
        for container, ordinal in Movement.objects.filter(kind=Kind.DRAWN).values_list(
            "container_id", "ordinal"
        )
    }
    assert set(draws) <= found, "an acknowledged draw is missing"
    wasted = Movement.objects.filter(kind=Kind.WASTED).count()
    for what, kept_now in (("waste", wasted), ("count", Count.objects.count())):
        # What a hand had written and was not told of when it died may be there: one for each hand.
        assert done[what] <= kept_now <= done[what] + kills * HANDS, what
    assert len(found) <= len(draws) + kills * HANDS
    assert verify().draws == len(found)
    journal.verify()
    journal.rebuild()
    return done


@pytest.mark.deep
def test_killed_twenty_times_custody_keeps_what_it_acknowledged(committed, tmp_path, capsys):
    done = pull_the_plug(tmp_path, kills=20, seconds=2.0)
    with capsys.disabled():
        sys.stdout.write(f"\n20 kills under {HANDS} hands; acknowledged: {dict(done)}\n")
