"""The same referral pressed eight times at once; eight hands on one screening page."""

from pathlib import Path

import pytest

from ketaflow.fhir.bundle import read_bundle
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people import actions as people
from ketaflow.people.models import Patient
from ketaflow.people.roles import Role
from ketaflow.screening import actions

from ..conftest import NOW, employ, open_clinic, register
from .hands import HANDS, together

BUNDLE = Path(__file__).parents[1] / "data" / "fhir" / "alberto_atencio.json.gz"


@pytest.fixture
def ada(committed):
    return employ(open_clinic("Races"), "Ada Nurse", Role.NURSE)


def test_a_referral_pressed_eight_times_is_taken_in_once(ada):
    document = BUNDLE.read_bytes()
    chart = read_bundle(document, name=BUNDLE.name)

    def press(_):
        return people.receive(
            chart=chart, document=document, name=BUNDLE.name, by=ada.author, at=NOW
        ).new

    assert sorted(together(press)) == [False] * (HANDS - 1) + [True]
    patient = Patient.objects.get()
    assert journal.last_ordinal(clinic=ada.clinic_id, stream=patient.stream) == 2


def test_of_eight_hands_that_saw_the_same_interview_one_answers(ada):
    patient = register(ada, "K-0001", "Cy", "Patient")

    def answer(n):
        try:
            actions.answer(
                patient=patient,
                answers={"escort": "yes" if n % 2 else "no"},
                by=ada.author,
                at=NOW,
                seen=0,
            )
        except SomeoneElseMoved:
            return "told"
        return "wrote"

    said = together(answer)
    # Who says the same as what is there by then changes nothing, and is not in anybody's way.
    stream = f"screening/{patient.id}"
    assert "wrote" in said
    assert journal.last_ordinal(clinic=ada.clinic_id, stream=stream) == 1
    journal.verify()
