"""Two hands at once on questionnaires and on the tasks they open."""

from dataclasses import replace

import pytest

from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.outcomes import actions
from ketaflow.outcomes.models import Answered, SafetyTask
from ketaflow.outcomes.safety import Closing, Outcome
from ketaflow.outcomes.suicidality import COLUMBIA
from ketaflow.people.roles import Role

from ..conftest import NOW, employ, open_clinic, register
from ..laws.test_outcomes_rows import CALM, DARK, HIGH, filled
from .hands import HANDS, together


class Ward:
    """One patient, eight clinicians."""

    def __init__(self):
        clinic = open_clinic("Races")
        self.hands = [employ(clinic, f"Hand{n} Nurse", Role.PRESCRIBER) for n in range(HANDS)]
        self.patient = register(self.hands[0], "K-1", "Cy", "Patient")

    def answer(self, sheet, n=0):
        return actions.answer(patient=self.patient, sheet=sheet, by=self.hands[n].author, at=NOW)


@pytest.fixture
def ward(committed):
    return Ward()


@pytest.fixture
def task(ward):
    return ward.answer(filled(DARK)).task


def told(work):
    """What `work` did: "done", or "told" that somebody was first."""

    def press(n):
        try:
            work(n)
        except SomeoneElseMoved:
            return "told"
        return "done"

    return press


ONE_WINS = ["done"] + ["told"] * (HANDS - 1)


def test_of_eight_who_take_a_task_on_one_has_it(ward, task):
    def take(n):
        actions.acknowledge(task=task.id, by=ward.hands[n].author, at=NOW)

    assert sorted(together(told(take))) == ONE_WINS
    assert journal.last_ordinal(clinic=task.clinic_id, stream=task.stream) == 2
    journal.rebuild()


def test_of_eight_who_close_a_task_one_does(ward, task):
    closing = Closing(Outcome.EMERGENCY, False, "Ambulance")

    def close(n):
        actions.close(task=task.id, closing=closing, seen=1, by=ward.hands[n].author, at=NOW)

    assert sorted(together(told(close))) == ONE_WINS
    assert journal.last_ordinal(clinic=task.clinic_id, stream=task.stream) == 2


def test_one_sheet_pressed_eight_times_is_one_answer_and_one_task(ward):
    sheet = filled(DARK)
    taken = together(lambda n: ward.answer(sheet, n))
    assert len({one.task.id for one in taken}) == 1
    assert SafetyTask.objects.count() == Answered.objects.count() == 1
    journal.rebuild()
    journal.verify()


def test_eight_sheets_of_one_patient_at_once_are_all_kept_with_their_tasks(ward):
    together(lambda n: ward.answer(filled(DARK if n % 2 else CALM), n))
    assert Answered.objects.count() == HANDS
    assert SafetyTask.objects.count() == HANDS // 2
    journal.verify()


def test_the_screener_is_kept_while_another_takes_the_task_on(ward, task):
    sheet = filled(HIGH, COLUMBIA)

    def press(n):
        if n == 0:
            actions.acknowledge(task=task.id, by=ward.hands[n].author, at=NOW)
        else:
            asked = replace(sheet, id=filled().id)
            actions.triage(task=task.id, sheet=asked, by=ward.hands[n].author, at=NOW)

    assert together(told(press)) == ["done"] * HANDS
    task.refresh_from_db()
    assert (task.status, task.level) == ("ACKNOWLEDGED", "high")
    journal.rebuild()
