"""Text messages through a real local gateway: nothing is called sent that no gateway took."""

import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import pytest
from django.utils import timezone

from ketaflow.cli import gateways, post
from ketaflow.correspondence import queries
from ketaflow.correspondence.home import actions as home
from ketaflow.correspondence.home.contact import Language
from ketaflow.correspondence.models import Message
from ketaflow.correspondence.outbox import State
from ketaflow.people.actions import oneself, system_of
from ketaflow.people.models import Patient

from .. import at_home, post_office

NOW = timezone.now()


class Answers(BaseHTTPRequestHandler):
    """Answers as it is told, and keeps what it took."""

    timeout = 5

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.answers.pop(0) if self.server.answers else 202
        self.server.asked.append((dict(self.headers), json.loads(body), status))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def gateway(monkeypatch, settings, *answers):
    server = HTTPServer(("127.0.0.1", 0), Answers)
    server.answers, server.asked = list(answers), []
    worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    worker.start()
    monkeypatch.setenv("KETAFLOW_TEXT_URL", f"http://127.0.0.1:{server.server_port}/texts")
    monkeypatch.setenv("KETAFLOW_TEXT_TOKEN", "k")
    settings.TEXT_GATEWAY = "ketaflow.cli.gateways.Http"
    try:
        yield server
    finally:
        server.shutdown()
        worker.join(5)
        server.server_close()


@pytest.fixture
def texted(patient, nurse):
    """A message that is queued for a number which the patient gave."""
    number, spanish = "+12025550143", Language.SPANISH
    home.set_contact(patient=patient, text_to=number, language=spanish, by=oneself(patient), at=NOW)
    link = home.send_pages(
        patient=Patient.objects.get(id=patient.id), sheet=uuid4(), by=nurse.author, at=NOW
    )
    return link.messages.get()


def send(clinic, after=timedelta()):
    post.send_waiting(clinic=clinic, by=system_of(clinic), clock=lambda: NOW + after)
    return Message.objects.get()


def test_a_gateway_that_takes_a_message_makes_it_handed_over(
    monkeypatch, settings, texted, clinic_a
):
    with gateway(monkeypatch, settings) as server:
        for _ in range(2):
            assert send(clinic_a).state == State.HANDED_OVER
    ((heads, said, _),) = server.asked
    assert heads["Authorization"] == "Bearer k"
    assert (said["to"], said["reference"]) == ("+12025550143", str(texted.id))
    assert queries.invited(at_home.link_in(said["text"])).id == texted.invitation_id
    for word in ("cy", "ketam", "clinic", "elm", "health", "salud"):
        assert word not in said["text"].split("http")[0].lower()


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (404, State.BOUNCED),
        (422, State.FAILED),
        (401, State.QUEUED),
        (429, State.QUEUED),
        (500, State.QUEUED),
        (503, State.QUEUED),
    ],
)
def test_what_a_gateway_refuses_is_never_called_sent(
    monkeypatch, settings, texted, clinic_a, status, state
):
    with gateway(monkeypatch, settings, status) as server:
        assert send(clinic_a).state == state
        again = send(clinic_a, timedelta(minutes=2))
    assert again.state == (State.HANDED_OVER if state is State.QUEUED else state)
    assert len({said["reference"] for _, said, _ in server.asked}) == 1


def test_without_a_gateway_or_while_it_is_away_a_message_waits(
    monkeypatch, settings, texted, clinic_a
):
    assert send(clinic_a).state == State.QUEUED
    monkeypatch.setenv("KETAFLOW_TEXT_URL", f"http://127.0.0.1:{post_office.free_port()}/")
    settings.TEXT_GATEWAY = "ketaflow.cli.gateways.Http"
    assert send(clinic_a, timedelta(minutes=2)).state == State.QUEUED


def test_the_file_and_the_console_take_a_message(
    monkeypatch, settings, texted, clinic_a, tmp_path, capsys
):
    settings.TEXT_GATEWAY = "ketaflow.cli.gateways.Outfile"
    monkeypatch.setenv("KETAFLOW_TEXT_FILE", str(tmp_path))
    assert send(clinic_a).state == State.QUEUED
    monkeypatch.setenv("KETAFLOW_TEXT_FILE", str(tmp_path / "texts"))
    assert send(clinic_a, timedelta(minutes=2)).state == State.HANDED_OVER
    assert json.loads((tmp_path / "texts").read_text())["to"] == "+12025550143"
    assert gateways.Console().send(to="+1", words="x", reference="r") is None
    assert "+1" in capsys.readouterr().out


def test_a_number_never_leaves_unencrypted(monkeypatch):
    with pytest.raises(ValueError, match="https"):
        gateways.Http(url="http://gateway.example.org/")
