"""Boards that are open and rounds that are pressed, while monitors speak: part of `room`.

In a process of its own, so that what it reads does not delay the monitors' clocks. Timed is from
the press to the event on each board. When the server is killed the boards come back as a browser's
do, and a press is sent again under its own name until somebody answers.
"""

from __future__ import annotations

import json
import random
import re
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from uuid import uuid4

from benchmarks.live import Hand

# As the page's own script and the server's "retry" have it.
AGAIN_S = 1.0
TIMED_OUT_S = 10.0
PRESSURE = re.compile(rb"(1[5-9]\d/\d+) mmHg")


@dataclass
class Board:
    """One open board: when each pressure was first on it, and how often its line broke."""

    hand: Hand
    seen: dict[str, float] = field(default_factory=dict)
    # From when to when the line was broken, as often as it was.
    away: list[tuple[float, float]] = field(default_factory=list)
    broken_at: float | None = None
    connected: bool = False

    def listen(self) -> None:
        """Follow the board for ever, connecting anew when the line breaks."""
        while True:
            with suppress(OSError, HTTPException, ValueError):
                self._follow()
            if self.connected:
                self.broken_at = time.perf_counter()
            self.connected = False
            time.sleep(AGAIN_S)

    def _follow(self) -> None:
        with closing(HTTPConnection("127.0.0.1", self.hand.port, timeout=TIMED_OUT_S)) as line:
            headers = self.hand.headers | {"Accept": "text/event-stream"}
            line.request("GET", "/board/live/", headers=headers)
            answer = line.getresponse()
            if answer.status != 200:
                return
            for said in answer:
                now = time.perf_counter()
                if self.broken_at is not None:
                    self.away.append((self.broken_at, now))
                self.connected, self.broken_at = True, None
                for found in PRESSURE.findall(said):
                    self.seen.setdefault(found.decode(), now)


@dataclass
class Press:
    """One round that is pressed at one chair, told apart from all others by its pressure."""

    session: str
    pressure: str
    began: float = 0.0
    answered: float = 0.0
    attempts: int = 0


def tell() -> None:
    """Open the boards, press for so many seconds, and print what became of every press."""
    port, boards, seconds, each_s = (float(one) for one in sys.argv[1:5])
    hand = Hand(int(port))
    sessions = re.findall(r'id="to-([0-9a-f-]{36})"', hand.ask("GET", "/board/"))
    open_boards = [Board(hand) for _ in range(int(boards))]
    for board in open_boards:
        threading.Thread(target=board.listen, daemon=True).start()
    time.sleep(2)
    presses, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        number = len(presses)
        # A pressure that nobody has yet.
        pressure = f"{151 + number % 45}/{60 + number // 45 % 60}"
        presses.append(_press(hand, Press(random.choice(sessions), pressure)))
        time.sleep(each_s)
    time.sleep(3)
    print(json.dumps(_result(presses, open_boards)))


def _press(hand: Hand, press: Press) -> Press:
    systolic, diastolic = press.pressure.split("/")
    said = {
        "round-seen": "99999", "round-key": str(uuid4()),
        "round-systolic": systolic, "round-diastolic": diastolic,
    }  # fmt: skip
    press.began = time.perf_counter()
    while not press.answered:
        press.attempts += 1
        with suppress(OSError, HTTPException):
            page = hand.ask("POST", f"/sessions/{press.session}/do/round/", **said)
            if page:
                raise SystemExit(f"A round was refused: {' '.join(page.split())[:600]}")
            press.answered = time.perf_counter()
            break
        time.sleep(AGAIN_S)
    return press


def _result(presses: list[Press], boards: list[Board]) -> dict[str, object]:
    # While the server was killed nothing is timed; what became of it is asked of the record.
    outages = [one for board in boards for one in board.away]
    held = [one for one in presses if not _meets(one, outages)]
    took = [(b.seen[p.pressure] - p.began) * 1000 for p in held for b in boards
            if p.pressure in b.seen]  # fmt: skip
    return {
        "took_ms": took,
        "pressed_ms": [(one.answered - one.began) * 1000 for one in held],
        "presses": [[one.session, one.pressure] for one in presses],
        "timed": len(held),
        "sent_again": sum(one.attempts > 1 for one in presses),
        "not_on_a_board": len(held) * len(boards) - len(took),
        "boards_came_back": len(outages),
        "boards_open_at_the_end": sum(one.connected for one in boards),
    }


def _meets(press: Press, outages: list[tuple[float, float]]) -> bool:
    return any(
        press.began < back + AGAIN_S and press.answered > broken - AGAIN_S
        for broken, back in outages
    )
