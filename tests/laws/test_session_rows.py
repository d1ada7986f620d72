"""A session in the record: from check-in to the way home, with everything that must stop it."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved, record
from ketaflow.people import actions as people
from ketaflow.people.agreement import actions as agreement
from ketaflow.people.consent import consent_for
from ketaflow.people.roles import NotYours, RunOut
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.library import protocol as protocol_named
from ketaflow.protocol.limits import PolicyNotReady
from ketaflow.protocol.models import Course
from ketaflow.protocol.orders import needs
from ketaflow.protocol.slips import Slip
from ketaflow.protocol.spacing import DayRefused
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.models import Booking
from ketaflow.schedule.openings import Wish as Visit
from ketaflow.schedule.standing import NotFromHere, Standing
from ketaflow.screening import actions as screening
from ketaflow.screening import factsheet
from ketaflow.screening.verdict import Eligibility
from ketaflow.session import actions, checklist, gates, queries, wishes
from ketaflow.session.actions import NotHere
from ketaflow.session.administration import AboveCap, NotAsOrdered, OutOfOrder, TooSoon
from ketaflow.session.checklist import CannotStart, SamePerson
from ketaflow.session.corrections import NotCorrectable
from ketaflow.session.discharge import NotYet, always_for
from ketaflow.session.events import NotReadable
from ketaflow.session.gates import NotThen
from ketaflow.session.models import Session
from ketaflow.session.phases import NotNow, Phase
from ketaflow.session.vitals import Implausible
from ketaflow.session.wishes import Correction, Departure, DoseRead, Taken

from ..conftest import NOW, licence_until, register
from .a_session import SET
from .test_schedule_bookings import equip

WELL = Path(__file__).parents[1] / "data/screening/well.json"
VITALS = {
    name: Decimal(value)
    for name, value in {
        "systolic": 130, "diastolic": 80, "heart_rate": 70, "spo2": 98, "respiratory_rate": 14,
    }.items()
}  # fmt: skip
IV_ORDER = {
    "protocol": "TRD-IV-STD", "version": "2026-11-22", "amount": "0.5", "amount_unit": "mg/kg",
    "dose_mg": "40", "dosing_weight_kg": "80", "weight_basis": "TOTAL", "weight_rule": "total",
    "weight_kg": "80", "height_cm": "170", "duration_min": "40", "rate_mg_min": "1",
    "rate_mg_h": "60", "strength_mg_ml": "50", "volume_ml": "0.8", "bag_ml": "100",
    "pump_ml_h": "150", "dilution": "Draw 0.8 mL into a bag of 100 mL.", "devices": None,
    "formula": "0.5 mg/kg × 80 kg", "rounding": "Rounded down.", "warnings": [],
    "sources": ["S10"],
}  # fmt: skip
NASAL_ORDER = dict.fromkeys(IV_ORDER) | {
    "protocol": "ESK-TRD", "version": "2026-11-22", "amount": "56", "amount_unit": "mg",
    "dose_mg": "56", "weight_rule": "", "dilution": "", "devices": 2, "formula": "2 × 28 mg",
    "rounding": "", "warnings": [], "sources": ["S24"],
}  # fmt: skip


def at(minute=0.0):
    return NOW + timedelta(minutes=minute)


def sign_policy(director, values=SET):
    said = {key: str(value) for key, value in values.items()}
    with transaction.atomic():
        record(
            stream=f"clinic/{director.clinic_id}", kind="policy.signed", by=director.author,
            at=at(-1440), payload={"version": 1, "values": said, "note": ""},
        )  # fmt: skip


def plan(patient, prescriber, order=IV_ORDER, sessions=6):
    """A course as a prescriber's confirmation records it."""
    course, wanted = uuid4(), protocol_named(order["protocol"])
    payload = {
        "patient": str(patient.id), "indication": wanted.indication, "drug": wanted.drug.value,
        "route": wanted.route.value, "sessions": sessions, "order": order,
    }  # fmt: skip
    with transaction.atomic():
        record(
            stream=f"course/{course}", kind="course.planned", by=prescriber.author, at=at(-1440),
            payload=payload,
        )  # fmt: skip
    return Course.objects.get(id=course)


