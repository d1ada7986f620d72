"""The first forecast of the day waits for nothing, and a broken engine keeps no clinic closed."""

import logging

from ketaflow.cli import warming


def test_the_engine_is_made_ready_beside_the_clinic(caplog):
    caplog.set_level(logging.INFO, logger=warming.__name__)
    thread = warming.begin()
    thread.join(timeout=90)
    assert not thread.is_alive()
    (said,) = caplog.messages
    assert said.startswith("The engine is ready after")


def test_an_engine_that_cannot_be_made_ready_is_said_and_stops_nothing(caplog, monkeypatch):
    monkeypatch.setattr(warming, "warm", lambda: 1 / 0)
    thread = warming.begin()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert "could not be made ready" in caplog.text
