"""A virtual trial from the command line: a document, a table, a picture, or one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ketaflow.cli import trial_plot
from ketaflow.cli.main import main
from ketaflow.pharmacology.response.model import response_model

SMALL = ("--subjects", "60")


@pytest.fixture
def trial(monkeypatch, capsys):
    """Runs `ketaflow trial`; gives its exit code and what it said."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["ketaflow", "trial", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return run


@pytest.fixture
def written(tmp_path):
    """A TRIAL.toml on disk."""

    def write(text):
        path = tmp_path / "trial.toml"
        path.write_text(text)
        return str(path)

    return write


def test_json_is_one_document_with_arms_side_by_side(trial):
    code, said = trial("rhythm", *SMALL, "--json")
    document = json.loads(said.out)
    assert code == 0
    assert [arm["name"] for arm in document["arms"]] == [
        "three times a week",
        "twice a week",
        "saline",
    ]
    first = document["arms"][0]
    for part in ("response", "remission", "relapse", "exposure", "adverse", "acute", "at_judged"):
        assert first[part], part
    assert set(first["at_judged"]["response"]) == {"value", "low", "high"}
    assert first["people"] == document["subjects"] == 60
    assert set(document["citations"]) == set(document["sources"])


def test_data_goes_to_stdout_and_words_and_progress_to_stderr(trial):
    _, said = trial("six-or-one", *SMALL, "--json")
    assert said.out.count("\n") == 1
    assert "Virtual people: 120 of 120" in said.err


def test_the_table_names_arms_intervals_and_what_it_cannot_say(trial):
    code, said = trial("rhythm", *SMALL)
    assert code == 0
    for word in ("twice a week", "response", "median days to relapse", "peak ketamine", "arterial"):
        assert word in said.out
    assert response_model().individual in said.err
    assert "drowsiness (published)" in said.out


def test_the_table_says_when_nobody_relapsed(trial, written):
    text = trial("six-or-one", "--show")[1].out.replace("days = 90", "days = 14")
    _, said = trial(written(text), "--subjects", "40")
    assert "not reached" in said.out


def test_the_same_seed_gives_the_same_document_for_any_number_of_workers(trial):
    one = trial("doses", *SMALL, "--json", "--workers", "1", "--seed", "5")[1].out
    two = trial("doses", *SMALL, "--json", "--workers", "2", "--seed", "5")[1].out
    other = trial("doses", *SMALL, "--json", "--seed", "6")[1].out
    assert one == two != other


@pytest.mark.parametrize(("kind", "starts"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_a_picture_is_drawn_and_is_the_same_again(trial, tmp_path, kind, starts):
    path = tmp_path / f"trial.{kind}"
    trial("rhythm", *SMALL, "--plot", str(path))
    first = path.read_bytes()
    trial("rhythm", *SMALL, "--plot", str(path))
    assert path.read_bytes() == first
    assert first.startswith(starts)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_the_picture_carries_every_caveat_unit_and_source(monkeypatch, tmp_path, trial):
    drawn = []
    beneath = trial_plot.beneath
    monkeypatch.setattr(trial_plot, "beneath", lambda found: drawn.append(found) or beneath(found))
    trial("rhythm", *SMALL, "--plot", str(tmp_path / "trial.svg"))
    said = " ".join(beneath(drawn[0]).split())
    assert all(sentence in said for sentence in drawn[0].caveats)
    assert all(source in said for source in drawn[0].sources)
    assert "KARMA-Dep 2" in said
    assert "A simulation, not a trial of patients" in said


def test_an_extrapolated_trial_says_so_in_the_table_and_the_picture(trial, written, tmp_path):
    text = trial("six-or-one", "--show")[1].out.replace("mean = 45", "mean = 25")
    text = text.replace("days = 90", "days = 60\nextrapolate = true")
    _, said = trial(written(text), *SMALL, "--plot", str(tmp_path / "trial.svg"))
    assert "Extrapolated: Arm “six infusions”" in said.err
    assert "EXTRAPOLATED" in said.out


def test_an_example_can_be_taken_as_a_start(trial, written):
    text = trial("vein-or-nose", "--show")[1].out
    assert trial(written(text), "--subjects", "20", "--json")[0] == 0


REFUSED = {
    "no such file": (("nothing.toml",), 10, "no example of that name"),
    "nobody": (("doses", "--subjects", "0"), 11, "from 1 to"),
    "no workers": (("doses", "--workers", "0"), 11, "1 to 256 workers"),
    "two crews": (("doses", "--workers", "1", "--scheduler", "tcp://x:1"), 2, "leave it out"),
    "a picture of another kind": (("doses", "--plot", "trial.pdf"), 2, ".png or .svg"),
    "a folder that is not there": (("doses", "--plot", "no/such/t.png"), 10, "no such folder"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_one_sentence_with_its_exit_code(trial, name):
    words, wanted, sentence = REFUSED[name]
    code, said = trial(*words)
    assert code == wanted
    assert sentence in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_a_picture_that_cannot_be_written_leaves_nothing(trial, tmp_path):
    path = tmp_path / "trial.png"
    path.mkdir()
    code, said = trial("six-or-one", *SMALL, "--plot", str(path))
    assert code == 10
    assert "cannot be written" in said.err
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_written_when_the_file_is_refused(trial, written, tmp_path):
    path = written("title = 3")
    assert trial(path, "--plot", str(tmp_path / "trial.png"))[0] == 10
    assert [one.name for one in tmp_path.iterdir()] == [Path(path).name]


def test_a_trial_imports_no_django():
    code = (
        "import sys\nfrom ketaflow.insights.trial import running, report, document\n"
        "from ketaflow.insights.trial.plan import reading\nimport ketaflow.cli.trial\n"
        "sys.exit(any(one.split('.')[0] == 'django' for one in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