def screen(patient, nurse, course):
    """Everything that screening asks is answered, and nothing was found."""
    told = json.loads(WELL.read_text())
    told["vitals"]["taken_on"] = str(at(-1440).date())
    facts, by = factsheet.facts_from_json(told), nurse.author
    for item in facts.items:
        people.note_fact(patient=patient, item=item, by=by, at=at(-600))
    screening.answer(patient=patient, answers=told["answers"], by=by, at=at(-600))
    for trial in facts.trials:
        told_trial = screening.ToldTrial(trial)
        screening.record_trial(patient=patient, told=told_trial, by=by, at=at(-600))
    policy = protocol.policy(clinic=nurse.clinic_id)
    asked = screening.Asked(
        needs(protocol_named(course.protocol)), at().date(), policy.values if policy else {}
    )
    return screening.assess(patient=patient, asked=asked, by=by, at=at(-600))


def agree(patient, course, nurse):
    text = consent_for(course.route)
    statements = tuple(one.key for one in text.statements)
    agreement.agree(
        patient=patient, course=course.id, text_id=text.id, statements=statements,
        by=nurse.author, at=at(-600),
    )  # fmt: skip


class Chairside:
    """One session, driven as people at the chair drive it; every press saw the newest page."""

    def __init__(self, session, nurse, second):
        self.id, self.nurse, self.second = session.id, nurse, second

    def do(self, action, minute=0.0, by=None, seen=None, **said):
        by = by or self.nurse
        seen = self.seen if seen is None else seen
        action(session=self.id, seen=seen, by=by.author, at=at(minute), **said)
        return self

    @property
    def state(self):
        return queries.state(clinic=self.nurse.clinic_id, id=self.id)

    @property
    def row(self):
        return Session.objects.get(id=self.id)

    @property
    def seen(self):
        return self.state.last_ordinal

    def prepare(self, but=""):
        order = self.state.order
        ticks = {one.key: (one.key != but, "") for one in checklist.asked(order)}
        self.do(actions.tick, 1, ticks=ticks)
        if but != "baseline":
            self.do(actions.record_baseline, 2, vitals=VITALS)
        if but != "dose":
            read = DoseRead(order.dose_mg, order.rate_mg_min, order.devices)
            self.do(actions.check_dose, 3, by=self.second, read=read, prepared_by=self.nurse.author)
        return self

    def run(self):
        return self.prepare().do(actions.start, 10, rate_mg_min=Decimal(1))

    def observe(self):
        self.run().do(actions.stop, 50, reason="complete")
        return self.measure(95)

    def measure(self, minute, **changed):
        return self.do(actions.record_round, minute, taken=Taken({**VITALS, **changed}))

    def score(self, minute, answers=(2, 2, 2, 2, 2)):
        return self.do(
            actions.score_discharge, minute, instrument="modified-aldrete", answers=list(answers)
        )

    def leave(self, minute, by=None, shortened=""):
        done = frozenset(one.key for one in always_for(self.state.order.route))
        departure = Departure(done, "Rosa, sister", shortened)
        return self.do(actions.send_home, minute, by=by, departure=departure)


@pytest.fixture
def policy(director):
    sign_policy(director)


@pytest.fixture
def open_session(policy, director, nurse, prescriber):
    """Opens a session of a patient who may be treated today."""
    equip(director, nurse, days=2)

    def opened(patient, order=IV_ORDER):
        course = plan(patient, prescriber, order)
        screen(patient, nurse, course)
        agree(patient, course, nurse)
        session = actions.walk_in(
            course=course.id, chair="Chair 1", nurse=nurse.id, by=nurse.author, at=at()
        )
        return Chairside(session, nurse, prescriber)

    return opened


@pytest.fixture
def chair(open_session, patient):
    return open_session(patient)


@pytest.fixture
def spray(open_session, patient):
    return open_session(patient, NASAL_ORDER)


@pytest.fixture
def visit(open_session, patient, prescriber, nurse):
    """A booked visit of the patient, at eleven local time today."""
    course = plan(patient, prescriber)
    screen(patient, nurse, course)
    agree(patient, course, nurse)
    return schedule.book(course=course.id, wish=Visit(at()), by=nurse.author, at=at(-60))


def test_the_fixtures_patient_may_be_treated(policy, patient, prescriber, nurse):
    assert screen(patient, nurse, plan(patient, prescriber)).verdict is Eligibility.ELIGIBLE


