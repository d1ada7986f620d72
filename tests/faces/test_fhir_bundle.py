"""What a referring hospital sends, as FHIR R4, becomes a chart that says the same and no more."""

import copy
import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
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
    as_payload,
    from_payload,
)

DATA = Path(__file__).parents[1] / "data" / "fhir"
REFERRALS = sorted(DATA.glob("*.json.gz"))
SMALL = json.loads((DATA / "small.json").read_text("utf-8"))
Change = Callable[[dict[str, Any]], None]


def chart_of(referral: str) -> ReceivedChart:
    return read_bundle((DATA / f"{referral}.json.gz").read_bytes(), name=referral)


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
