"""The listener as monitors meet it: its own process, real sockets, and python-hl7 as the peer."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from hl7.client import MLLPClient
from hl7.mllp import open_hl7_connection

from ketaflow.cli.fictional import clinic
from ketaflow.journal import queries as journal
from ketaflow.schedule import queries as schedule
from ketaflow.session import queries as sessions
from ketaflow.session.models import MonitorMessage, MonitorReading
from ketaflow.session.monitors import actions
from ketaflow.session.monitors import queries as monitors
from ketaflow.session.monitors.arrivals import By

from ..access import stages
from ..monitor import GATEWAY, KETAFLOW, SIGNS, Listener, answered, message, now, obx, reading

AGO = timedelta(seconds=30)


@pytest.fixture
def team(committed):
    return clinic.open_clinic(now())


@pytest.fixture
def held(team):
    """Somebody in a chair to which the monitor of Bay^1^3 is bound."""
    ids = stages.in_the_chair(team, 1, 45)
    held = sessions.session(clinic=team.clinic.id, id=ids["session"])
    chair = next(o for o in schedule.chairs(clinic=team.clinic.id) if o.name == held.chair)
    by = team.staff["nurse"].author
    actions.bind(monitor=By.PLACE, value="Bay^1^3", chair=chair.id, by=by, at=now())
    return held


def environment():
    """Where this test's own record is."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "postgresql":
        server = urlsplit(os.environ["DATABASE_URL"])
        return {"DATABASE_URL": server._replace(path=f"/{name}").geturl()}
    return {"DATABASE_URL": f"sqlite:///{name}"}


@contextmanager
def listening(tmp_path):
    listener = Listener(tmp_path, **environment()).start()
    try:
        yield listener
    finally:
        if listener.process.poll() is None:
            listener.stop(signal.SIGKILL)


@pytest.fixture
def listener(held, tmp_path):
    with listening(tmp_path) as listener:
        yield listener


@pytest.fixture
def send(listener):
    with MLLPClient("127.0.0.1", listener.port) as client:
        yield lambda text: answered(client.send_message(text).decode())


def readings(held):
    return list(MonitorReading.objects.filter(session=held).order_by("taken_at"))


def test_a_reading_is_on_disk_when_it_is_acknowledged(send, held):
    code, said, ack = send(reading(now() - AGO, systolic=131, diastolic=77, spo2=97))
    assert (code, said) == ("AA", "charted")
    assert str(ack.segment("MSH")[9]) == "ACK^R01^ACK"
    assert str(ack.segment("MSA")[2]) == "1"
    (row,) = readings(held)
    assert row.vitals == {"systolic": "131", "diastolic": "77", "spo2": "97"}
    entries = journal.entries(clinic=held.clinic_id, stream=f"monitor/{held.id}")
    assert entries[0].payload["control_id"] == "1"
    assert entries[0].by_name == "Monitor ACME at WARD"
    journal.verify()
    journal.rebuild()


def test_sent_twice_it_is_one_reading(send, held):
    text = reading(now() - AGO, spo2=97)
    assert [send(text)[:2] for _ in range(2)] == [("AA", "charted"), ("AA", "received before")]
    assert len(readings(held)) == 1
    assert MonitorMessage.objects.count() == 1


def test_a_correction_replaces_and_what_is_withdrawn_goes(send, held):
    at = now() - AGO
    send(reading(at, control="1", systolic=131, diastolic=77, spo2=97))
    code, status = SIGNS["spo2"][0], "C"
    send(message(obx(code, "93", "%", status=status), control="2", at=at))
    send(message(obx(SIGNS["diastolic"][0], "", "", status="W"), control="3", at=at))
    (row,) = readings(held)
    assert row.vitals == {"systolic": "131", "spo2": "93"}
    assert row.corrected
    journal.rebuild()


def test_readings_out_of_order_stand_in_order(send, held):
    at = now() - AGO
    for control, ago in enumerate((0, 20, 10)):
        send(reading(at - timedelta(seconds=ago), control=str(control), spo2=90 + ago // 10))
    assert [row.vitals["spo2"] for row in readings(held)] == ["92", "91", "90"]


def test_a_repeated_old_pressure_is_one_row_and_not_one_each_second(send, held):
    cuff = (now() - timedelta(minutes=5)).strftime("%Y%m%d%H%M%S+0000")
    for n in range(5):
        pressure = obx(SIGNS["systolic"][0], "120", "mmHg", at=cuff)
        pulse = obx(SIGNS["heart_rate"][0], str(60 + n), "bpm")
        send(message(pressure, pulse, control=str(n), at=now() - timedelta(seconds=9 - n)))
    assert sum(row.with_pressure for row in readings(held)) == 1
    assert len(readings(held)) == 6


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"place": "Nowhere"}, "UNBOUND"),
        ({"message": {"patient": "K-9999^^^CLINIC^MR"}}, "OTHER_PATIENT"),
    ],
)
def test_what_is_not_certainly_this_patients_is_kept_for_a_person(send, held, told, why):
    code, said, _ = send(reading(now() - AGO, spo2=97, **told))
    assert (code, said) == ("AA", "kept for a person to assign")
    assert readings(held) == []
    assert [one.why for one in monitors.waiting(clinic=held.clinic_id)] == [why]


