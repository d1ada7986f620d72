"""What a referring hospital sends, as FHIR R4, becomes a chart that says the same and no more."""

import copy
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ketaflow.fhir.bundle import read_bundle
from ketaflow.people.chart import (
    ChartItem,
    Coding,
    Kind,
    ReceivedChart,
    Sex,
)

DATA = Path(__file__).parents[1] / "data" / "fhir"
SMALL = json.loads((DATA / "small.json").read_text("utf-8"))


def small(kind: str = "Patient", **fields: Any) -> ReceivedChart:
    """The small bundle with `fields` of its first `kind` replaced; None removes one."""
    bundle = copy.deepcopy(SMALL)
    node = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)
    node.update(fields)
    for name in [name for name, value in fields.items() if value is None]:
        del node[name]
    return read_bundle(json.dumps(bundle).encode())


def of(chart: ReceivedChart, kind: Kind) -> list[ChartItem]:
    return [item for item in chart.items if item.kind is kind]


def only(chart: ReceivedChart, kind: Kind) -> ChartItem:
    (item,) = of(chart, kind)
    return item


def status(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def test_names_keep_their_accents_hyphens_and_apostrophes() -> None:
    person = small().person
    assert (person.given, person.family) == ("Zoë Ann", "O'Neill-Ångström")
    assert person.email == "zoe@example.org"


def test_what_was_refuted_entered_in_error_or_never_confirmed_is_no_fact() -> None:
    assert small().not_used["Condition (refuted)"] == 1
    for word in ("entered-in-error", "unconfirmed", "provisional", "differential"):
        chart = small("Condition", verificationStatus=status(word))
        assert of(chart, Kind.CONDITION) == []
        assert chart.not_used[f"Condition ({word})"] == 1
    wrong = small("AllergyIntolerance", verificationStatus=status("entered-in-error"))
    assert of(wrong, Kind.ALLERGY) == []


@pytest.mark.parametrize(
    ("fields", "active"),
    [
        ({"clinicalStatus": status("relapse")}, True),
        ({"clinicalStatus": status("remission")}, False),
        ({"clinicalStatus": None}, True),
        ({"clinicalStatus": None, "abatementString": "last spring"}, False),
        ({"verificationStatus": None}, True),
    ],
)
def test_a_diagnosis_holds_until_the_sender_says_it_is_over(
    fields: dict[str, Any], active: bool
) -> None:
    assert only(small("Condition", **fields), Kind.CONDITION).active is active


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("Condition", {"code": None}, "no code"),
        ("Condition", {"clinicalStatus": status("dormant")}, "clinical status not understood"),
        (
            "Condition",
            {"verificationStatus": status("perhaps")},
            "verification status not understood",
        ),
        ("Condition", {"code": {"text": "x" * 401}}, "a text longer than 400 characters"),
        ("Condition", {"subject": {"display": "Zoë"}}, "does not say that it is about the patient"),
        ("AllergyIntolerance", {"code": None}, "no code"),
        ("MedicationStatement", {"status": "not-taken"}, "not-taken"),
        ("MedicationStatement", {"status": "guessed"}, "status not understood"),
        (
            "MedicationStatement",
            {"medicationReference": {"reference": "Medication/9"}},
            "medicine not named",
        ),
        ("Observation", {"status": "preliminary"}, "not a final result"),
        ("Observation", {"code": {"id": "empty"}}, "no code"),
        ("Observation", {"focus": [{"display": "fetus"}]}, "about something else than the patient"),
        ("Observation", {"component": None}, "no value"),
        (
            "Observation",
            {"category": None, "code": {"text": "Mood"}},
            "neither vital sign, laboratory result nor score",
        ),
        ("QuestionnaireResponse", {"status": "in-progress"}, "not completed"),
        ("QuestionnaireResponse", {"item": None}, "no score known here"),
    ],
)
def test_what_gives_no_fact_is_counted_with_the_reason(
    kind: str, fields: dict[str, Any], reason: str
) -> None:
    assert small(kind, **fields).not_used[f"{kind} ({reason})"] == 1


def prescription(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": "Sertraline 50 mg"},
        "medicationReference": None, "effectivePeriod": None, "dosage": None, **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"intent": "proposal"}, "a plan or proposal, not an order"),
        ({"doNotPerform": True}, "says what not to give"),
        ({"status": "entered-in-error"}, "entered-in-error"),
        ({"status": "draft"}, "draft"),
    ],
)
def test_what_was_never_to_be_taken_is_no_medicine(fields: dict[str, Any], reason: str) -> None:
    chart = small("MedicationStatement", **prescription(**fields))
    assert of(chart, Kind.MEDICATION) == []
    assert chart.not_used[f"MedicationRequest ({reason})"] == 1


