"""A referral as a hospital would send it: a FHIR R4 transaction bundle about a made-up person."""

import json
from datetime import date, datetime, timedelta

from ketaflow.cli.fictional.persons import Somebody

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
DIAGNOSES = {
    "depression": ("370143000", "Major depression disorder"),
    "ptsd": ("47505003", "Posttraumatic stress disorder"),
    "crps": ("128200000", "Complex regional pain syndrome"),
}


def bundle(who: Somebody, *, indication: str, medicines: tuple[str, ...], at: datetime) -> bytes:
    """The bundle about `who`, as bytes."""
    code, words = DIAGNOSES[indication]
    began = at.date() - timedelta(days=500)
    resources = [
        _patient(who),
        _condition(who, code, words, began),
        *[_medicine(who, n, name, began) for n, name in enumerate(medicines)],
        _vital(who, "weight", "29463-7", "Body Weight", who.weight_kg, "kg", at),
        _vital(who, "height", "8302-2", "Body Height", who.height_cm, "cm", at),
        _pressure(who, at),
        _vital(who, "pulse", "8867-4", "Heart rate", 62 + who.number % 20, "/min", at),
        _laboratory(who, "alt", "1742-6", "Alanine aminotransferase", 18 + who.number % 15, at),
    ]
    entries = [
        {
            "fullUrl": f"urn:uuid:{one['id']}",
            "resource": one,
            "request": {"method": "POST", "url": one["resourceType"]},
        }
        for one in resources
    ]
    said = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return json.dumps(said, indent=1).encode()


def _id(who: Somebody, part: str) -> str:
    return f"fictional-{who.number}-{part}"


def _about(who: Somebody) -> dict[str, str]:
    return {"reference": f"urn:uuid:{_id(who, 'patient')}"}


def _coded(system: str, code: str, words: str) -> dict[str, object]:
    return {"coding": [{"system": system, "code": code, "display": words}], "text": words}


def _patient(who: Somebody) -> dict[str, object]:
    return {
        "resourceType": "Patient",
        "id": _id(who, "patient"),
        "identifier": [{"system": "urn:fictional:hospital", "value": f"H-{who.number:05}"}],
        "name": [{"use": "official", "family": who.family, "given": [who.given]}],
        "gender": who.sex.value,
        "birthDate": who.born_on.isoformat(),
        "telecom": [
            {"system": "phone", "value": f"555-01{who.number:02}"},
            {"system": "email", "value": f"patient{who.number}@example.org"},
        ],
        "address": [{"text": who.address}],
    }


def _condition(who: Somebody, code: str, words: str, began: date) -> dict[str, object]:
    return {
        "resourceType": "Condition",
        "id": _id(who, "condition"),
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "code": _coded(SNOMED, code, words),
        "subject": _about(who),
        "onsetDateTime": began.isoformat(),
    }


def _medicine(who: Somebody, n: int, name: str, began: date) -> dict[str, object]:
    return {
        "resourceType": "MedicationRequest",
        "id": _id(who, f"medicine-{n}"),
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": name},
        "subject": _about(who),
        "authoredOn": began.isoformat(),
    }


def _observation(who: Somebody, part: str, category: str, at: datetime) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "id": _id(who, part),
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "subject": _about(who),
        "effectiveDateTime": at.isoformat(timespec="seconds"),
    }


def _vital(  # noqa: PLR0913, PLR0917 - one measured value and what it is
    who: Somebody, part: str, code: str, words: str, value: float, unit: str, at: datetime
) -> dict[str, object]:
    return {
        **_observation(who, part, "vital-signs", at),
        "code": _coded(LOINC, code, words),
        "valueQuantity": _quantity(value, unit),
    }


def _pressure(who: Somebody, at: datetime) -> dict[str, object]:
    parts = (("8480-6", "Systolic", who.systolic), ("8462-4", "Diastolic", who.diastolic))
    return {
        **_observation(who, "pressure", "vital-signs", at),
        "code": _coded(LOINC, "85354-9", "Blood Pressure"),
        "component": [
            {
                "code": _coded(LOINC, code, f"{words} Blood Pressure"),
                "valueQuantity": _quantity(value, "mm[Hg]"),
            }
            for code, words, value in parts
        ],
    }


def _laboratory(
    who: Somebody, part: str, code: str, words: str, value: float, at: datetime
) -> dict[str, object]:
    return {
        **_observation(who, part, "laboratory", at),
        "code": _coded(LOINC, code, words),
        "valueQuantity": _quantity(value, "U/L"),
    }


def _quantity(value: float, unit: str) -> dict[str, object]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
