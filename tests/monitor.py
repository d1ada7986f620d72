"""Monitors for tests: messages as they are sent, and a listener of its own process."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import hl7

from tests.ports import free_port

GATEWAY = (Path(__file__).parent / "data/hl7/pcd01-gateway.hl7").read_text().replace("\n", "\r")
KETAFLOW = [sys.executable, "-c", "from ketaflow.cli.main import main; main()"]
MMHG = "mm[Hg]^mm[Hg]^UCUM"
SIGNS = {
    "systolic": ("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", MMHG),
    "diastolic": ("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", MMHG),
    "heart_rate": ("147842^MDC_ECG_HEART_RATE^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC"),
    "spo2": ("150456^MDC_PULS_OXIM_SAT_O2^MDC", "262688^MDC_DIM_PERCENT^MDC"),
    "respiratory_rate": ("151578^MDC_TTHOR_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC"),
    "temperature": ("150344^MDC_TEMP^MDC", "268192^MDC_DIM_DEGC^MDC"),
}


def stamp(at):
    fraction = f".{at.microsecond // 100:04}" if at.microsecond else ""
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}{fraction}+0000"


def obx(code, value, unit, *, status="R", at="", kind="NM", device=""):
    """One observation, as a segment."""
    fields = ("OBX", "1", kind, code, "1.1.1.1", value, unit, "", "", "", "", status)
    return "|".join((*fields, "", "", at, "", "", "", device))


def message(
    *segments, control="1", at, place="Bay^1^3", patient="", version="2.6", kind="ORU^R01^ORU_R01",
    sender="ACME", processing="P", taken=None,
):  # fmt: skip
    """An ORU^R01; what was taken when no segment says so itself is `taken`."""
    when = stamp(taken or at) if taken != "" else ""
    head = f"MSH|^~\\&|{sender}|WARD|||{stamp(at)}||{kind}|{control}|{processing}|{version}"
    return "\r".join((head, f"PID|||{patient}", f"PV1||I|{place}", f"OBR|1||||||{when}", *segments))


def reading(at, *, control="1", place="Bay^1^3", **vitals):
    """A message with these vital signs."""
    said = vitals.pop("message", {})
    segments = (obx(SIGNS[sign][0], str(value), SIGNS[sign][1]) for sign, value in vitals.items())
    return message(*segments, control=control, at=at, place=place, **said)


def answered(reply):
    """What was answered: its code, its reason, and the whole message."""
    found = hl7.parse(reply.strip("\x0b\x1c\r"))
    msa = found.segment("MSA")
    return str(msa[1]), str(msa[3]) if len(msa) > 3 else "", found


class Listener:
    """`ketaflow devices listen` in its own process, on the record in `data`."""

    def __init__(self, data, **environment):
        self.given = {
            **os.environ, "KETAFLOW_DATA": str(data), "PYTHONWARNINGS": "", **environment,
        }  # fmt: skip
        self.port, self.process = free_port(), None
        # A file: nobody would empty a pipe while the listener runs.
        self.said = Path(data) / "listener.txt"

    def start(self):
        command = [*KETAFLOW, "devices", "listen", "--port", str(self.port)]
        with self.said.open("w") as out:
            self.process = subprocess.Popen(command, env=self.given, stderr=out)
        while f" at 127.0.0.1:{self.port}  " not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            time.sleep(0.05)
        return self

    def stop(self, how=signal.SIGTERM):
        """Stop it; its exit code and what it said."""
        self.process.send_signal(how)
        return self.process.wait(timeout=30), self.said.read_text()

    def told(self, *words):
        """What another command of ketaflow says about the same record."""
        ended = subprocess.run(
            [*KETAFLOW, *words], env=self.given, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


def now():
    return datetime.now(UTC).replace(microsecond=0)