def test_a_medicine_nobody_refers_to_is_not_used() -> None:
    chart = small("MedicationStatement", **prescription())
    assert only(chart, Kind.MEDICATION).text == "Sertraline 50 mg"
    assert chart.not_used["Medication"] == 1


def test_a_medicine_is_found_where_the_sender_put_it() -> None:
    referred = only(small(), Kind.MEDICATION)
    assert (referred.text, referred.said) == ("lorazepam", "1 mg at night")
    inside = small(
        "MedicationStatement",
        contained=[{"resourceType": "Medication", "id": "in", "code": {"text": "lithium"}}],
        medicationReference={"reference": "#in"},
    )
    assert only(inside, Kind.MEDICATION).text == "lithium"
    named = small("MedicationStatement", medicationReference={"display": "valproate"})
    assert only(named, Kind.MEDICATION).text == "valproate"


def test_an_allergy_tells_to_what_and_what_happened() -> None:
    allergy = only(small(), Kind.ALLERGY)
    assert (allergy.text, allergy.said, allergy.active) == ("Ketamine", "Rash", True)
    assert allergy.codings == (Coding("SNOMED", "373464007"),)
    reaction = [{"substance": {"text": "Latex"}, "manifestation": [{"text": "Hives"}]}]
    assert only(small("AllergyIntolerance", code=None, reaction=reaction), Kind.ALLERGY).text == (
        "Latex"
    )


def test_questionnaire_answers_come_by_their_loinc_codes() -> None:
    scores = {item.codings[0].code: item for item in of(small(), Kind.SCORE)}
    assert (scores["44260-8"].value, scores["44261-6"].value) == (Decimal(1), Decimal(17))
    assert scores["44261-6"].reference == "QuestionnaireResponse/q1#44261-6"
    assert scores["44261-6"].started_at == datetime(2026, 2, 1, 14, 10, tzinfo=UTC)


def test_a_question_answered_twice_or_in_an_unreadable_form_gives_no_score() -> None:
    answer = {"linkId": "44261-6", "answer": [{"valueInteger": 3}]}
    twice = small("QuestionnaireResponse", item=[answer, answer])
    assert twice.not_used["QuestionnaireResponse (answers a question twice)"] == 1
    odd = {"linkId": "44261-6", "answer": [{"valueDate": "2024-01-01"}]}
    chart = small("QuestionnaireResponse", item=[odd])
    assert chart.not_used["QuestionnaireResponse (value in a form not used)"] == 1


@pytest.mark.parametrize(
    ("fields", "value", "said"),
    [
        ({"valueQuantity": {"value": 0.5, "comparator": "<", "unit": "U/L"}}, None, "< 0.5 U/L"),
        ({"valueQuantity": {"value": 40, "unit": "U/L"}}, Decimal(40), ""),
        ({"valueQuantity": {"value": 40, "code": "X", "system": "urn:x", "unit": "U/L"}},
         Decimal(40), ""),
        ({"valueString": "trace"}, None, "trace"),
        ({"valueBoolean": True}, None, "yes"),
        ({"valueBoolean": False}, None, "no"),
        ({"valueCodeableConcept": {"coding": [{"code": "neg"}]}}, None, "neg"),
    ],
)  # fmt: skip
def test_a_result_is_a_number_only_when_it_was_measured(
    fields: dict[str, Any], value: Decimal | None, said: str
) -> None:
    chart = small("Observation", category=None, code=loinc("1742-6"), component=None, **fields)
    item = only(chart, Kind.LABORATORY)
    assert (item.value, item.said) == (value, said)
    assert item.unit == ("U/L" if value else "")