def test_a_quiet_morning_from_check_in_to_the_way_home(chair):
    assert chair.row.standing is Phase.CHECKED_IN
    assert chair.run().row.standing is Phase.RUNNING
    chair.do(actions.stop, 50, reason="complete").measure(95)
    chair.score(109).leave(111)
    row = chair.row
    assert (row.standing, row.given_mg) == (Phase.DISCHARGED, Decimal(40))
    assert (row.started_at, row.stopped_at, row.ended_at) == (at(10), at(50), at(111))
    course = row.course
    assert (course.sessions_given, course.given_mg) == (1, Decimal(40))


def test_the_journal_makes_the_same_rows_again(chair, open_session, nurse):
    chair.observe().score(109).leave(111)
    other = open_session(register(nurse, "K-2", "Di", "Second"), NASAL_ORDER)
    other.prepare().do(actions.give_device, 10, lot="L1").measure(20, systolic=Decimal(141))
    before = list(Session.objects.order_by("id").values())
    assert journal.rebuild()["session_session"] == 2
    assert list(Session.objects.order_by("id").values()) == before
    journal.verify()


def test_a_booked_visit_becomes_a_session_and_is_done_when_it_is_over(visit, nurse, prescriber):
    session = actions.check_in(booking=visit.id, by=nurse.author, at=at())
    assert (session.chair, session.nurse_id) == (visit.chair.name, visit.nurse_id)
    chair = Chairside(session, nurse, prescriber)
    visit.refresh_from_db()
    assert (visit.standing, visit.session_number) == (Standing.CHECKED_IN, 1)
    chair.observe().score(109).leave(111)
    visit.refresh_from_db()
    assert visit.standing is Standing.DONE


def test_nobody_is_checked_in_twice(visit, nurse):
    actions.check_in(booking=visit.id, by=nurse.author, at=at())
    with pytest.raises(SomeoneElseMoved, match="already checked in in Chair 1, session 1"):
        actions.check_in(booking=visit.id, by=nurse.author, at=at(1))
    with pytest.raises(SomeoneElseMoved, match="already checked in"):
        walk_in(visit.course, nurse)
    assert Session.objects.count() == 1


def walk_in(course, nurse, minute=1.0):
    return actions.walk_in(
        course=course.id, chair="Chair 2", nurse=nurse.id, by=nurse.author, at=at(minute)
    )


def test_the_database_lets_a_patient_be_in_one_session_only(chair):
    row = chair.row
    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.create(
            **{
                name: getattr(row, name)
                for name in ("clinic", "course", "patient", "nurse", "order", "checked_in_at")
            },
            chair="Chair 2",
            number=2,
            phase="CHECKED_IN",
        )


def test_a_walk_in_keeps_the_protocols_spacing(chair, nurse):
    chair.observe().score(109).leave(111)
    with pytest.raises(DayRefused):
        walk_in(chair.row.course, nurse, 200)


def test_a_cancelled_session_frees_its_visit_and_its_number(visit, nurse, prescriber):
    session = actions.check_in(booking=visit.id, by=nurse.author, at=at())
    chair = Chairside(session, nurse, prescriber)
    chair.do(actions.cancel, 5, reason="a cold")
    visit.refresh_from_db()
    assert (visit.standing, visit.reason) == (Standing.CANCELLED, "a cold")
    assert walk_in(visit.course, nurse, 10).number == 1
    assert visit.course.sessions_given == 0


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ("escort", "escort"),
        ("baseline", "baseline"),
        ("dose", "second person"),
        ("fasting", "Fast"),
    ],
)
def test_the_pump_waits_for_everything(chair, but, said):
    with pytest.raises((CannotStart, NotNow)):
        chair.prepare(but=but).do(actions.start, 10, rate_mg_min=Decimal(1))
    room = queries.room(clinic=chair.nurse.clinic_id, id=chair.id)
    assert said in "; ".join(queries.obstacles(clinic=chair.nurse.clinic_id, room=room, at=at(10)))
    assert chair.row.started_at is None


def refused_to_start(chair, said):
    with pytest.raises(CannotStart, match=said):
        chair.do(actions.start, 10, rate_mg_min=Decimal(1))
    assert chair.row.started_at is None


def test_the_pump_waits_when_consent_was_withdrawn(chair, nurse):
    from ketaflow.people import queries as who

    chair.prepare()
    given = who.consent(clinic=nurse.clinic_id, course=chair.row.course_id)
    agreement.withdraw(consent=given, reason="changed her mind", by=nurse.author, at=at(5))
    refused_to_start(chair, "no signed consent")


