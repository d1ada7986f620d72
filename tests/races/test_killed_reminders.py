"""The command that queues reminders, killed in the middle: none is lost, and none comes twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.deep
def test_reminders_survive_a_kill_and_none_comes_twice(tmp_path):
    given = os.environ | {"PYTHONPATH": str(SCRIPTS), "PYTHONWARNINGS": "", "TMPDIR": str(tmp_path)}
    given.pop("DATABASE_URL", None)
    sizes = ["--patients", "2400", "--reminders", "1200", "--visits", "1"]
    command = [sys.executable, "-m", "benchmarks", "portal", *sizes, "--json"]
    ended = subprocess.run(
        command, env=given, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.stdout, ended.stderr
    kept = json.loads(ended.stdout)["kept"]
    for promise in ("killed in the middle", "each visit reminded of", "none twice"):
        assert kept[promise], promise
