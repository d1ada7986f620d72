"""Courses and policy as rows: who may, when, and what the database will not have."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from ketaflow.cli.fictional import clinic, journeys
from ketaflow.cli.fictional.persons import somebody
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people import actions as people
from ketaflow.people.chart import ChartItem, Kind
from ketaflow.people.roles import NotYours, RunOut
from ketaflow.protocol import actions, limits, queries
from ketaflow.protocol.course import Decision, IllegalChange
from ketaflow.protocol.dosing import Choice, OutsideProtocol
from ketaflow.protocol.limits import PolicyNotReady
from ketaflow.protocol.orders import NotAChairSession, from_payload
from ketaflow.protocol.preparation import Preparation
from ketaflow.protocol.weight import Body
from ketaflow.refusals import Refused

from ..conftest import NOW, licence_until


@pytest.fixture
def team(db):
    return clinic.open_clinic(NOW)


@pytest.fixture
def journey(team):
    return journeys.Journey(somebody(1, 7, team.today), "depression", "TRD-IV-STD", 30)


@pytest.fixture
def cleared(team, journey):
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient)
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)
    return patient


@pytest.fixture
def course(team, journey, cleared):
    return journeys.course_planned(team, journey, cleared)


@pytest.fixture
def ben(team):
    return team.staff["prescriber"].author


def a_plan(sessions=6, **choice):
    return actions.Plan(
        "TRD-IV-STD",
        Body(weight_kg=Decimal(80)),
        sessions,
        Choice(**choice),
        Preparation(Decimal(50), Decimal(100)),
    )


def test_the_order_survives_the_journal_to_the_last_digit(course):
    order = from_payload(course.order)
    assert order.as_payload() == course.order
    assert order.dose_mg == course.dose_mg
    assert order.duration_min == 40


def test_a_prescriber_plans_and_nobody_else(team, cleared):
    with pytest.raises(NotYours, match="Only a medical director or prescriber"):
        actions.plan_course(patient=cleared, plan=a_plan(), by=team.staff["nurse"].author, at=NOW)


def test_nobody_orders_once_their_licence_has_run_out(team, cleared, course, ben):
    licence_until(team.staff["prescriber"], NOW.date())
    actions.change_dose(
        course=course,
        plan=a_plan(amount=Decimal("0.4")),
        reason="Sedated for too long",
        by=ben,
        at=NOW,
    )
    licence_until(team.staff["prescriber"], NOW.date() - timedelta(days=1))
    with pytest.raises(RunOut, match="ran out after 09 Mar 2026"):
        actions.plan_course(patient=cleared, plan=a_plan(), by=ben, at=NOW)
    with pytest.raises(RunOut):
        actions.change_dose(course=course, plan=a_plan(), reason="Awake again", by=ben, at=NOW)


def test_no_course_before_screening_is_recorded(team, journey, ben):
    patient = journeys.referred(team, journey)
    with pytest.raises(actions.NotCleared, match="record it first"):
        actions.plan_course(patient=patient, plan=a_plan(), by=ben, at=NOW)


def test_no_course_while_screening_leaves_something_open(team, journey, ben):
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient, {"aneurysm_or_avm": "yes"})
    journeys.assessed(team, journey, patient)
    with pytest.raises(actions.NotCleared, match="leaves something open"):
        actions.plan_course(patient=patient, plan=a_plan(), by=ben, at=NOW)


def test_a_refusal_names_what_is_missing_and_no_mere_caution(team, journey, ben):
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient, {"aneurysm_or_avm": "unknown"})
    journeys.tried(team, journey, patient)
    note = ChartItem(Kind.MEDICATION, "noted/1", "Gabapentin 300 MG Oral Capsule")
    people.note_fact(patient=patient, item=note, by=ben, at=NOW)
    journeys.assessed(team, journey, patient)
    with pytest.raises(actions.NotCleared) as refused:
        actions.plan_course(patient=patient, plan=a_plan(), by=ben, at=NOW)
    assert "aneurysm" in str(refused.value)


@pytest.mark.parametrize("sessions", [3, 13])
def test_a_course_has_as_many_sessions_as_its_protocol(cleared, ben, sessions):
    with pytest.raises(OutsideProtocol, match="sessions"):
        actions.plan_course(patient=cleared, plan=a_plan(sessions), by=ben, at=NOW)


def test_an_infusion_titrated_over_days_is_not_run_in_a_chair(team):
    plan = replace(a_plan(), protocol="CRPS-IP-2")
    with pytest.raises(NotAChairSession, match="outpatient"):
        actions.propose(plan=plan, clinic=team.clinic.id)


def test_a_session_given_is_counted_with_its_milligrams(course, team):
    by = team.staff["nurse"].author
    for number in (1, 2):
        actions.note_session(
            course=course,
            session=uuid4(),
            number=number,
            given_mg=Decimal("20.10"),
            by=by,
            at=NOW + timedelta(days=number),
        )
    course.refresh_from_db()
    assert (course.sessions_given, course.given_mg) == (2, Decimal("40.20"))
    assert course.status == "UNDER_WAY"
    assert course.first_given_at == NOW + timedelta(days=1)
    assert len(course.given_at) == 2
    journal.rebuild()


def test_a_course_is_let_take_longer_once_and_by_a_prescriber(course, ben, team):
    nurse = team.staff["nurse"].author
    with pytest.raises(NotYours):
        actions.stretch(course=course, reason="Influenza", by=nurse, at=NOW)
    actions.stretch(course=course, reason="Influenza", by=ben, at=NOW)
    with pytest.raises(SomeoneElseMoved, match="already"):
        actions.stretch(course=course, reason="Influenza", by=ben, at=NOW)
    course.refresh_from_db()
    assert course.stretched == "Influenza"


def test_a_protocol_without_a_span_cannot_take_longer(course, ben):
    course.protocol = "OCD-IV-1"
    with pytest.raises(Refused, match="does not say how long"):
        actions.stretch(course=course, reason="Influenza", by=ben, at=NOW)


def test_a_dose_changes_with_a_reason_and_what_was_seen(course, ben):
    plan = a_plan(amount=Decimal("0.6"), session_number=1)
    seen = journal.last_ordinal(clinic=ben.clinic, stream=course.stream)
    with pytest.raises(IllegalChange, match="reason"):
        actions.change_dose(course=course, plan=plan, reason=" ", by=ben, at=NOW, seen=seen)
    with pytest.raises(SomeoneElseMoved):
        actions.change_dose(
            course=course, plan=plan, reason="No response so far", by=ben, at=NOW, seen=seen + 1
        )
    actions.change_dose(
        course=course, plan=plan, reason="No response so far", by=ben, at=NOW, seen=seen
    )
    course.refresh_from_db()
    assert course.dose_mg == Decimal("48.00")


def test_a_dose_above_the_clinics_limit_is_refused(course, ben):
    plan = a_plan(amount=Decimal("1.0"))
    with pytest.raises(Refused, match=r"0\.75 mg/kg"):
        actions.change_dose(course=course, plan=plan, reason="No response", by=ben, at=NOW)


def test_there_is_nothing_to_review_before_the_first_session(course, ben):
    with pytest.raises(Refused, match="nothing to review"):
        actions.review(course=course, decision=Decision.CONTINUE, reason="x", by=ben, at=NOW)


def test_a_review_that_stops_ends_the_course_and_is_written_once(course, team, ben):
    actions.note_session(
        course=course, session=course.id, number=1, given_mg=Decimal(20), by=ben, at=NOW
    )
    course.refresh_from_db()
    stop = {"course": course, "decision": Decision.STOP, "reason": "No benefit", "by": ben}
    actions.review(**stop, at=NOW)
    with pytest.raises(SomeoneElseMoved, match="moment ago"):
        actions.review(**stop, at=NOW)
    course.refresh_from_db()
    assert course.status == "STOPPED"
    with pytest.raises(actions.CourseOver, match="plan a new one"):
        actions.end(course=course, completed=True, reason="x", by=ben, at=NOW)
    assert [one.decision for one in queries.reviews(clinic=ben.clinic, course=course.id)] == [
        "STOP"
    ]


def test_a_course_is_completed_with_its_reason(course, ben):
    actions.end(course=course, completed=True, reason="All six given", by=ben, at=NOW)
    course.refresh_from_db()
    assert course.status == "COMPLETED"


def test_only_the_medical_director_signs_the_policy(team, ben):
    values = queries.policy(clinic=ben.clinic).values
    with pytest.raises(NotYours, match="medical director"):
        actions.sign_policy(values=values, note="", seen=1, by=ben, at=NOW)


def test_a_policy_with_a_number_left_open_is_not_signed(team):
    mia = team.staff["director"].author
    values = dict(queries.policy(clinic=mia.clinic).values)
    del values["ketamine_max_mg_session"]
    with pytest.raises(PolicyNotReady, match="leaves open"):
        actions.sign_policy(values=values, note="", seen=1, by=mia, at=NOW)


def test_two_who_sign_the_same_next_version_do_not_both_succeed(team):
    mia = team.staff["director"].author
    values = queries.policy(clinic=mia.clinic).values
    actions.sign_policy(values=values, note="One", seen=1, by=mia, at=NOW)
    with pytest.raises(SomeoneElseMoved, match="read it first"):
        actions.sign_policy(values=values, note="Two", seen=1, by=mia, at=NOW)
    assert next(iter(queries.policies(clinic=mia.clinic))).note == "One"


def test_without_a_policy_no_dose_is_proposed(clinic_a):
    with pytest.raises(PolicyNotReady, match="no policy"):
        actions.propose(plan=a_plan(), clinic=clinic_a.id)


def test_the_demonstrations_policy_is_complete_and_marked_fictional(team):
    policy = queries.policy(clinic=team.clinic.id)
    assert limits.check(policy).fictional


def test_another_clinics_course_is_not_found(course, clinic_b):
    assert queries.course(clinic=clinic_b.id, id=course.id) is None
    assert queries.courses_of(clinic=clinic_b.id, patient=course.patient_id) == []
