"""Every model and effect, from the command line: values with units, spread, limits and sources."""

import json

import pytest

from ketaflow.cli.main import main
from ketaflow.pharmacology import library


@pytest.fixture
def models(monkeypatch, capsys):
    """Runs `ketaflow models`; gives its exit code and what it said."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["ketaflow", "models", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return run


def test_all_are_listed_and_those_of_children_are_marked(models):
    code, said = models()
    assert code == 0
    for name in library.models():
        assert f"{name}: " in said.out
    assert "Hornik 2018) [CHILDREN ONLY]" in said.out
    assert "for research [RESEARCH]" in said.out


def test_one_model_is_told_whole(models):
    code, said = models("racemic-iv")
    assert code == 0
    for words in (
        "CL          88.8 L/h; SD 0.17 on the log scale [Simons2022, K2]",
        "of the dose R: 0.5, CL x 0.88, CLN x 0.7",
        "residual    norketamine: SD 0.102, proportional and 0.058 nmol/mL",
        "covariate   sex, off unless asked for",
        "on request  analgesia-pressure, analgesia-heat, crps-pain",
    ):
        assert words in said.out


def test_limits_that_hold_for_one_route_say_which(models):
    (document,) = json.loads(models("perez-ruixo-2021", "--json")[1].out)
    assert {"dose", "dose (iv)", "dose (oral)"} <= set(document["envelope"])
    assert document["envelope"]["dose"]["high"] == 84
    assert document["route"] == ["iv", "nasal", "oral"]


def test_the_document_holds_what_the_model_is_made_of(models):
    document = {one["id"]: one for one in json.loads(models("--json")[1].out)}
    assert set(document) == set(library.models())
    herd = document["herd-anderson-2007"]
    assert herd["marks"] == ["children only"]
    assert herd["envelope"]["age"]["extrapolated"] == "never"
    assert herd["parameters"]["CL"]["value"] == 90
    assert herd["parameters"]["CL"]["unit"] == "L/h"
    assert herd["parameters"]["CL"]["sd"] == pytest.approx(0.368, abs=0.001)
    assert herd["residual"]["said"] == "unknown: not read"
    assert document["perez-ruixo-2021"]["residual"]["of"]["parent"]["sd"] == 0.276


def test_the_effects_are_listed_with_grade_and_what_changes_them(models):
    code, said = models("--effects")
    assert code == 0
    for words in ("dissociation: dissociation, points [L-M]", "tolerance   x 0.94", "half-life"):
        assert words in said.out
    document = {one["id"]: one for one in json.loads(models("--effects", "--json")[1].out)}
    assert set(document) == set(library.effects())
    assert document["crps-pain"]["half_life_h"] == pytest.approx(261.6)
    assert document["crps-pain"]["responders"] == 0.67
    assert document["systolic"]["modifiers"]
    assert document["diastolic"]["of"] == "systolic"


def test_a_model_nobody_knows_is_refused_with_those_there_are(models):
    code, said = models("nobody-1900")
    assert (code, said.out) == (11, "")
    assert "There is no model nobody-1900. There are clements-nimmo-1981" in said.err


def test_a_model_and_the_effects_are_two_questions(models):
    assert models("racemic-iv", "--effects")[0] == 2