def test_the_pump_waits_when_screening_finds_something_today(chair, nurse, patient):
    chair.prepare()
    found = {"stroke_ever": "yes"}
    screening.answer(patient=patient, answers=found, by=nurse.author, at=at(5))
    refused_to_start(chair, "screening: ")


def test_the_pump_waits_for_the_review_after_three_sessions(chair, prescriber):
    chair.prepare()
    for number in range(3):
        with transaction.atomic():
            record(
                stream=chair.row.course.stream, kind="course.session_given", at=at(5),
                by=prescriber.author,
                payload={"session": str(uuid4()), "number": number, "given_mg": "1"},
            )  # fmt: skip
    refused_to_start(chair, "review after session 3 is due")


def test_the_pump_waits_when_the_order_changed_after_check_in(chair, prescriber):
    chair.prepare()
    with transaction.atomic():
        record(
            stream=chair.row.course.stream, kind="course.dose_changed", by=prescriber.author,
            at=at(5), payload={"order": IV_ORDER | {"dose_mg": "30"}, "reason": "too strong"},
        )  # fmt: skip
    refused_to_start(chair, "the order was changed after check-in")


def test_what_was_given_today_counts_towards_the_days_cap(chair, open_session, nurse, patient):
    chair.observe().score(109).leave(111)
    course = plan(patient, chair.second, IV_ORDER | {"protocol": "TRD-IV-BIW"})
    screen(patient, nurse, course)
    agree(patient, course, nurse)
    second = Chairside(walk_in(course, nurse, 120), nurse, chair.second).prepare()
    with pytest.raises(CannotStart, match="dose of 40 mg is above the cap of 20 mg"):
        second.do(actions.start, 130, rate_mg_min=Decimal(1))


def test_no_session_starts_without_a_signed_policy(chair, monkeypatch):
    chair.prepare()
    monkeypatch.setattr(protocol, "policy", lambda *, clinic: None)
    refused_to_start(chair, "no policy")


def test_a_pump_set_tenfold_too_fast_is_named(chair):
    chair.prepare()
    with pytest.raises(Slip, match="10"):
        chair.do(actions.start, 10, rate_mg_min=Decimal(10))
    with pytest.raises(NotAsOrdered):
        chair.do(actions.start, 10, rate_mg_min=Decimal("1.1"))


def test_nobody_checks_the_dose_they_prepared(chair):
    read = DoseRead(Decimal(40), Decimal(1))
    with pytest.raises(SamePerson):
        chair.do(actions.check_dose, 3, read=read, prepared_by=chair.nurse.author)
    with pytest.raises(Slip):
        chair.do(
            actions.check_dose, 3, by=chair.second, read=replace(read, dose_mg=Decimal(400)),
            prepared_by=chair.nurse.author,
        )  # fmt: skip


@pytest.mark.parametrize("hand", ["nurse", "second"])
def test_a_dose_is_not_checked_by_somebody_whose_licence_has_run_out(chair, hand):
    licence_until(getattr(chair, hand), NOW.date() - timedelta(days=1))
    with pytest.raises(RunOut, match="ran out"):
        chair.do(
            actions.check_dose, 3, by=chair.second, prepared_by=chair.nurse.author,
            read=DoseRead(Decimal(40), Decimal(1)),
        )  # fmt: skip


def test_the_pump_follows_the_presses_and_the_milligrams_follow_the_pump(chair):
    chair.run()
    chair.do(actions.change_rate, 20, rate_mg_min=Decimal("0.5"), reason="drowsy")
    chair.do(actions.pause, 30, reason="anxious").do(actions.resume, 40, rate_mg_min=None)
    assert chair.row.standing is Phase.RUNNING
    chair.do(actions.stop, 50, reason="her wish")
    assert chair.row.given_mg == Decimal(20)


def test_no_rate_above_the_ceilings_and_none_without_a_reason(chair):
    chair.run()
    with pytest.raises(AboveCap):
        chair.do(actions.change_rate, 20, rate_mg_min=Decimal("1.6"), reason="faster")
    with pytest.raises(Exception, match="why the rate changes"):
        chair.do(actions.change_rate, 20, rate_mg_min=Decimal("0.9"), reason=" ")
    chair.do(actions.pause, 30, reason="anxious")
    with pytest.raises(AboveCap):
        chair.do(actions.resume, 40, rate_mg_min=Decimal("1.6"))


