"""Questionnaires in the record, and the safety tasks that their answers open."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from ketaflow.instruments.library import UnknownInstrument
from ketaflow.instruments.scoring import AnswerOutOfRange
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved, record
from ketaflow.outcomes import actions, queries
from ketaflow.outcomes.actions import AlreadyRecorded, AlreadyTaken, NotHere
from ketaflow.outcomes.lead import lead_instrument, treats_bipolar, treats_pain
from ketaflow.outcomes.models import Answered, SafetyTask
from ketaflow.outcomes.safety import Closing, NotToBeClosed, Outcome, check_close, due
from ketaflow.outcomes.sheet import NothingAnswered, Occasion, Sheet
from ketaflow.outcomes.suicidality import COLUMBIA, Next, Risk
from ketaflow.people.roles import NotYours, Role
from ketaflow.protocol import actions as protocol
from ketaflow.protocol.models import Course
from ketaflow.refusals import Refused

from ..conftest import NOW, register

DAY = timedelta(days=1)
CALM = (1, 1, 1, 1, 1, 1, 1, 1, 0, None)
WORSE = (3, 3, 3, 3, 3, 3, 3, 3, 0, None)
DARK = (2, 2, 2, 2, 2, 2, 2, 2, 1, None)
SILENT = (2, 2, 2, 2, 2, 2, 2, 2, None, None)
NO_RISK, LOW = (0, 0, None, None, None, 0, None), (1, 0, None, None, None, 0, None)
MODERATE, HIGH = (1, 1, 1, 0, 0, 0, None), (1, 1, 1, 1, 0, 0, None)
SEEN = Closing(Outcome.SEEN, True, "Seen; plan agreed with her sister.")


def sign_policy(director, **values):
    """Only the numbers under test; the rest of a policy is another stage's."""
    with transaction.atomic():
        record(
            stream=f"clinic/{director.clinic_id}", kind="policy.signed", by=director.author,
            at=NOW, payload={"version": 1, "values": values, "note": ""},
        )  # fmt: skip


def plan(patient, prescriber, *, protocol="TRD-IV-STD", sessions=6):
    """A course as a prescriber's confirmation records it."""
    course = uuid4()
    order = {"protocol": protocol, "version": "2026-11-22", "dose_mg": "40", "duration_min": "40"}
    payload = {
        "patient": str(patient.id), "indication": "Depression", "drug": "ketamine",
        "route": "iv", "sessions": sessions, "order": order,
    }  # fmt: skip
    with transaction.atomic():
        record(
            stream=f"course/{course}", kind="course.planned", by=prescriber.author, at=NOW,
            payload=payload,
        )  # fmt: skip
    return Course.objects.get(id=course)


def treat(course, nurse, sessions, *, first=NOW + DAY, every=3 * DAY):
    """Sessions given, as the session stage hands them back."""
    for number in range(1, sessions + 1):
        protocol.note_session(
            course=course, session=uuid4(), number=number, given_mg=Decimal(40),
            by=nurse.author, at=first + (number - 1) * every,
        )  # fmt: skip
    course.refresh_from_db()


def filled(answers=CALM, instrument="phq-9", occasion=Occasion.FOLLOW_UP, **more):
    return Sheet(uuid4(), instrument, occasion, answers, **more)


@pytest.fixture
def give(patient, nurse):
    def given(answers=CALM, at=NOW, **more):
        sheet = filled(answers, **more)
        return actions.answer(patient=patient, sheet=sheet, by=nurse.author, at=at)

    return given


@pytest.fixture
def task(give):
    return give(DARK).task


def ask(task, staff, answers, at=NOW):
    return actions.triage(task=task.id, sheet=filled(answers, COLUMBIA), by=staff.author, at=at)


def seen(task):
    return journal.last_ordinal(clinic=task.clinic_id, stream=task.stream)


def close(task, staff, closing=SEEN, at=NOW):
    return actions.close(task=task.id, closing=closing, seen=seen(task), by=staff.author, at=at)


def test_a_complete_questionnaire_has_a_total_and_a_band(give):
    row = give(CALM).answered
    assert (row.total, row.band, row.complete) == (Decimal(8), "mild", True)


def test_an_incomplete_one_has_neither(give):
    row = give((1, None, 1, 1, 1, 1, 1, 1, 0, None)).answered
    assert (row.total, row.band, row.complete) == (None, "", False)


