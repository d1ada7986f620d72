"""The instruments from the command line, and a clinic's wording checked."""

import json

import pytest

from ketaflow.cli.main import main


def run(monkeypatch, capsys, *words):
    monkeypatch.setattr("sys.argv", ["ketaflow", "instruments", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0, capsys.readouterr()


def test_every_instrument_is_listed_with_its_licence(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "--json")
    found = {one["id"]: one for one in json.loads(said.out)}
    assert code == 0
    assert found["madrs"]["verdict"] == "SCORE_ONLY"
    assert {item["text"] for item in found["madrs"]["items"]} == {None}
    assert (found["kset"]["items"], found["kset"]["high"]) == ([], None)
    assert found["phq-9"]["loinc"] == {"panel": "44249-1", "total": "44261-6"}


def test_one_instrument_tells_all_about_itself(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "hdrs-17")
    assert code == 0
    assert "0 to 52" in said.out
    assert "23 to 52: very severe" in said.out
    code, said = run(monkeypatch, capsys, "ham-d", "--json")
    assert json.loads(said.out)["short"] == "HAM-D17"


def test_an_unknown_one_is_exit_2(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "phq-99")
    assert (code, said.out) == (2, "")
    assert "phq-9" in said.err


def test_a_clinics_wording_is_checked(monkeypatch, capsys, tmp_path):
    path = tmp_path / "promis.toml"
    rows = '[[item]]\nkey = "T"\ntext = "The T-score of the clinic\'s own table"\n'
    head = 'instrument = "promis"\nversion = "2026-11-25"\nlicence = "Made up."\n'
    path.write_text(head + rows)
    code, said = run(monkeypatch, capsys, "--wording", str(path))
    assert (code, "fits PROMIS PI" in said.err) == (0, True)
    path.write_text(head)
    code, said = run(monkeypatch, capsys, "--wording", str(path))
    assert (code, said.out) == (10, "")
    assert "promis.toml: its items are not written as [[item]]." in said.err