def test_an_infusion_is_observed_for_as_long_as_the_clinic_says(chair):
    chair.observe().score(96)
    with pytest.raises(NotYet, match="60 minutes from the end of the infusion"):
        chair.leave(109)
    chair.leave(110)
    assert chair.row.standing is Phase.DISCHARGED


def test_esketamine_stays_two_hours_to_the_second(spray):
    spray.prepare().do(actions.give_device, 10, lot="L1").do(actions.give_device, 15, lot="L1")
    assert spray.row.standing is Phase.OBSERVING
    spray.measure(100).score(100)
    with pytest.raises(NotYet, match="120 minutes from the first spray are not over, 1 more"):
        spray.leave(129 + 59 / 60)
    spray.leave(130)
    assert (spray.row.standing, spray.row.given_mg) == (Phase.DISCHARGED, Decimal(56))


def test_only_the_director_shortens_the_two_hours_and_writes_why(spray, director):
    spray.prepare().do(actions.give_device, 10, lot="L1").do(actions.stop, 14, reason="her wish")
    spray.measure(100).score(100)
    with pytest.raises(NotYet, match="Only the medical director"):
        spray.leave(120, shortened="bus")
    spray.leave(120, by=director, shortened="one device only, wide awake")
    assert (spray.row.standing, spray.row.given_mg) == (Phase.DISCHARGED, Decimal(28))


def test_the_second_device_waits_five_minutes_and_a_third_is_not_ordered(spray):
    spray.prepare().do(actions.give_device, 10, lot="L1")
    with pytest.raises(TooSoon, match="5 minutes between devices"):
        spray.do(actions.give_device, 14, lot="L1")
    spray.do(actions.give_device, 15, lot="L1")
    with pytest.raises(NotNow):
        spray.do(actions.give_device, 21, lot="L1")


def test_the_first_device_waits_for_everything_too(spray):
    with pytest.raises(NotNow):
        spray.prepare(but="no-food").do(actions.give_device, 10, lot="L1")
    assert spray.row.started_at is None


def test_a_transfer_ends_the_drug_and_the_session_counts(chair):
    chair.run().do(actions.transfer, 20, to="County Hospital", reason="chest pain")
    row = chair.row
    assert (row.standing, row.given_mg, row.course.sessions_given) == (
        Phase.TRANSFERRED, Decimal(10), 1,
    )  # fmt: skip


def test_a_transfer_before_the_drug_counts_as_no_session(visit, nurse, prescriber):
    session = actions.check_in(booking=visit.id, by=nurse.author, at=at())
    chair = Chairside(session, nurse, prescriber)
    chair.do(actions.transfer, 5, to="County Hospital", reason="chest pain")
    visit.refresh_from_db()
    assert (visit.standing, chair.row.void) == (Standing.CANCELLED, True)
    assert chair.row.course.sessions_given == 0


def test_a_round_holds_vital_signs_and_scales_of_one_moment(chair):
    taken = Taken(VITALS, sedation=4, dissociation=9, pain=0)
    chair.run().do(actions.record_round, 20, taken=taken)
    state = chair.state
    assert {(one.instrument, one.total) for one in state.scores} == {
        ("moaa-s", 4), ("cadss-6", 9), ("nrs-pain", 0),
    }  # fmt: skip
    assert {one.line.at for one in state.scores} == {state.readings[-1].at} == {at(20)}
    assert chair.row.last_vitals["systolic"] == "130"


def test_an_empty_round_and_an_impossible_one_are_refused_whole(chair):
    chair.run()
    before = chair.seen
    with pytest.raises(NotReadable, match="at least one"):
        chair.do(actions.record_round, 20, taken=Taken({}))
    with pytest.raises(Implausible):
        chair.do(actions.record_round, 20, taken=Taken({"spo2": Decimal(980)}, sedation=5))
    assert chair.seen == before


def test_what_was_taken_earlier_says_when_and_when_it_was_written_down(chair):
    chair.run()
    chair.do(actions.record_round, 20, taken=Taken(VITALS), happened_at=at(15))
    line = chair.state.readings[-1].line
    assert (line.at, line.payload["received_at"]) == (at(15), at(20).isoformat())
    for wrong in (at(-5), at(40)):
        with pytest.raises(NotThen):
            chair.do(actions.record_round, 20, taken=Taken(VITALS), happened_at=wrong)


def test_the_pump_cannot_have_stopped_before_it_started(chair):
    with pytest.raises(OutOfOrder):
        chair.run().do(actions.stop, 50, reason="complete", happened_at=at(5))


