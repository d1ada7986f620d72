"""A questionnaire scored from the command line."""

import json

import pytest

from ketaflow.cli.main import main


def run(monkeypatch, capsys, *words):
    monkeypatch.setattr("sys.argv", ["ketaflow", "score", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0, capsys.readouterr()


def test_json_is_one_document_with_the_agreed_keys(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "phq-9", "2,2,1,1,0,1,1,0,0", "--json")
    document = json.loads(said.out)
    assert code == 0
    assert list(document) == [
        *("instrument", "total", "subscales", "band", "complete", "flags", "version", "source"),
    ]
    assert (document["total"], document["band"]) == (8, "mild")


def test_blanks_are_unanswered_and_the_suicide_item_is_named_on_stderr(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "phq-9", "2,2,1,,0,1,1,0,", "--json")
    document = json.loads(said.out)
    assert (code, document["total"], document["complete"]) == (0, None, False)
    assert document["flags"] == ["suicidality-unanswered"]
    assert "follow-up" in said.err


def test_the_table_is_readable_and_shows_subscales(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "pcl-5", ",".join("2" * 20))
    assert code == 0
    assert "total       40" in said.out
    assert "  B         10" in said.out


def test_an_answer_out_of_range_is_exit_11_and_one_sentence(monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, "gad-7", "0,0,0,0,0,0,4")
    assert (code, said.out) == (11, "")
    assert "item 7 is answered from 0 to 3 and 4 was given" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("phq-99", "1"),
        ("phq-9", "1,two,3"),
        ("phq-9", "1.5"),
        ("phq-9", "²"),
        ("phq-9", "9" * 5000),
    ],
)
def test_a_wrong_command_line_is_exit_2_and_never_a_traceback(monkeypatch, capsys, words):
    code, said = run(monkeypatch, capsys, *words)
    assert (code, said.out) == (2, "")
    assert "Traceback" not in said.err


def test_help_ends_with_an_example_that_runs(monkeypatch, capsys):
    _, said = run(monkeypatch, capsys, "--help")
    example = said.out.strip().splitlines()[-1].split("Example: ketaflow score ")[1].split()
    assert run(monkeypatch, capsys, *example)[0] == 0
