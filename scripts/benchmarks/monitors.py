"""Monitors in every chair, once a second each: `scripts/bench monitors`, and part of `room`.

The listener is `ketaflow devices listen` in its own process on a temporary record: on SQLite, or
on a throw-away PostgreSQL. The senders keep a message until it is acknowledged, and
connect anew when a line breaks, as monitors do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from benchmarks import databases
from benchmarks.machine import machine

AT = re.compile(r" at 127\.0\.0\.1:(\d+)  ")
KETAFLOW = [sys.executable, "-c", "from ketaflow.cli.main import main; main()"]
PREPARE = """
import json, sys, django; django.setup()
from benchmarks import chairs
print(json.dumps([one.place for one in chairs.open_clinic(int(sys.argv[1]))[1]]))
"""
KEPT = """
import json, django; django.setup()
from ketaflow.session.models import MonitorMessage, MonitorReading
print(json.dumps({
    "messages": list(MonitorMessage.objects.values_list("control_id", "standing")),
    "readings": MonitorReading.objects.count(),
}))
"""


@dataclass
class Load:
    """How many chairs for how long, and how often the plug is pulled; what was acknowledged."""

    chairs: int
    seconds: float
    kills: int = 0
    port: int = 0
    acknowledged: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    # How late this process itself was woken: what the machine's other work adds to every figure.
    late_ms: list[float] = field(default_factory=list)
    reconnected: int = 0
    # Processor seconds of the last listener.
    cpu_s: float = 0.0
    # What else is killed and started again with the listener: the web server, where one runs.
    beside: Beside | None = None


class Beside(Protocol):
    """Another process of the same clinic."""

    def start(self) -> None:
        """Start it, and wait until it answers."""

    def kill(self) -> None:
        """Pull its plug."""


def main(arguments: list[str]) -> int:
    """Measure and print."""
    asked = _read(arguments)
    with databases.record(asked.database) as environment:
        places = prepare(environment, asked.chairs)
        load = Load(asked.chairs, asked.seconds, asked.kills)
        result = {"machine": machine(), "monitors": measure(load, places, environment)}
    print(json.dumps(result, indent=1))
    told = result["monitors"]
    return 0 if not told["lost"] and not told["doubled"] else 1


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench monitors",
        description="Let a monitor in every chair send one reading a second.",
        epilog="Example: scripts/bench monitors --seconds 300 --kills 10",
    )
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--chairs", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=20, help="how long they send")
    parser.add_argument("--kills", type=int, default=0, help="how often the listener is killed")
    return parser.parse_args(arguments)


def child(environment: dict[str, str], script: str, *words: str) -> Any:
    """What a process of its own prints, as JSON."""
    command = [sys.executable, "-c", script, *words]
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(ended.stdout)


def prepare(environment: dict[str, str], chairs: int) -> list[str]:
    """Open the clinic; where each monitor says it stands."""
    found: list[str] = child(environment, PREPARE, str(chairs))
    return found


def measure(load: Load, places: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Send, kill, count: what was acknowledged, how quickly, and what is in the record."""
    load.acknowledged.clear()
    asyncio.run(_run(load, places, environment))
    kept = child(environment, KEPT)
    ids = [id for id, _ in kept["messages"]]
    charted = {id for id, standing in kept["messages"] if standing == "CHARTED"}
    verified = subprocess.run(
        [*KETAFLOW, "journal", "verify"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "database": "postgresql" if "postgres" in environment.get("DATABASE_URL", "") else "sqlite",
        "chairs": load.chairs,
        "seconds": load.seconds,
        "kills": load.kills,
        "sent": len(load.sent),
        "acknowledged": len(load.acknowledged),
        "refused": len(load.refused),
        "reconnected": load.reconnected,
        "in_the_record": len(set(ids)),
        "lost": len(load.acknowledged - charted),
        "doubled": len(ids) - len(set(ids)),
        "readings": kept["readings"],
        "listener_cpu_s": load.cpu_s,
        "verifies": verified.returncode == 0,
        **times("aa", load.took_ms),
        **times("woken_late", load.late_ms),
    }


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used since it was started."""
    with suppress(OSError), open(f"/proc/{pid}/stat") as told:
        used = told.read().rpartition(")")[2].split()
        return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def times(what: str, took_ms: list[float]) -> dict[str, float]:
    """The middle and the slow end of so many milliseconds."""
    ordered = sorted(took_ms) or [0.0]
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {
        f"{what}_{name}_ms": round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 1)
        for name, part in at.items()
    }


async def _run(load: Load, places: list[str], environment: dict[str, str]) -> None:
    listener = await _start(load, environment)
    until = time.monotonic() + load.seconds
    senders = [asyncio.create_task(_monitor(load, place, until)) for place in places]
    for _ in range(load.kills):
        await asyncio.sleep(load.seconds / (load.kills + 1))
        listener.send_signal(signal.SIGKILL)
        listener.wait()
        if load.beside:
            load.beside.kill()
            again = asyncio.create_task(asyncio.to_thread(load.beside.start))
        listener = await _start(load, environment)
        if load.beside:
            await again
    await asyncio.gather(*senders)
    load.cpu_s = cpu_s(listener.pid)
    listener.send_signal(signal.SIGTERM)
    listener.wait()


async def _start(load: Load, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [*KETAFLOW, "devices", "listen", "--port", str(load.port)]
    listener = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert listener.stderr
    said = await asyncio.to_thread(listener.stderr.readline)
    if (found := AT.search(said)) is None:
        raise SystemExit(said + listener.stderr.read())
    load.port = int(found[1])
    return listener


async def _monitor(load: Load, place: str, until: float) -> None:
    """One monitor: a reading each second on its own beat, each until it is acknowledged."""
    await asyncio.sleep(random.random())
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    count, beat = 0, time.monotonic()
    while time.monotonic() < until:
        at, count = datetime.now(UTC), count + 1
        id = f"{place} {count}"
        message = _message(id, place, at)
        load.sent.add(id)
        began = time.monotonic()
        while (code := await _sent(line, message)) is None:
            _hang_up(line)
            load.reconnected += count > 1
            line = await _connect(load)
            began = time.monotonic()
        load.took_ms.append((time.monotonic() - began) * 1000)
        (load.acknowledged.add if code == "AA" else load.refused.append)(id)
        beat += 1
        if (left := beat - time.monotonic()) > 0:
            await asyncio.sleep(left)
            load.late_ms.append((time.monotonic() - beat) * 1000)
    _hang_up(line)


async def _connect(load: Load) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        with suppress(OSError):
            return await asyncio.open_connection("127.0.0.1", load.port)
        await asyncio.sleep(0.2)


def _hang_up(line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
    if line:
        line[1].close()


async def _sent(
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None, message: bytes
) -> str | None:
    """The code of the answer; None when the line broke."""
    if line is None:
        return None
    reader, writer = line
    try:
        writer.write(message)
        await writer.drain()
        answer = await reader.readuntil(b"\x1c\r")
    except (OSError, asyncio.IncompleteReadError):
        return None
    return answer.split(b"MSA|", 1)[1][:2].decode()


def _message(id: str, place: str, at: datetime) -> bytes:
    """A full set of vital signs, as a gateway sends it."""
    when = f"{at:%Y%m%d%H%M%S}.{at.microsecond // 100:04}+0000"
    signs = (
        ("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", random.randint(110, 150), "mm[Hg]^mm[Hg]^UCUM"),
        ("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", random.randint(60, 90), "mm[Hg]^mm[Hg]^UCUM"),
        (
            "147842^MDC_ECG_HEART_RATE^MDC",
            random.randint(60, 90),
            "264864^MDC_DIM_BEAT_PER_MIN^MDC",
        ),
        ("150456^MDC_PULS_OXIM_SAT_O2^MDC", random.randint(94, 99), "262688^MDC_DIM_PERCENT^MDC"),
        (
            "151578^MDC_TTHOR_RESP_RATE^MDC",
            random.randint(10, 18),
            "264928^MDC_DIM_RESP_PER_MIN^MDC",
        ),
    )
    head = f"MSH|^~\\&|BENCH|WARD|||{when}||ORU^R01^ORU_R01|{id}|P|2.6"
    rows = [head, "PID|||", f"PV1||I|{place}", f"OBR|1||||||{when}"]
    rows += [
        f"OBX|{n}|NM|{code}|1.1.1.{n}|{value}|{unit}|||||R|||{when}"
        for n, (code, value, unit) in enumerate(signs, start=1)
    ]
    return b"\x0b" + "\r".join(rows).encode() + b"\x1c\r"
