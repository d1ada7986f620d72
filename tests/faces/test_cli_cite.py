"""What a forecast rests on, in BibTeX, from the command line."""

import json
import subprocess
import sys

import pytest

from ketaflow.cli.main import main


@pytest.fixture
def ketaflow(monkeypatch, capsys):
    """Runs the command line; gives its exit code and what it said."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["ketaflow", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return run


def keys(said):
    return [line.partition("{")[2].rstrip(",") for line in said.splitlines() if line[:1] == "@"]


def test_a_model_is_cited_with_what_stands_beside_it_and_its_effects(ketaflow):
    code, said = ketaflow("cite", "racemic-iv")
    assert code == 0
    assert {"Simons2022", "Henthorn2018", "Otto2021", "Olofsen2022", "B1"} <= set(keys(said.out))
    assert "% DERIVED" in said.out


def test_an_effect_and_a_source_are_cited_by_name(ketaflow):
    assert "Dahan2011" in keys(ketaflow("cite", "crps-pain")[1].out)
    assert keys(ketaflow("cite", "Herd2007", "Herd2007")[1].out) == ["Herd2007"]


def test_a_protocol_is_cited_with_the_model_that_forecasts_it(ketaflow):
    found = keys(ketaflow("cite", "--protocol", "ESK-TRD")[1].out)
    assert "PerezRuixo2021" in found
    assert any(key.startswith("S") and key[1:].isdigit() for key in found)


def test_a_forecast_on_disk_is_cited_as_it_says(ketaflow, tmp_path):
    told = ("--drug", "ketamine", "--route", "iv", "--dose-mg", "35", "--duration-min", "40")
    patient = ("--weight", "70", "--age", "40", "--sex", "female", "--subjects", "0")
    seen = json.loads(ketaflow("forecast", *told, *patient, "--json")[1].out)
    path = tmp_path / "seen.json"
    path.write_text(json.dumps(seen))
    code, said = ketaflow("cite", "--forecast", str(path), "--json")
    assert code == 0
    assert [one["key"] for one in json.loads(said.out)] == seen["sources"]


BAD = {
    "not JSON": "{",
    "not a forecast": "[]",
    "no sources": '{"sources": []}',
    "a source nobody registered": '{"sources": ["Nobody1900"]}',
    "a source that is no word": '{"sources": [3]}',
    "endless nesting": "[" * 200_000,
    "too large": " " * 20_000_001,
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_file_that_is_no_forecast_is_refused_in_one_line(ketaflow, tmp_path, content):
    path = tmp_path / "seen.json"
    path.write_text(content)
    code, said = ketaflow("cite", "--forecast", str(path))
    assert (code, said.out) == (10, "")
    assert len(said.err.strip().splitlines()) == 1


def test_a_missing_file_and_one_that_is_no_text_are_named(ketaflow, tmp_path):
    code, said = ketaflow("cite", "--forecast", str(tmp_path / "none.json"))
    assert (code, "cannot be read" in said.err) == (10, True)
    path = tmp_path / "seen.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert ketaflow("cite", "--forecast", str(path))[0] == 10


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("nobody-1900",), 11),
        (("--protocol", "NO-SUCH"), 11),
        (("--protocol", "OCD-IM-1"), 11),
    ],
)
def test_nothing_to_cite_is_said(ketaflow, words, code):
    found, said = ketaflow("cite", *words)
    assert (found, said.out) == (code, "")


def test_neither_the_web_framework_nor_the_solver_is_loaded():
    code = (
        "import sys; from ketaflow.cli.main import group;"
        "group(['cite', 'racemic-iv'], standalone_mode=False);"
        "sys.exit(sum(name in sys.modules for name in ('django', 'matplotlib', 'scipy', 'numpy')))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