def test_calm_answers_open_no_task(give):
    assert give(CALM).task is None


@pytest.mark.parametrize("answer", [1, 2, 3, None])
def test_item_nine_answered_or_left_open_opens_a_task_in_the_same_breath(give, answer):
    task = give((*CALM[:8], answer, None)).task
    assert task.status == "OPEN"
    assert task.answered.answers[8] == answer


def test_a_task_that_cannot_be_opened_takes_the_answers_with_it(give, monkeypatch):
    monkeypatch.setattr(actions, "_open", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        give(DARK)
    assert not Answered.objects.exists()


def test_without_a_policy_a_task_is_due_at_once_and_says_why(task):
    assert task.must_act_by == NOW
    assert "has not set" in task.due_words


def test_the_clinic_says_how_long_an_alert_may_wait(director, give):
    sign_policy(director, alert_acknowledge_min="30")
    assert give(DARK).task.must_act_by == NOW + timedelta(minutes=30)


def test_the_answer_that_calls_a_clinician_waits_for_nothing(director, give):
    sign_policy(director, alert_acknowledge_min="30", phq9_item9_call_from="2")
    task = give((*CALM[:8], 2, None)).task
    assert task.must_act_by == NOW
    assert "calls a clinician" in task.due_words


def test_the_same_sheet_sent_twice_is_recorded_once(patient, nurse):
    sheet = filled(DARK)
    pair = [
        actions.answer(patient=patient, sheet=sheet, by=nurse.author, at=NOW + n * DAY)
        for n in range(2)
    ]
    assert pair[0].answered == pair[1].answered
    assert pair[0].task == pair[1].task
    assert SafetyTask.objects.count() == Answered.objects.count() == 1


def test_the_same_sheet_with_other_answers_is_never_taken_silently(patient, nurse):
    sheet = filled(CALM)
    actions.answer(patient=patient, sheet=sheet, by=nurse.author, at=NOW)
    with pytest.raises(AlreadyRecorded, match="other answers"):
        actions.answer(patient=patient, sheet=replace(sheet, answers=DARK), by=nurse.author, at=NOW)


def test_an_empty_sheet_is_refused(give):
    with pytest.raises(NothingAnswered):
        give((None,) * 10)


def test_an_unknown_questionnaire_is_refused(give):
    with pytest.raises(UnknownInstrument):
        give((1,), instrument="horoscope")


def test_the_front_desk_records_no_questionnaire(patient, people):
    with pytest.raises(NotYours):
        actions.answer(patient=patient, sheet=filled(), by=people[Role.FRONT_DESK].author, at=NOW)


def test_nobody_records_for_a_patient_of_another_clinic(patient, dee):
    with pytest.raises(NotHere):
        actions.answer(patient=patient, sheet=filled(), by=dee.author, at=NOW)
    with pytest.raises(NotHere):
        actions.concern(patient=patient, because="said so", asks=Next.SCREEN, by=dee.author, at=NOW)


def test_a_sheet_cannot_name_another_patients_course(nurse, prescriber, give):
    other = plan(register(nurse, "K-0002", "Bo", "Other"), prescriber)
    with pytest.raises(NotHere, match="not this patient's"):
        give(course=other.id)


@pytest.mark.parametrize("total", [None, Decimal(61), Decimal(-1), Decimal("NaN")])
def test_a_total_that_cannot_be_is_refused(give, total):
    with pytest.raises((NothingAnswered, AnswerOutOfRange)):
        give((), instrument="madrs", total=total)


def test_a_total_of_what_is_only_judged_keeps_to_its_range(give):
    with pytest.raises(AnswerOutOfRange, match="CAPS-5 has a total from 0 to 80"):
        give((), instrument="caps-5", total=Decimal(81))
    assert give((), instrument="caps-5", total=Decimal(33)).answered.total == Decimal(33)


def test_a_total_alone_still_asks_for_its_question_about_suicide(give):
    assert give((), instrument="madrs", total=Decimal(20), suicide_item=0).task is None
    assert give((), instrument="madrs", total=Decimal(20), suicide_item=3).task
    assert "not answered" in give((), instrument="madrs", total=Decimal(20)).task.because


def test_a_scale_without_such_a_question_takes_its_total(give):
    taken = give((), instrument="cadss-6", total=Decimal(7))
    assert (taken.answered.total, taken.task) == (Decimal(7), None)


def test_the_screener_given_by_itself_opens_a_task_only_when_it_finds_something(give):
    assert give(NO_RISK, instrument=COLUMBIA).task is None
    assert give(HIGH, instrument=COLUMBIA).task.level == "high"
    assert give((None, 0, None, None, None, 0, None), instrument=COLUMBIA).task.level == "follow-up"


def test_something_said_outside_a_questionnaire_opens_a_task(patient, nurse):
    task = actions.concern(
        patient=patient, because="Said it on the phone.", asks=Next.SCREEN, by=nurse.author, at=NOW
    )
    assert task.because == "Said it on the phone."
    assert task.answered is None


@pytest.mark.parametrize(
    ("answers", "level"),
    [(NO_RISK, "none reported"), (LOW, "low"), (MODERATE, "moderate"), (HIGH, "high")],
)
def test_the_screener_gives_the_task_its_level(task, nurse, answers, level):
    assert ask(task, nurse, answers).level == level


def test_a_high_risk_is_due_at_once(director, give, nurse):
    sign_policy(director, alert_acknowledge_min="30")
    task = ask(give(DARK).task, nurse, HIGH, at=NOW + timedelta(minutes=5))
    assert task.must_act_by == NOW + timedelta(minutes=5)
    assert "high" in task.due_words


def test_the_screener_sent_twice_is_recorded_once(task, nurse):
    sheet = filled(HIGH, COLUMBIA)
    for _ in range(2):
        actions.triage(task=task.id, sheet=sheet, by=nurse.author, at=NOW)
    assert seen(task) == 2


def test_only_the_screener_triages(task, nurse):
    with pytest.raises(Refused, match="Columbia"):
        actions.triage(task=task.id, sheet=filled(), by=nurse.author, at=NOW)


def test_whoever_takes_a_task_on_is_named_to_the_next(task, nurse, prescriber):
    assert actions.acknowledge(task=task.id, by=nurse.author, at=NOW).acknowledged_by == "Ada Nurse"
    with pytest.raises(AlreadyTaken, match="Ada Nurse"):
        actions.acknowledge(task=task.id, by=prescriber.author, at=NOW)


def test_a_task_is_closed_with_its_outcome(task, nurse, prescriber):
    ask(task, nurse, HIGH)
    closed = close(task, prescriber)
    assert (closed.status, closed.outcome, closed.closed_by) == ("CLOSED", "SEEN", "Ben Prescriber")
    with pytest.raises(AlreadyTaken, match="closed this task"):
        close(task, prescriber)
    with pytest.raises(AlreadyTaken, match="closed this task"):
        ask(task, nurse, HIGH)


def test_a_task_that_changed_meanwhile_is_not_closed(task, nurse, prescriber):
    ask(task, nurse, LOW)
    before = seen(task)
    ask(task, nurse, MODERATE)
    with pytest.raises(SomeoneElseMoved):
        actions.close(task=task.id, closing=SEEN, seen=before, by=prescriber.author, at=NOW)


@pytest.mark.parametrize(
    ("risk", "prescriber", "closing"),
    [
        (Risk.LOW, True, Closing(Outcome.RESOURCES, False, " ")),
        (Risk.HIGH, False, SEEN),
        (None, True, SEEN),
        (Risk.FOLLOW_UP, True, SEEN),
        (Risk.LOW, True, Closing(Outcome.NOTHING_REPORTED, False, "fine")),
        (Risk.MODERATE, True, Closing(Outcome.RESOURCES, True, "leaflet")),
        (Risk.MODERATE, True, Closing(Outcome.SEEN, False, "talked")),
    ],
)
def test_a_task_stays_open_until_its_risk_is_answered(risk, prescriber, closing):
    with pytest.raises(NotToBeClosed):
        check_close(closing, risk=risk, prescriber=prescriber)


@pytest.mark.parametrize("risk", [None, *Risk])
def test_whoever_is_in_hospital_is_no_longer_ours_to_ask(risk):
    check_close(Closing(Outcome.EMERGENCY, False, "Ambulance"), risk=risk, prescriber=True)


@pytest.mark.parametrize(
    ("risk", "outcome"),
    [(Risk.NONE_REPORTED, Outcome.NOTHING_REPORTED), (Risk.LOW, Outcome.RESOURCES)],
)
def test_a_nurse_closes_what_is_no_risk_or_a_low_one(risk, outcome):
    check_close(Closing(outcome, False, "Asked."), risk=risk, prescriber=False)


def test_what_is_due_at_once_says_so():
    assert due(NOW, None, at_once="the risk is high").words == "At once: the risk is high"


def test_another_clinic_reaches_no_task(task, dee):
    with pytest.raises(NotHere):
        actions.acknowledge(task=task.id, by=dee.author, at=NOW)
    assert queries.task(clinic=dee.clinic_id, id=task.id) is None
    assert not queries.open_tasks(clinic=dee.clinic_id)


def test_what_nobody_took_on_comes_first_and_the_most_overdue_before_all(give, nurse):
    late, early, taken = (give(DARK, at=NOW + hours * DAY).task for hours in (2, 1, 0))
    actions.acknowledge(task=taken.id, by=nurse.author, at=NOW)
    assert list(queries.open_tasks(clinic=taken.clinic_id)) == [early, late, taken]
    assert len(queries.open_tasks_of(clinic=taken.clinic_id, patient=taken.patient_id)) == 3


def test_a_closed_task_leaves_the_list(task, prescriber):
    close(task, prescriber, Closing(Outcome.EMERGENCY, False, "Ambulance"))
    assert not queries.open_tasks(clinic=task.clinic_id)
    assert queries.closed_tasks(clinic=task.clinic_id) == [task]


def test_the_database_keeps_a_closed_task_from_lacking_its_outcome(task):
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyTask.objects.filter(id=task.id).update(status="CLOSED")


def test_what_was_answered_after_a_session_is_no_baseline(give, patient, prescriber, nurse):
    course = plan(patient, prescriber)
    give(WORSE, at=NOW, occasion=Occasion.BASELINE)
    at = NOW + DAY - timedelta(minutes=20)
    give(CALM, at=at, occasion=Occasion.AFTER_SESSION, course=course.id, session_number=1)
    treat(course, nurse, 1)
    words = queries.latest_words(clinic=course.clinic_id, course=course, instrument="phq-9")
    assert "fell from 24 to 8" in words
    assert "response" in words


def test_before_any_session_nothing_is_said_to_have_helped(give, patient, prescriber):
    course = plan(patient, prescriber)
    give(CALM)
    assert queries.latest_words(clinic=course.clinic_id, course=course, instrument="phq-9")
    history = queries.history(clinic=course.clinic_id, patient=patient.id, instrument="phq-9")
    assert [one.total for one in history] == [Decimal(8)]


def test_the_trends_of_a_patient_cost_one_read_however_many_sheets(give, patient, nurse):
    for day in range(12):
        give(CALM, at=NOW + day * DAY)
        give((3,), instrument="nrs-pain", at=NOW + day * DAY)
    with CaptureQueriesContext(connection) as asked:
        found = queries.trends(clinic=patient.clinic_id, patient=patient.id, treated_at=NOW)
    assert len(asked) == 1
    assert [one.instrument for one, _ in found] == ["phq-9", "nrs-pain"]
    assert not queries.trends(clinic=uuid4(), patient=patient.id, treated_at=None)


def test_the_sessions_of_a_course_are_marked_in_order(patient, prescriber, nurse):
    course = plan(patient, prescriber)
    treat(course, nurse, 3)
    marks = queries.sessions(clinic=course.clinic_id, courses=[course.id])
    assert list(marks) == sorted(marks)
    assert len(marks) == 3


@pytest.mark.parametrize(
    ("protocol", "lead"),
    [("TRD-IV-STD", "phq-9"), ("CRPS-OP-1", "nrs-pain"), ("PTSD-IV-1", "pcl-5")],
)
def test_each_course_is_judged_by_its_own_questionnaire(protocol, lead):
    assert lead_instrument(protocol) == lead
    assert treats_pain(protocol) is (lead == "nrs-pain")


def test_bipolar_depression_is_known_by_its_protocol():
    assert treats_bipolar("BD-IV-1")
    assert not treats_bipolar("TRD-IV-STD")


def test_the_journal_makes_the_same_rows_again(task, give, nurse, prescriber):
    give((), instrument="madrs", total=Decimal("20.5"))
    ask(task, nurse, MODERATE)
    actions.acknowledge(task=task.id, by=nurse.author, at=NOW)
    close(task, prescriber)
    rows = journal.rebuild()
    assert rows["outcomes_answered"] == 3
    assert rows["outcomes_safetytask"] == 2
