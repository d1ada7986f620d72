"""The session room under load: `scripts/bench room`."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from benchmarks import databases, monitors
from benchmarks.machine import machine

READY_S = 90
OPEN_PAGES = "from benchmarks.open_pages import tell; tell()"
LONG = "import django; django.setup()\nfrom benchmarks.long_session import tell; tell()"
ROUNDS = """
import json, sys, django; django.setup()
from collections import Counter
from ketaflow.journal.models import Entry
kept = Counter()
for one in Entry.objects.filter(kind="session.reading").iterator():
    said = one.payload
    kept[(one.stream.partition("/")[2], f"{said.get('systolic')}/{said.get('diastolic')}")] += 1
asked = [tuple(one) for one in json.load(sys.stdin)]
print(json.dumps({"lost": sum(not kept[one] for one in asked),
                  "doubled": sum(kept[one] > 1 for one in asked)}))
"""


def main(arguments: list[str]) -> int:
    """Measure each part and print one JSON document."""
    asked = _read(arguments)
    result: dict[str, Any] = {"machine": machine()}
    if asked.seconds:
        every = ("sqlite", "postgres") if asked.database == "both" else (asked.database,)
        result["room"] = [_room(asked, database) for database in every]
    if asked.readings:
        result["long_session"] = [_long_session(asked, by) for by in ("monitor", "nurse")]
    print(json.dumps(result, indent=1))
    return 0 if all(_whole(one) for one in result.get("room", ())) else 1


def _whole(told: dict[str, Any]) -> bool:
    lost = told["monitors"]["lost"] + told["rounds"]["lost"]
    doubled = told["monitors"]["doubled"] + told["rounds"]["doubled"]
    return not lost and not doubled and told["monitors"]["verifies"]


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench room",
        description="Load the session room: a monitor in every chair, boards that are open, rounds "
        "that are pressed; and a session of hours.",
        epilog="Example: scripts/bench room --database both --seconds 300 --kills 10",
    )
    known = ("sqlite", "postgres", "both")
    parser.add_argument("--database", choices=known, default="sqlite")
    parser.add_argument("--chairs", type=int, default=60)
    parser.add_argument("--boards", type=int, default=20, help="boards that are open")
    parser.add_argument("--seconds", type=float, default=20, help="how long it lasts; 0 leaves out")
    parser.add_argument("--every", type=float, default=1, help="seconds between two rounds")
    parser.add_argument(
        "--kills", type=int, default=0, help="how often listener and web server are killed"
    )
    parser.add_argument("--readings", type=int, default=3600, help="in the long session; 0: none")
    parser.add_argument("--runs", type=int, default=9, help="openings of each page")
    return parser.parse_args(arguments)


@dataclass
class Web:
    """`ketaflow serve` in a process of its own, always at the same port."""

    environment: dict[str, str]
    port: int = 0
    starts_s: list[float] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", self.port))
            self.port = free.getsockname()[1]
        began = time.monotonic()
        command = [*monitors.KETAFLOW, "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
        while not self._answers():
            if time.monotonic() - began > READY_S or self.process.poll() is not None:
                raise SystemExit("The web server does not answer.")
            time.sleep(0.1)
        self.starts_s.append(round(time.monotonic() - began, 1))

    def _answers(self) -> bool:
        with suppress(OSError, HTTPException):
            line = HTTPConnection("127.0.0.1", self.port, timeout=10)
            line.request("GET", "/account/login/")
            return line.getresponse().status == 200
        return False

    def kill(self) -> None:
        """Pull its plug."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    @property
    def cpu_s(self) -> float:
        """Processor seconds that it has used since it was started."""
        return monitors.cpu_s(self.process.pid if self.process else 0)


def _room(asked: argparse.Namespace, database: str) -> dict[str, Any]:
    """Everything at once on one database: monitors, boards, rounds, and the plug that is pulled."""
    with databases.record(database) as environment:
        places = monitors.prepare(environment, asked.chairs)
        web = Web(environment)
        web.start()
        words = [str(one) for one in (web.port, asked.boards, asked.seconds, asked.every)]
        pages = subprocess.Popen(
            [sys.executable, "-c", OPEN_PAGES, *words], env=environment, stdout=subprocess.PIPE
        )
        load = monitors.Load(asked.chairs, asked.seconds, asked.kills, beside=web)
        try:
            told = monitors.measure(load, places, environment)
            opened, _ = pages.communicate(timeout=asked.seconds + 120)
            cpu_s = web.cpu_s
        finally:
            pages.kill()
            web.kill()
        return {
            "database": database,
            "boards": asked.boards,
            "monitors": told,
            "rounds": _rounds(json.loads(opened), environment),
            "web_cpu_s": cpu_s,
            "web_starts_s": web.starts_s,
        }


def _rounds(found: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    pressed = found.pop("presses")
    asked = json.dumps(pressed).encode()
    command = [sys.executable, "-c", ROUNDS]
    ended = subprocess.run(
        command, env=environment, input=asked, stdout=subprocess.PIPE, check=True
    )
    return {
        "pressed": len(pressed),
        **json.loads(ended.stdout),
        **monitors.times("press_to_page", found.pop("took_ms")),
        **monitors.times("press_to_answer", found.pop("pressed_ms")),
        **found,
    }


def _long_session(asked: argparse.Namespace, by: str) -> dict[str, Any]:
    with databases.record("sqlite") as environment:
        words = (str(asked.readings), str(asked.runs), by)
        found: dict[str, Any] = monitors.child(environment, LONG, *words)
        return found