def test_side_effects_and_notes_stay_in_the_stream(chair):
    found = {"effect": "nausea", "severity": 2, "note": ""}
    chair.run().do(actions.note_side_effect, 20, found=found)
    chair.do(actions.note, 21, text="Sips of water.")
    assert [one.effect for one in chair.state.side_effects] == ["nausea"]
    assert [one.payload["text"] for one in chair.state.notes] == ["Sips of water."]


def test_a_correction_keeps_the_old_words_beside_the_new(chair):
    chair.run().measure(20, systolic=Decimal(190))
    wrong = chair.seen
    right = {key: str(value) for key, value in VITALS.items()}
    chair.do(actions.correct, 22, correction=Correction(wrong, right, "misread"))
    line = chair.state.readings[-1].line
    assert [one.payload["systolic"] for one in line.versions] == ["190", "130"]
    assert chair.row.last_vitals["systolic"] == "130"
    with pytest.raises(NotCorrectable):
        chair.do(actions.correct, 23, correction=Correction(1, {}, "no"))


def test_a_struck_out_reading_is_not_the_last_one(chair):
    chair.run().measure(20, systolic=Decimal(190))
    chair.do(actions.correct, 22, correction=Correction(chair.seen, None, "another patient's"))
    assert chair.row.last_vitals["systolic"] == "130"
    assert chair.row.last_reading_at == at(2)


def test_a_correction_that_cannot_be_is_refused(chair):
    chair.run()
    started = chair.seen
    chair.do(actions.stop, 50, reason="complete")
    with pytest.raises(NotNow):
        chair.do(actions.correct, 51, correction=Correction(started, None, "never started"))
    moved = Correction(started, {"rate_mg_min": "1"}, "pressed late", at(8))
    assert chair.do(actions.correct, 52, correction=moved).row.given_mg == Decimal(42)


def test_what_a_correction_changes_after_the_end_the_course_counts_too(chair):
    chair.run()
    started = chair.seen
    chair.do(actions.stop, 50, reason="complete")
    chair.do(actions.transfer, 60, to="Emergency department", reason="chest pain")
    assert chair.row.course.given_mg == chair.row.given_mg == Decimal(40)
    moved = Correction(started, {"rate_mg_min": "1"}, "pressed late", at(8))
    chair.do(actions.correct, 70, correction=moved)
    assert chair.row.course.given_mg == chair.row.given_mg == Decimal(42)
    nothing = Correction(started, {"rate_mg_min": "0"}, "the line had come off")
    chair.do(actions.correct, 71, correction=nothing)
    assert (chair.row.course.given_mg, chair.row.course.sessions_given) == (0, 0)
    assert journal.rebuild()


def test_ticks_of_two_people_do_not_undo_each_other(chair):
    seen = chair.seen
    chair.do(actions.tick, 1, ticks={"identity": (True, ""), "escort": (False, "")})
    chair.do(
        actions.tick, 2, seen=seen, ticks={"identity": (False, ""), "escort": (True, "Rosa 555")}
    )
    ticked = {key for key, one in chair.state.checklist.items() if one.done}
    assert ticked == {"identity", "escort"}


def test_a_tick_can_be_taken_away_again(chair):
    chair.prepare().do(actions.tick, 5, ticks={"escort": (False, "")})
    assert chair.row.standing is Phase.CHECKED_IN


def test_who_comes_second_is_told_who_was_first(chair):
    chair.prepare()
    seen = chair.seen
    chair.do(actions.start, 10, rate_mg_min=Decimal(1))
    with pytest.raises(SomeoneElseMoved, match=r"Ada Nurse was first.*already running"):
        chair.do(actions.start, 11, seen=seen, rate_mg_min=Decimal(1), by=chair.second)


def test_the_same_form_sent_twice_is_kept_once(chair):
    seen = chair.run().seen
    chair.do(actions.record_round, 20, taken=Taken(VITALS), seen=seen)
    with pytest.raises(SomeoneElseMoved, match="sent twice and kept once"):
        chair.do(actions.record_round, 20.1, taken=Taken(VITALS), seen=seen)
    other = {**VITALS, "systolic": Decimal(131)}
    chair.do(actions.record_round, 20.2, taken=Taken(other), seen=seen, by=chair.second)
    assert len(chair.state.readings) == 3