def loinc(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def test_a_number_without_a_unit_is_not_guessed_at() -> None:
    part = {"code": loinc("8480-6"), "valueQuantity": {"value": 120}}
    unnamed = {"code": {"id": "empty"}, "valueQuantity": {"value": 120}}
    chart = small("Observation", component=[part, unnamed, {"code": loinc("8462-4"),
                  "valueQuantity": {"unit": "mmHg"}}])  # fmt: skip
    assert of(chart, Kind.VITAL) == []
    assert chart.not_used["Observation (number without a unit)"] == 1
    assert chart.not_used["Observation (no code)"] == 1
    assert chart.not_used["Observation (no value)"] == 1


def test_the_same_measurement_twice_in_a_panel_keeps_two_identities() -> None:
    part = {"code": loinc("8480-6"), "valueQuantity": {"value": 120, "unit": "mm[Hg]"}}
    found = of(small("Observation", component=[part, part]), Kind.VITAL)
    assert [item.reference for item in found] == [
        "Observation/o1#8480-6", "Observation/o1#8480-6~2",
    ]  # fmt: skip


def test_codes_of_unknown_systems_keep_their_address() -> None:
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "F33.2"},
                       {"system": "urn:local", "code": "7"}, {"display": "no code"}]}  # fmt: skip
    item = only(small("Condition", code=code), Kind.CONDITION)
    assert item.codings == (Coding("ICD10", "F33.2"), Coding("urn:local", "7"))
    assert item.text == "no code"


def test_a_year_and_month_alone_is_their_first_day() -> None:
    assert only(small(), Kind.CONDITION).started_at == datetime(2019, 3, 1, tzinfo=UTC)


def test_an_age_is_never_guessed_from_a_year_of_birth() -> None:
    chart = small(birthDate="1984")
    assert chart.person.born_on is None
    assert chart.not_used["Patient (birth date is not a whole date)"] == 1


def test_what_the_sender_leaves_out_stays_empty() -> None:
    person = small(gender=None, telecom=None, address=None, birthDate=None, identifier=None).person
    assert (person.sex, person.phone, person.address) == (Sex.UNKNOWN, "", "")
    assert (person.born_on, person.identifiers) == (None, ())


def test_the_official_name_comes_before_the_usual_and_never_an_old_one() -> None:
    names = [{"use": "old", "family": "Gone"}, {"text": "Plain"}, {"use": "usual", "family": "Sue"}]
    assert small(name=names).person.family == "Sue"
    assert small(name=names[:2]).person.family == "Plain"
    assert small(name=[{"family": "Cher", "given": [None, "Ann"],
                        "_given": [{"id": "x"}, None]}]).person.given == "Ann"  # fmt: skip


def test_a_patient_may_be_referred_to_in_every_way_fhir_allows() -> None:
    for reference in ("Patient/p1", "Patient/p1/_history/2",
                      "Patient?identifier=urn:example:mrn%7C12"):  # fmt: skip
        assert of(small("Condition", subject={"reference": reference}), Kind.CONDITION)
    by_number = {"identifier": {"system": "urn:example:mrn", "value": "12"}}
    assert of(small("Condition", subject=by_number), Kind.CONDITION)
    nobody = small("Condition", subject={"identifier": {"system": "urn:example:mrn"}})
    assert of(nobody, Kind.CONDITION) == []


def test_what_is_about_a_group_or_a_device_is_about_nobody() -> None:
    chart = small("Observation", subject={"reference": "Group/7"})
    assert chart.not_used["Observation (does not say that it is about the patient)"] == 1


def test_a_resource_without_an_id_is_known_by_its_address_or_its_content() -> None:
    by_address = only(small("Condition", id=None), Kind.CONDITION).reference
    assert by_address == "Condition/00000000-0000-4000-8000-000000000002"
    bundle = copy.deepcopy(SMALL)
    del bundle["entry"][1]["fullUrl"], bundle["entry"][1]["resource"]["id"]
    first, second = (read_bundle(json.dumps(bundle).encode()) for _ in range(2))
    assert only(first, Kind.CONDITION).reference == only(second, Kind.CONDITION).reference
    assert len(only(first, Kind.CONDITION).reference) == len("Condition/") + 32


def test_a_request_to_delete_is_not_a_fact() -> None:
    bundle = copy.deepcopy(SMALL)
    bundle["entry"][1]["request"]["method"] = "DELETE"
    bundle["entry"].append({"request": {"method": "DELETE", "url": "Condition/5"}})
    chart = read_bundle(json.dumps(bundle).encode())
    assert of(chart, Kind.CONDITION) == []
    assert chart.not_used["Condition (its request does not add it)"] == 1
    assert chart.not_used["entry without a resource"] == 1


def test_importing_the_reader_is_quick_and_leaves_the_validator_for_later() -> None:
    script = (
        "import sys, time; began = time.process_time(); import ketaflow.fhir.bundle;"
        "assert time.process_time() - began < 1;"
        "assert not [name for name in sys.modules if name.startswith('fhir.')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
