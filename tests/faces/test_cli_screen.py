"""A person screened from the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ketaflow.cli.main import main

DATA = Path(__file__).parents[1] / "data"
WELL = DATA / "screening/well.json"
MILAN = DATA / "fhir/milan_beatty.json.gz"


def run(monkeypatch, capsys, *words):
    monkeypatch.setattr("sys.argv", ["ketaflow", "screen", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0, capsys.readouterr()


def written(folder, **changed):
    sheet = folder / "facts.json"
    sheet.write_text(json.dumps({**json.loads(WELL.read_text()), **changed}))
    return sheet


def test_json_is_one_document_with_the_agreed_keys(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, WELL, "--protocol", "TRD-IV-STD", "--json")
    document = json.loads(said.out)
    assert (code, said.err, document["verdict"]) == (0, "", "eligible")
    assert {"verdict", "findings", "missing"} <= set(document)


def test_a_blocked_person_is_exit_12_and_the_document_says_why(monkeypatch, capsys, tmp_path):
    sheet = written(tmp_path, conditions=["Stroke"])
    code, said = run(monkeypatch, capsys, sheet, "--protocol", "trd-iv-std", "--json")
    document = json.loads(said.out)
    assert (code, document["verdict"]) == (12, "blocked")
    (finding,) = document["findings"]
    assert (finding["rule"], finding["severity"], finding["source"]) == (
        "CI-02",
        "absolute",
        ["S38"],
    )
    assert "blood pressure" in finding["because"]


def test_a_packed_bundle_is_screened_and_lists_what_is_missing(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, MILAN, "--protocol", "TRD-IV-STD", "--json")
    document = json.loads(said.out)
    assert (code, document["verdict"]) == (0, "review")
    facts = {gap["fact"] for gap in document["missing"]}
    assert {"antidepressant_trials", "answers.psychosis"} <= facts
    assert [note["rule"] for note in document["notes"]] == ["INT-NONE-REPORTED"]


def test_the_interview_is_added_to_a_bundle(monkeypatch, capsys):
    words = (MILAN, "--interview", WELL, "--protocol", "TRD-IV-STD", "--on", "2026-11-22", "--json")
    code, said = run(monkeypatch, capsys, *words)
    document = json.loads(said.out)
    assert (code, document["on"]) == (0, "2026-11-22")
    assert "answers.psychosis" not in {gap["fact"] for gap in document["missing"]}


def test_the_table_is_readable(monkeypatch, capsys, tmp_path):
    sheet = written(tmp_path, conditions=["Glaucoma"], antidepressant_trials=None)
    code, said = run(monkeypatch, capsys, sheet, "--protocol", "TRD-IV-STD")
    assert code == 0
    assert said.out.startswith("REVIEW  TRD-IV-STD")
    for words in ("RELATIVE  CI-09", "Must be known first", "Still to come", "not a first-line"):
        assert words in said.out


def test_pain_needs_no_failed_antidepressants(monkeypatch, capsys, tmp_path):
    sheet = written(tmp_path, antidepressant_trials=None)
    code, said = run(monkeypatch, capsys, sheet, "--protocol", "CRPS-OP-1", "--json")
    assert (code, json.loads(said.out)["antidepressant_trials"]) == (0, None)


def test_the_interview_can_be_listed(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "--questions")
    assert code == 0
    assert "stroke_ever: yes | no | unknown" in said.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"agee": 44}', "Nearest: 'age'"),
        (b'{"age": 44', "is not whole JSON"),
        (b"[" * 100_000, "facts.json"),
        (b"\x1f\x8bbroken", "damaged"),
        (b"", "is empty"),
        (b'{"answers": {"escort": "perhaps"}}', "escort takes yes, no or unknown"),
        (b'{"resourceType": "Patient"}', "not a Bundle"),
        (b"[1, 2]", "must be an object"),
    ],
)
def test_a_bad_file_is_one_sentence_and_exit_10(monkeypatch, capsys, tmp_path, content, words):
    sheet = tmp_path / "facts.json"
    sheet.write_bytes(content)
    code, said = run(monkeypatch, capsys, sheet, "--protocol", "TRD-IV-STD", "--json")
    assert (code, said.out, said.err.count("\n")) == (10, "", 1)
    assert words in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("protocol", ["TRD-IV-STDD", "OCD-IM-1"])
def test_a_protocol_that_is_unknown_or_goes_another_way_is_exit_11(monkeypatch, capsys, protocol):
    code, said = run(monkeypatch, capsys, WELL, "--protocol", protocol)
    assert code == 11
    assert said.err.startswith("ketaflow: ")


def test_help_ends_with_an_example_that_runs(monkeypatch, capsys, tmp_path):
    _, said = run(monkeypatch, capsys, "--help")
    *_, write, screen = (line.strip() for line in said.out.rstrip().splitlines())
    subprocess.run(write, shell=True, check=True, cwd=tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, capsys, *screen.split()[2:])[0] == 12


def test_screening_needs_no_framework():
    asks = (
        "import sys, ketaflow.cli.screen as s; s._read(__import__('pathlib').Path(sys.argv[1]), "
        "None); import ketaflow.screening.clearance, ketaflow.protocol.library; "
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", asks, str(WELL)], check=False).returncode == 0
