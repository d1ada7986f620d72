"""Hostile input at the listener: whatever comes, it answers or closes, forgets it, and goes on."""

import re
import signal
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..monitor import GATEWAY, answered, now, reading
from .test_devices_listener import AGO, held, listening, team

__all__ = ["held", "team"]

STARTS = [GATEWAY, reading(now() - AGO, systolic=131, diastolic=77, spo2=97, temperature="36.6")]
PIECES = [
    *(
        "|",
        "^",
        "~",
        "&",
        "\\",
        "\r",
        "\n",
        "\x00",
        "\x0b",
        "\x1c",
        '""',
        "MSH|",
        "MSH|^~\\&|",
        "\r" * 9,
    ),
    *(
        "OBX|1|NM|150021^^MDC|1|120|mm[Hg]",
        "PID|||1",
        "9" * 400,
        "-1",
        "1e99",
        "NaN",
        "é",
        "\ud7ff",
    ),
    *("\\X00\\", "\\H\\", "|" * 300, "^" * 300, "\rMSH|^~\\&|A|B", "20261301000000+9999", "2.9"),
]


@st.composite
def mutated(draw):
    """A message of a monitor after up to twelve accidents."""
    text = draw(st.sampled_from(STARTS)).encode()
    for _ in range(draw(st.integers(0, 12))):
        at = draw(st.integers(0, len(text)))
        how = draw(st.sampled_from(["cut", "put", "byte", "again", "end"]))
        until = min(len(text), at + draw(st.integers(0, 60)))
        if how == "cut":
            text = text[:at] + text[until:]
        elif how == "put":
            text = text[:at] + draw(st.sampled_from(PIECES)).encode() + text[at:]
        elif how == "byte":
            text = text[:at] + bytes([draw(st.integers(0, 255))]) + text[at + 1 :]
        elif how == "again":
            text = text[:at] + text[at:until] * draw(st.integers(2, 40)) + text[until:]
        elif draw(st.booleans()):
            text = text[:at]
    return text


def said_to(listener, text):
    """Everything that is answered to `text` before the line is closed; None when it is cut off."""
    with socket.create_connection(("127.0.0.1", listener.port), timeout=20) as line:
        got = b""
        try:
            line.sendall(b"\x0b" + text + b"\x1c\r")
            line.shutdown(socket.SHUT_WR)
            while part := line.recv(65536):
                got += part
        except ConnectionError:
            return None
    return [one.decode() for one in re.findall(rb"\x0b(.*?)\x1c\r", got, re.DOTALL)]


def resident_kb(listener):
    status = Path(f"/proc/{listener.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def attack(tmp_path, many):
    """Send `many` mutated messages; the codes they got."""
    codes, sizes = [], []
    with listening(tmp_path) as listener:

        @settings(
            max_examples=many,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(mutated())
        def one(text):
            answers = said_to(listener, text)
            found = [answered(reply)[0] for reply in answers or ()]
            assert set(found) <= {"AA", "AE", "AR"}, answers
            # A block that ends is answered; only what has no end may be closed without a word.
            assert found or answers is None or b"\x0b" in text
            codes.extend(found)
            sizes.append(resident_kb(listener))

        one()
        assert answered(said_to(listener, GATEWAY.encode())[0])[0] == "AA"
        code, said = listener.stop(signal.SIGTERM)
    assert code == 0
    assert "fault" not in said, said
    assert "Traceback" not in said, said
    return codes, sizes


def test_a_few_hundred_damaged_messages_are_each_answered(held, tmp_path):
    codes, _ = attack(tmp_path, 300)
    assert {"AA", "AE", "AR"} <= set(codes)


@pytest.mark.deep
def test_ten_thousand_damaged_messages_leave_memory_flat(held, tmp_path):
    codes, sizes = attack(tmp_path, 10_000)
    assert len(codes) > 9_000
    third = len(sizes) // 3
    assert max(sizes[-third:]) < max(sizes[third : 2 * third]) + 16_000, "it grows"