def test_the_chairs_own_patient_by_number_is_charted(send, held):
    number = f"{held.patient.number}^^^CLINIC^MR"
    assert send(reading(now() - AGO, spo2=97, message={"patient": number}))[1] == "charted"


def test_what_is_refused_says_why_and_leaves_nothing(send, held):
    at = now()
    assert send(message(at=at, kind="ADT^A01"))[0] == "AR"
    code, said, ack = send(reading(at, spo2=197))
    assert (code, said[:10]) == ("AE", "SpO2 197 %")
    assert str(ack.segment("ERR")[3]).startswith("102^")
    old = send(reading(at, control="x", spo2=197, message={"version": "2.3"}))[2]
    assert "102&Data type error" in str(old.segment("ERR")[1])
    assert MonitorMessage.objects.count() == 0


def test_the_gateways_own_message_is_kept(send, held):
    code, said, ack = send(GATEWAY)
    assert (code, said) == ("AA", "kept for a person to assign")
    assert str(ack.segment("MSH")[5]) == "ACME_Gateway^080019FFFE3ED02D^EUI-64"
    assert "it has no column" in str(ack.segment("ERR")[8])


def test_many_monitors_at_once_lose_and_double_nothing(listener, held):
    began = now()

    async def monitor(number):
        reader, writer = await open_hl7_connection("127.0.0.1", listener.port, encoding="utf-8")
        codes = []
        for count in range(10):
            at = began - timedelta(seconds=600 - number * 10 - count)
            writer.writemessage(FakeMessage(reading(at, control=f"{number}-{count}", spo2=97)))
            await writer.drain()
            codes.append(str((await reader.readmessage()).segment("MSA")[1]))
        writer.close()
        return codes

    async def all_of_them():
        return await asyncio.gather(*(monitor(number) for number in range(40)))

    codes = [code for some in asyncio.run(all_of_them()) for code in some]
    assert codes == ["AA"] * 400
    assert len(readings(held)) == 400
    journal.verify()


class FakeMessage(str):
    """The peer writes anything that has a text."""


def test_python_hl7s_own_command_is_answered(listener, held, tmp_path):
    file = tmp_path / "one.hl7"
    file.write_bytes(b"\x0b" + reading(now() - AGO, spo2=97).encode() + b"\x1c\r")
    sender = [sys.executable, "-c", "from hl7.client import mllp_send; mllp_send()"]
    told = subprocess.run(
        [*sender, "--port", str(listener.port), "--file", str(file), "127.0.0.1"],
        capture_output=True,
        check=True,
    )
    assert b"MSA|AA|1" in told.stdout
    assert len(readings(held)) == 1


def raw(listener):
    line = socket.create_connection(("127.0.0.1", listener.port), timeout=10)
    line.settimeout(10)
    return line


def until_closed(line):
    got = b""
    while part := line.recv(65536):
        got += part
    return got


def test_noise_before_a_message_is_passed_over(listener, held):
    with raw(listener) as line:
        line.sendall(b"hello\r\n\x0bhalf a mess\x0b" + reading(now() - AGO, spo2=97).encode())
        line.sendall(b"\x1c")
        assert b"MSA|AA" in line.recv(65536)
    assert len(readings(held)) == 1


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n" * 400, b"\x0b" + b"x" * 300_000])
def test_whoever_sends_no_mllp_is_cut_off_and_others_go_on(listener, send, held, sent):
    with raw(listener) as line:
        try:
            line.sendall(sent)
            assert until_closed(line) == b""
        except ConnectionError:
            pass
    assert send(reading(now() - AGO, spo2=97))[0] == "AA"


def test_a_stop_answers_what_was_received_and_says_what_it_did(listener, send, held):
    send(reading(now() - AGO, spo2=97))
    with raw(listener):
        began = time.monotonic()
        code, said = listener.stop()
    assert code == 0
    assert time.monotonic() - began < 10
    assert "Stopped. 1 AA, 1 charted" in said


def test_a_taken_port_is_one_clear_sentence(listener, tmp_path):
    command = [*KETAFLOW, "devices", "listen", "--port", str(listener.port)]
    given = {**os.environ, "KETAFLOW_DATA": str(tmp_path), "PYTHONWARNINGS": ""}
    ended = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "cannot be served: address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr
