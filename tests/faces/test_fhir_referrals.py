"""Six referrals as a hospital sends them, read whole and to the last digit."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ketaflow.fhir.bundle import read_bundle
from ketaflow.people.chart import (
    ChartItem,
    Coding,
    Kind,
    ReceivedChart,
    Sex,
    as_payload,
    from_payload,
)

DATA = Path(__file__).parents[1] / "data" / "fhir"
REFERRALS = sorted(DATA.glob("*.json.gz"))


def chart_of(referral: str) -> ReceivedChart:
    return read_bundle((DATA / f"{referral}.json.gz").read_bytes(), name=referral)


def of(chart: ReceivedChart, kind: Kind) -> list[ChartItem]:
    return [item for item in chart.items if item.kind is kind]


@pytest.mark.parametrize("path", REFERRALS, ids=lambda path: path.name.split(".")[0])
def test_every_resource_sent_is_either_on_the_chart_or_counted_as_not_used(path: Path) -> None:
    sent = [entry["resource"] for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]]
    types = Counter(one["resourceType"] for one in sent)
    chart = read_bundle(path.read_bytes())
    kinds = Counter(item.kind for item in chart.items)
    unused = chart.not_used.get("Observation (neither vital sign, laboratory result nor score)", 0)
    results = sum(
        len(one.get("component", [0]))
        for one in sent
        if "code" in one and one["resourceType"] == "Observation"
    )
    assert kinds[Kind.CONDITION] == types["Condition"]
    assert kinds[Kind.MEDICATION] == types["MedicationRequest"]
    assert kinds[Kind.VITAL] + kinds[Kind.LABORATORY] + kinds[Kind.SCORE] + unused == results
    used = {"Patient", "Condition", "MedicationRequest", "Observation"}
    counted = {kind: times for kind, times in chart.not_used.items() if " (" not in kind}
    assert counted == {kind: times for kind, times in types.items() if kind not in used}


@pytest.mark.parametrize("path", REFERRALS, ids=lambda path: path.name.split(".")[0])
def test_no_two_facts_of_a_referral_share_an_identity_and_none_changes_it(path: Path) -> None:
    first, second = read_bundle(path.read_bytes()), read_bundle(path.read_bytes())
    references = [item.reference for item in first.items]
    assert len(set(references)) == len(references)
    assert first == second


@pytest.mark.parametrize("path", REFERRALS, ids=lambda path: path.name.split(".")[0])
def test_plain_and_packed_say_the_same_and_the_journal_gives_it_back(path: Path) -> None:
    chart = read_bundle(gzip.decompress(path.read_bytes()))
    assert chart == read_bundle(path.read_bytes())
    assert from_payload(json.loads(json.dumps(as_payload(chart)))) == chart


def test_milan_beatty_is_who_he_is() -> None:
    person = chart_of("milan_beatty").person
    assert (person.given, person.family, person.sex) == ("Milan", "Beatty", Sex.MALE)
    assert person.born_on == date(1973, 11, 24)
    assert person.address == "279 Walsh Haven, Gloucester, Massachusetts 01930, US"
    assert person.phone == "555-611-5414"
    assert ("http://hospital.smarthealthit.org", "e78d0ed2-1b54-4c30-90ae-f7405af1e402") in (
        person.identifiers
    )
    assert not person.deceased


def test_milan_beatty_has_had_depression_since_1993_and_is_over_his_bronchitis() -> None:
    found = {item.text: item for item in of(chart_of("milan_beatty"), Kind.CONDITION)}
    depression = found["Major depression disorder"]
    assert depression.codings == (Coding("SNOMED", "370143000"),)
    assert depression.active
    assert depression.started_at == datetime(1993, 1, 9, 6, 38, 3, tzinfo=UTC)
    assert depression.reference == "Condition/32587eb3-a402-4d95-ab31-f67c52823e62"
    bronchitis = found["Acute bronchitis (disorder)"]
    assert not bronchitis.active
    assert bronchitis.ended_at == datetime(2020, 9, 13, 6, 38, 3, tzinfo=UTC)
    assert [text for text, item in found.items() if item.active] == [
        "Major depression disorder",
        "Prediabetes",
        "Anemia (disorder)",
    ]


def test_milan_beatty_takes_fluoxetine_and_nothing_else() -> None:
    taken = of(chart_of("milan_beatty"), Kind.MEDICATION)
    assert [(item.text, item.active) for item in taken] == [
        ("Fluoxetine 25MG", False),
        ("Fluoxetine 25MG", True),
        ("Acetaminophen 325 MG Oral Tablet", False),
    ]
    assert taken[1].codings == (Coding("RXNORM", "406022"),)


def test_milan_beattys_pressure_comes_as_two_facts_to_the_last_digit() -> None:
    panel = "Observation/4d254292-521b-4907-a7db-3841661200e5"
    found = {item.reference: item for item in chart_of("milan_beatty").items}
    systolic, diastolic = found[f"{panel}#8480-6"], found[f"{panel}#8462-4"]
    assert (systolic.kind, systolic.value, systolic.unit) == (
        Kind.VITAL,
        Decimal("122.30810916198297"),
        "mm[Hg]",
    )
    assert (diastolic.text, diastolic.value) == (
        "Diastolic Blood Pressure",
        Decimal("78.76499217410404"),
    )
    assert systolic.started_at == datetime(2011, 11, 19, 6, 38, 3, tzinfo=UTC)


def test_milan_beattys_height_smoking_and_blood_count_are_told_apart() -> None:
    found = {item.text: item for item in chart_of("milan_beatty").items}
    assert (found["Body Height"].kind, found["Body Height"].unit) == (Kind.VITAL, "cm")
    smoking = found["Tobacco smoking status NHIS"]
    assert (smoking.kind, smoking.value, smoking.said) == (Kind.SCORE, None, "Former smoker")
    haemoglobin = found["Hemoglobin [Mass/volume] in Blood"]
    assert (haemoglobin.kind, haemoglobin.unit) == (Kind.LABORATORY, "g/dL")


def test_darron_feeney_is_known_to_have_died() -> None:
    person = chart_of("darron_feeney").person
    assert person.deceased
    assert person.died_at == datetime(2005, 11, 11, 15, 24, 23, tzinfo=UTC)


def test_alfreda_wyman_goes_by_her_name_of_today() -> None:
    assert chart_of("alfreda_wyman").person.family == "Wyman"
