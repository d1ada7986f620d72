"""What may be given is data: dated, sourced, and never a benefit without its evidence against."""

import tomllib
from datetime import date
from decimal import Decimal
from importlib import resources

import pytest

from ketaflow.evidence.sources import UnknownSource, register
from ketaflow.protocol import figures, library
from ketaflow.protocol.figures import BadFigure
from ketaflow.protocol.library import Drug, Route, Status, protocol, protocols
from ketaflow.refusals import BadFile

ALL = tuple(protocols().values())


def written(id: str) -> dict:
    file = resources.files("ketaflow.protocol") / "library" / f"{id}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_no_protocol_speaks_of_benefit_without_the_evidence_against(one):
    assert one.evidence_against
    assert one.evidence_for or one.status is Status.NOT_AVAILABLE


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_every_protocol_is_dated_sourced_and_for_adults(one):
    assert one.version <= date(2026, 11, 22)
    assert set(one.sources) <= set(register())
    assert one.age_from >= 18


def test_the_negative_trials_are_told_where_they_belong():
    depression = [one for one in ALL if one.id.startswith("TRD-IV")]
    assert len(depression) == 5
    for one in depression:
        told = {key for said in one.evidence_against for key in said.sources}
        assert {"S14", "S13"} <= told
    for id in ("PTSD-IV-1", "PTSD-IV-2"):
        assert "S19" in {key for said in protocol(id).evidence_against for key in said.sources}


def test_only_the_spray_is_licensed_for_its_use():
    licensed = {one.id for one in ALL if not one.off_label}
    assert licensed == {"ESK-TRD", "ESK-TRD-65", "ESK-MDSI"}


def test_what_has_no_sourced_dose_is_listed_and_says_why():
    unavailable = {one.id for one in ALL if not one.available}
    assert unavailable == {"OCD-IM-1", "PROC-SED", "PAIN-OPSP"}
    assert all(one.why_no_dose for one in ALL if one.dose is None)


def test_bipolar_depression_asks_for_a_mood_stabiliser():
    assert "Lithium or valproate" in protocol("BD-IV-1").requires[0].text


def test_percentages_that_cannot_be_reproduced_are_marked_so():
    assert any("cannot be reproduced" in note.text for note in protocol("SI-IV-1").notes)


def test_a_remembered_number_is_shown_as_such():
    assert not protocol("PTSD-IV-1").duration.figure.verified
    assert protocol("TRD-IV-STD").dose.figure.verified
    assert not protocol("ESK-TRD-65").evidence_against[0].verified


def test_the_spray_is_watched_for_two_hours_and_the_infusion_every_ten_minutes():
    assert protocol("ESK-TRD").monitoring.observe_min.value == 120
    assert protocol("TRD-IV-STD").monitoring.during_every_min.value == 10
    assert protocol("CRPS-OP-1").monitoring.during_every_min is None


def test_a_name_is_found_whatever_its_case():
    assert protocol(" esk-trd ").drug is Drug.ESKETAMINE
    assert protocol("TRD-IV-STD").route is Route.IV


@pytest.mark.parametrize(
    ("typed", "says"), [("TRD-IV-SDT", "TRD-IV-STD"), ("¿¿", "Known: BD-IV-1")]
)
def test_an_unknown_name_is_refused_with_the_near_ones(typed, says):
    with pytest.raises(library.UnknownProtocol, match=says) as refusal:
        protocol(typed)
    assert refusal.value.exit_code == 11


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "OTHER"}, "file and id must agree"),
        ({"evidence_against": []}, "evidence against"),
        ({"evidence_for": []}, "evidence against"),
        ({"dose": None}, "either a dose or the reason"),
        ({"monitoring": ""}, "nothing about monitoring"),
        ({"status": "wonderful"}, "wonderful"),
        ({"spacing": {"source": "S1"}}, "needs a text"),
        ({"dose": {"value": 1, "unit": "mg"}}, "needs a source"),
        ({"dose": {"value": 1, "unit": "spoon", "source": "S1"}}, "mg/kg or"),
        ({"dose": {"value": 2, "high": 1, "unit": "mg/kg", "source": "S1"}}, "own range"),
        ({"dose": {"value": True, "unit": "mg/kg", "source": "S1"}}, "needs a number"),
        ({"dose": {"value": Decimal("nan"), "unit": "mg/kg", "source": "S1"}}, "finite"),
        ({"dose": {"value": 1, "unit": "mg/kg", "source": "LOCAL"}}, "for the clinic to set"),
        ({"dose": {"value": 1, "unit": "mg/kg", "source": "DERIVED"}}, "name the sources"),
        ({"dose": {"value": 1, "unit": "mg/kg", "source": "S999"}}, "not registered"),
    ],
)
def test_a_protocol_that_lacks_something_does_not_load(change, says):
    with pytest.raises(BadFile, match=says):
        library.read({**written("TRD-IV-STD"), **change}, "TRD-IV-STD")


def test_a_source_nobody_registered_is_named():
    with pytest.raises(UnknownSource, match="S999"):
        figures.keys({"source": "S999"}, "somewhere")


def test_a_rule_without_a_unit_does_not_load():
    with pytest.raises(BadFigure, match="needs a unit"):
        figures._rule({"value": 1, "source": "S1"}, "somewhere")


@pytest.mark.parametrize(
    ("value", "said"), [("40.00", "40"), ("0.50", "0.5"), ("1E+3", "1000"), ("1E+20", "1e+20")]
)
def test_numbers_are_written_without_trailing_zeros(value, said):
    assert figures.show(Decimal(value)) == said
