"""What the operator's commands say when the record, its folder or the address cannot be used."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

# Ctrl-C works even when these tests run in the background of a shell.
KETAFLOW = [
    *(sys.executable, "-c"),
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from ketaflow.cli.main import main; main()",
]
VERIFY = ("journal", "verify")


def told(*words, data, **settings):
    """The exit code of a command and all that it said, on one line."""
    given = {**os.environ, "KETAFLOW_DATA": str(data), **settings}
    given.pop("KETAFLOW_POOL", None)  # set by whatever has served pages in this process
    if "DATABASE_URL" not in settings:
        given.pop("DATABASE_URL", None)
    ended = subprocess.run(
        [*KETAFLOW, *words], env=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


def one_sentence(said):
    code, words = said
    assert (words.count("\n"), words[:10], words[-2:]) == (1, "ketaflow: ", ".\n"), words
    return code, words


@pytest.mark.parametrize(
    "words", [VERIFY, ("journal", "rebuild"), ("check",), ("fhir", "import", "x")]
)
def test_a_clinic_that_was_never_served_is_told_to_serve_once(tmp_path, words):
    code, said = one_sentence(told(*words, data=tmp_path))
    assert (code, "run “ketaflow serve” once" in said) == (10, True)


@pytest.mark.parametrize("words", [VERIFY, ("check",), ("serve", "--port", "0")])
def test_a_file_that_is_no_database_is_refused(tmp_path, words):
    (tmp_path / "ketaflow.sqlite3").write_text("This is a letter, and long enough to be opened.")
    code, said = one_sentence(told(*words, data=tmp_path))
    assert (code, "file is not a database" in said) == (10, True)


def test_a_folder_where_the_database_should_be_is_refused(tmp_path):
    (tmp_path / "ketaflow.sqlite3").mkdir()
    code, said = one_sentence(told(*VERIFY, data=tmp_path))
    assert (code, "unable to open" in said) == (10, True)


@pytest.mark.parametrize("words", [VERIFY, ("demo", "--no-serve")])
def test_a_file_where_the_folder_should_be_is_refused(tmp_path, words):
    place = tmp_path / "data"
    place.write_text("")
    code, said = one_sentence(told(*words, data=place))
    assert (code, str(place) in said) == (10, True)


@pytest.mark.parametrize(
    "setting",
    [
        {"DATABASE_URL": "nonsense"},
        {"DATABASE_URL": "postgres://127.0.0.1:1/x"},
        {"KETAFLOW_IDLE_MINUTES": "soon"},
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path, setting):
    assert one_sentence(told(*VERIFY, data=tmp_path, **setting))[0] == 10


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken_is_said_before_anything_is_made(tmp_path, command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        code, said = told(command, "--port", port, data=tmp_path)
    assert (code, "address already in use" in said, "--port" in said) == (2, True, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_is_none_is_a_usage_error(tmp_path, port):
    assert told("serve", "--port", port, data=tmp_path)[0] == 2


def test_a_missing_facts_file_is_exit_10(tmp_path):
    said = told("screen", str(tmp_path / "none.json"), "--protocol", "TRD-IV-STD", data=tmp_path)
    assert one_sentence(said)[0] == 10


def test_a_dose_that_is_no_number_is_outside_the_envelope(tmp_path):
    person = ("--weight", "80", "--age", "40", "--sex", "female", "--subjects", "0")
    infusion = ("--drug", "ketamine", "--route", "iv", "--dose-mg", "NaN", "--duration-min", "40")
    code, said = one_sentence(told("forecast", *infusion, *person, data=tmp_path))
    assert (code, "number above 0 mg" in said) == (11, True)


def test_a_demonstration_stopped_half_way_is_made_again_and_never_twice_at_once(tmp_path):
    given = {**os.environ, "KETAFLOW_DATA": str(tmp_path)}
    command = [*KETAFLOW, "demo", "--no-serve"]
    first = subprocess.Popen(
        command,
        env=given,
        stderr=subprocess.PIPE,
        text=True,
    )
    database = tmp_path / "demo" / "ketaflow.sqlite3"
    until = time.monotonic() + 60
    while not database.exists() and time.monotonic() < until:
        time.sleep(0.1)
    code, said = one_sentence(told("demo", "--no-serve", data=tmp_path))
    assert (code, "is running on" in said) == (12, True)
    first.send_signal(signal.SIGINT)
    assert "Traceback" not in first.communicate(timeout=60)[1]
    assert first.returncode != 0
    assert not (tmp_path / "demo" / "filled-on").exists()
    assert database.stat().st_mode & 0o077 == 0, "others on this machine could read the record"
