"""How soon everybody sees what one nurse presses: `scripts/bench live`.

A clinic of its own is served as `ketaflow serve` does it. So many boards listen; rounds are pressed
one after another at the chairs. Timed is from the press to the event on each board; and, in a real
browser where there is one, from the press of another pump rate to the new forecast on the page.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

from benchmarks.machine import machine

KETAFLOW = [sys.executable, "-c", "from ketaflow.cli.main import main; main()"]
AT = re.compile(r"at http://127\.0\.0\.1:(\d+)/")
PASSWORD = "juniper-lane-demo"
TIMED_OUT_S = 15.0


def main(arguments: list[str]) -> int:
    """Serve, listen, press, print."""
    asked = _read(arguments)
    before = machine()
    with tempfile.TemporaryDirectory(prefix="ketaflow-bench-") as folder:
        clinic = Clinic(Path(folder))
        try:
            result = {
                "machine": before,
                "boards": asked.boards,
                "presses": asked.presses,
                "press_to_board_ms": press_to_board(clinic, asked.boards, asked.presses),
                "press_to_forecast_ms": press_to_forecast(clinic, asked.rates),
            }
        finally:
            clinic.stop()
    print(json.dumps(result, indent=1) if asked.json else table(result))
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench live",
        description="Time from a press to every open board, and to the new forecast.",
        epilog="Example: scripts/bench live --boards 20 --presses 100 --json",
    )
    parser.add_argument("--boards", type=int, default=20, help="boards that are open")
    parser.add_argument("--presses", type=int, default=60, help="rounds that are pressed")
    parser.add_argument("--rates", type=int, default=15, help="rate changes in the browser")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser.parse_args(arguments)


class Clinic:
    """The fictional clinic in mid-morning, served in a process of its own."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {"KETAFLOW_DATA": str(folder), "PYTHONWARNINGS": ""}
        environment.pop("DATABASE_URL", None)
        # `demo` tells the morning and then serves it.
        command = [*KETAFLOW, "demo", "--port", "0"]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.port = self._port()

    def _port(self) -> int:
        for line in self.process.stderr or ():
            if found := AT.search(line):
                threading.Thread(target=self._drain, daemon=True).start()
                return int(found[1])
        raise RuntimeError("The clinic did not open.")

    def _drain(self) -> None:
        for _ in self.process.stderr or ():
            pass

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Hand:
    """One signed-in person without a screen."""

    def __init__(self, port: int) -> None:
        self.port, self.jar = port, SimpleCookie()
        self.ask("GET", "/account/login/")
        self.ask("POST", "/account/login/", login="nurse@example.org", password=PASSWORD)

    def ask(self, method: str, path: str, **said: str) -> str:
        body = urlencode(said | {"csrfmiddlewaretoken": self.token}) if said else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as line:
            line.request(method, path, body, self.headers | kind)
            got = line.getresponse()
            page = got.read().decode()
        for value in got.headers.get_all("Set-Cookie") or ():
            self.jar.load(value)
        return page

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{k}={v.value}" for k, v in self.jar.items())}

    @property
    def token(self) -> str:
        return self.jar["csrftoken"].value if "csrftoken" in self.jar else ""


class Board:
    """A board somewhere: remembers when each pressure was first on it."""

    def __init__(self, hand: Hand) -> None:
        self.seen: dict[str, float] = {}
        self.line = HTTPConnection("127.0.0.1", hand.port, timeout=60)
        headers = hand.headers | {"Accept": "text/event-stream"}
        self.line.request("GET", "/board/live/", headers=headers)
        self.answer = self.line.getresponse()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            for line in self.answer:
                now = time.perf_counter()
                for pressure in re.findall(rb"\d+/\d+ mmHg", line):
                    self.seen.setdefault(pressure.decode().partition(" ")[0], now)
        except (OSError, ValueError):
            return  # it was closed


def press_to_board(clinic: Clinic, boards: int, presses: int) -> dict[str, float]:
    """Milliseconds from the press to each board, over all presses and boards."""
    hand = Hand(clinic.port)
    sessions = re.findall(r'id="to-([0-9a-f-]{36})"', hand.ask("GET", "/board/"))
    listening = [Board(hand) for _ in range(boards)]
    time.sleep(2)
    took: list[float] = []
    for number in range(presses):
        # A pressure that nobody has yet, so that it can be told from all others.
        pressure = (151 + number % 45, 60 + number // 45)
        began = time.perf_counter()
        took += _one(hand, sessions[number % len(sessions)], listening, pressure, began)
    return spread(took)


def _one(
    hand: Hand, session: str, listening: list[Board], pressure: tuple[int, int], began: float
) -> list[float]:
    systolic, diastolic = map(str, pressure)
    said = {"round-seen": "9999", "round-systolic": systolic, "round-diastolic": diastolic}
    hand.ask("POST", f"/sessions/{session}/do/round/", **said)
    name = f"{systolic}/{diastolic}"
    until = began + TIMED_OUT_S
    while any(name not in one.seen for one in listening):
        if time.perf_counter() > until:
            raise RuntimeError(f"{name} never came to every board")
        time.sleep(0.002)
    return [(one.seen[name] - began) * 1000 for one in listening]


def press_to_forecast(clinic: Clinic, rates: int) -> dict[str, float] | None:
    """Milliseconds from the press of another rate to its forecast; None without a browser."""
    path = os.environ.get("KETAFLOW_CHROMIUM") or shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        return None
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        page = browser.new_page(base_url=f"http://127.0.0.1:{clinic.port}")
        page.goto("/board/")
        page.fill("[name=login]", "nurse@example.org")
        page.fill("[name=password]", PASSWORD)
        page.click("main form button")
        page.click(".chair--running h2 a, .chair--late h2 a")
        took = [_rate(page, number) for number in range(rates)]
        browser.close()
    return spread(took)


def _rate(page: Any, number: int) -> float:
    """One change, timed by the page's own clock from the click to the drawn chart."""
    page.wait_for_selector("form[action*='/do/rate/']", state="attached")
    return float(
        page.evaluate(
            """async number => {
              const form = document.querySelector("form[action*='/do/rate/']");
              form.closest("details").open = true;
              const rate = (0.3 + number / 100).toFixed(2);
              form.querySelector("[name='rate-rate_mg_min']").value = rate;
              form.querySelector("[name='rate-reason']").value = `measured ${number}`;
              const before = document.querySelector("#forecast");
              const began = performance.now();
              form.querySelector("button").click();
              while (document.querySelector("#forecast") === before
                     || !document.querySelector("#forecast canvas")) {
                if (performance.now() - began > 15000) throw new Error("no new forecast");
                await new Promise(done => setTimeout(done, 1));
              }
              return performance.now() - began;
            }""",
            number,
        )
    )


def spread(took: list[float]) -> dict[str, float]:
    """The middle, the slowest in a hundred, and the slowest."""
    cuts = quantiles(took, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "most": round(max(took), 1)}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    said = result["machine"]
    lines = [
        f"{said['cpu']}, {said['cores']} cores, {said['system']}, Python {said['python']}, "
        f"SQLite {said['sqlite']}, load {said['load_1_min']}",
        f"{result['presses']} presses, {result['boards']} boards open",
    ]
    for name in ("press_to_board_ms", "press_to_forecast_ms"):
        found = result[name]
        words = ", ".join(f"{key} {value}" for key, value in found.items()) if found else ""
        lines.append(f"{name}: {words or 'NOT MEASURED: there is no Chromium'}")
    return "\n".join(lines)