def test_another_clinics_session_is_not_there(chair, dee):
    with pytest.raises(NotHere):
        chair.do(actions.note, 1, by=dee, seen=1, text="hello")
    assert queries.room(clinic=dee.clinic_id, id=chair.id) is None
    assert queries.of_patient(clinic=dee.clinic_id, patient=chair.row.patient_id) == []
    assert queries.of_course(clinic=dee.clinic_id, course=chair.row.course_id) == []
    assert queries.today(clinic=dee.clinic_id, at=at()).present == ()


def test_nobody_is_checked_into_what_is_not_there(chair, dee, nurse, people, visit):
    for work in (
        lambda: actions.check_in(booking=visit.id, by=dee.author, at=at()),
        lambda: walk_in(chair.row.course, dee),
        lambda: actions.walk_in(
            course=chair.row.course_id, chair="Throne", nurse=nurse.id, by=nurse.author, at=at()
        ),
        lambda: actions.walk_in(
            course=chair.row.course_id, chair="Chair 1", nurse=dee.id, by=nurse.author, at=at()
        ),
    ):
        with pytest.raises(NotHere):
            work()


def test_the_front_desk_does_not_run_sessions(chair, people):
    from ketaflow.people.roles import Role

    for action, said in ((actions.note, {"text": "hi"}), (actions.cancel, {"reason": "hi"})):
        with pytest.raises(NotYours):
            chair.do(action, 1, by=people[Role.FRONT_DESK], **said)


def test_a_cancelled_visit_is_not_checked_in(visit, nurse):
    schedule.cancel(booking=visit.id, reason="snow", seen=1, by=nurse.author, at=at(-30))
    with pytest.raises(NotFromHere, match="cancelled"):
        actions.check_in(booking=visit.id, by=nurse.author, at=at())


def test_nobody_goes_home_where_no_protocol_says_for_how_long_to_watch(chair):
    chair.observe().score(109)
    silent = replace(protocol_named("TRD-IV-STD"), monitoring=None)
    room = queries.room(clinic=chair.nurse.clinic_id, id=chair.id)
    here = gates.Here(
        room.state, silent, room.policy, chair.nurse.author, at(111), tuple, Decimal
    )  # fmt: skip
    with pytest.raises(PolicyNotReady, match="says nothing about monitoring"):
        gates.allow(wishes.discharged(Departure(frozenset(), "Rosa"), here.by), here)


def test_no_session_of_a_course_that_has_ended(chair, nurse, prescriber):
    chair.do(actions.cancel, 1, reason="ill")
    from ketaflow.protocol import actions as courses

    course = chair.row.course
    courses.end(course=course, completed=False, reason="moved away", by=prescriber.author, at=at(2))
    with pytest.raises(courses.CourseOver):
        walk_in(course, nurse, 3)


def test_the_board_says_when_the_next_reading_is_due(chair):
    def due(minute):
        (one,) = queries.today(clinic=chair.nurse.clinic_id, at=at(minute)).present
        return one.next_due_at

    assert due(5) is None
    chair.run()
    assert due(11) == at(20)
    chair.measure(20)
    assert due(21) == at(30)
    chair.do(actions.stop, 50, reason="complete")
    assert due(51) == at(40), "the reading at the peak is still owed"
    chair.measure(52)
    assert due(53) == at(67)
    assert queries.room(clinic=chair.nurse.clinic_id, id=chair.id).next_due_at == at(67)


def test_the_board_shows_who_is_here_who_is_over_and_who_is_to_come(chair, visit, nurse):
    found = queries.today(clinic=nurse.clinic_id, at=at(1))
    assert [one.session.id for one in found.present] == [chair.id]
    assert [one.id for one in found.coming] == [visit.id]
    assert found.free_chairs == ("Chair 2",)
    chair.observe().score(109).leave(111)
    found = queries.today(clinic=nurse.clinic_id, at=at(112))
    assert (len(found.present), [one.session.id for one in found.over]) == (0, [chair.id])
    tomorrow = queries.today(clinic=nurse.clinic_id, at=at(1440))
    assert (tomorrow.present, tomorrow.over) == ((), ())


def test_a_list_shows_the_patients_sessions_newest_first(chair, patient, nurse):
    assert [one.id for one in queries.of_patient(clinic=nurse.clinic_id, patient=patient.id)] == [
        chair.id
    ]
    assert queries.of_booking(clinic=nurse.clinic_id, booking=uuid4()) is None
    assert Booking.objects.count() == 0
