"""What cannot be meant: each gets one clear sentence, and the record stays as it was."""

import gzip
import json
import random
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ketaflow.cli.fictional import courses, journeys
from ketaflow.cli.fictional.clinic import PASSWORD
from ketaflow.cli.fictional.courses import Telling
from ketaflow.cli.fictional.journeys import Journey
from ketaflow.cli.fictional.persons import Somebody
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.chart import Sex
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.library import Route
from ketaflow.protocol.models import SignedPolicy
from ketaflow.schedule import actions as schedule
from ketaflow.schedule import queries as booked
from ketaflow.schedule.openings import Wish
from ketaflow.session.discharge import always_for
from ketaflow.session.models import Session
from tests.stories.refused import Pages

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data/fhir"
MILAN = (DATA / "milan_beatty.json.gz").read_bytes()
SMALL = json.loads((DATA / "small.json").read_text())
CY = Somebody(
    number=1,
    given="Cy",
    family="Quillfeather",
    sex=Sex.MALE,
    born_on=date(1980, 2, 3),
    weight_kg=80.0,
    height_cm=180,
    systolic=122,
    diastolic=78,
)
SOMEONE_ELSE = "Someone else changed this a moment ago. Nothing of yours was saved"
NO_SUCH = "No page of your clinic has this address."
REQUIRED = "This field is required."


@pytest.fixture
def pages(team):
    return Pages(team)


@pytest.fixture
def referred(team):
    """A patient who was referred and interviewed; `found` is what was not quiet."""

    def told(**found):
        journey = Journey(CY, "depression", "TRD-IV-STD", 4)
        patient = journeys.referred(team, journey)
        journeys.interviewed(team, journey, patient, found)
        return patient

    return told


@pytest.fixture
def cleared(team):
    """Tells of a patient who may be treated and agreed to a course, planned yesterday."""

    def told(protocol="TRD-IV-STD", number=1):
        who = Somebody(**{**vars(CY), "number": number})
        journey = Journey(who, "depression", protocol, 4)
        patient = journeys.referred(team, journey)
        journeys.interviewed(team, journey, patient)
        journeys.tried(team, journey, patient)
        journeys.assessed(team, journey, patient)
        course = journeys.course_planned(team, journey, patient)
        journeys.agreed(team, journey, course)
        return Telling(team, journey, course, random.Random(number), 0.4)

    return told


@pytest.fixture
def at_the_chair(team, cleared):
    """A session as it stands so many minutes after check-in."""

    def sat(minutes, protocol="TRD-IV-STD"):
        telling, checked_in_at = cleared(protocol), team.now - timedelta(minutes=minutes)
        starts_at = checked_in_at - timedelta(minutes=checked_in_at.minute % 15)
        by, made_at = team.staff["desk"].author, team.at(-1, 12)
        visit = schedule.book(course=telling.course.id, wish=Wish(starts_at), by=by, at=made_at)
        courses.sit(telling, visit, checked_in_at)
        return Session.objects.get(booking_id=visit.id)

    return sat


@pytest.fixture
def press(pages):
    """Presses one button of a session's page, and is refused."""

    def pressed(session, act, sentence, status=422, who="nurse", seen=None, **said):
        seen = pages.seen(session.stream) if seen is None else seen
        told = {f"{act}-{name}": value for name, value in said.items()}
        path = f"/sessions/{session.id}/do/{act}/"
        pages.refuse(who, path, {f"{act}-seen": seen, **told}, sentence, status)

    return pressed


def changed(**fields):
    tree = json.loads(json.dumps(SMALL))
    tree["entry"][0]["resource"].update(fields)
    return json.dumps(tree).encode()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("cut.json.gz", MILAN[:5000], "breaks off before its end; ask the sender to send it"),
        ("letter.pdf", b"%PDF-1.7", "is not whole JSON: line 1, column 1 cannot be read;"),
        ("one.json", b'{"resourceType": "Patient"}', 'is a "Patient", not a Bundle;'),
        ("old.json", changed(animal={}), "is not FHIR R4"),
        ("zeros.json.gz", gzip.compress(bytes(80 * 1024**2)), "holds more than 64 MB unpacked;"),
        ("deep.json", b"[" * 100_000, "is nested more than 50 levels deep, as no record is;"),
        ("name.json", changed(name=[{"family": "<script>"}]), 'holds "<", which no name does;'),
        ("unborn.json", changed(birthDate="2199-01-01"), "lies in the future; check the year."),
    ],
)
def test_a_file_that_is_no_referral(pages, name, data, sentence):
    said = {"bundles": SimpleUploadedFile(name, data)}
    pages.refuse("desk", "/referrals/upload/", said, sentence)
    assert pages.of("desk").get("/patients/").content.count(b"<tbody>") == 0


def test_the_same_file_twice_changes_nothing(pages):
    for expected in ("taken in", "received before"):
        said = {"bundles": SimpleUploadedFile("milan.json.gz", MILAN)}
        page = pages.of("desk").post("/referrals/upload/", said, follow=True)
        assert expected in page.content.decode()
    assert pages.of("desk").get("/patients/").content.count(b"Beatty, Milan") == 1


def test_a_trial_that_cannot_have_been(pages, referred):
    patient = referred()
    path = f"/patients/{patient.id}/screening/trials/new/"
    seen = pages.seen(f"screening/{patient.id}")
    right = {"drug": "Sertraline", "adequate_dose": "yes", "outcome": "none", "seen": seen}
    backwards = {"started_on": "2026-05-01", "stopped_on": "2026-03-01"}
    sentence = "Sertraline stops on 2026-03-01, before it starts on 2026-05-01; check both days."
    pages.refuse("nurse", path, {**right, **backwards}, sentence)
    sentence = "2027-05-01 has not come yet; check the date."
    pages.refuse("nurse", path, {**right, "started_on": "2027-05-01"}, sentence)
    pages.refuse("nurse", path, {**right, "drug": ""}, f"Antidepressant: {REQUIRED}")
    pages.refuse("nurse", path, {**right, "seen": seen - 1}, SOMEONE_ELSE)


def test_a_finding_is_not_waved_through(pages, referred):
    patient = referred(aneurysm_or_avm="yes", eye_pressure="yes")
    at = f"/patients/{patient.id}/screening/reasons"
    seen = pages.seen(f"screening/{patient.id}")
    eye = {"reason": "Pressure is controlled", "severity": "relative", "seen": seen}
    vessel = {"reason": "It is small", "severity": "absolute", "seen": seen}
    only = "Only a medical director or prescriber may review a relative finding."
    pages.refuse("nurse", f"{at}/CI-09/", eye, only, 403)
    pages.refuse("prescriber", f"{at}/CI-09/", {**eye, "reason": ""}, REQUIRED)
    pages.refuse("prescriber", f"{at}/CI-09/", {**eye, "seen": seen - 1}, SOMEONE_ELSE)
    only = "CI-03 is absolute: only the medical director may override an absolute finding."
    pages.refuse("prescriber", f"{at}/CI-03/", vessel, only)


def test_a_fact_that_cannot_be(pages, referred):
    patient = referred()
    workup = f"/patients/{patient.id}/screening/workup/ecg/"
    pages.refuse("nurse", workup, {"done_on": "2027-01-01"}, "2027-01-01 has not come yet;")
    path = f"/patients/{patient.id}/note/"
    right = {"what": "weight", "value": "80", "on": "2026-12-01", "sheet": str(uuid4())}
    pages.refuse("nurse", path, {**right, "value": "984"}, "Is 984 kg meant to be 98.4 kg?")
    pages.refuse("nurse", path, {**right, "what": "systolic", "value": "1300"}, "30 to 300")
    pages.refuse("nurse", path, {**right, "on": "2027-12-01"}, "lies in the future;")
    pages.refuse("desk", path, right, "may record screening facts. Nothing was saved.", 403)


def test_an_unknown_protocol(pages, referred):
    patient = referred()
    for path in ("screening/?protocol=NO-SUCH", "courses/new/NO-SUCH/"):
        pages.refuse("prescriber", f"/patients/{patient.id}/{path}", {"seen": 1}, NO_SUCH, 404)


DRAWN = {
    "weight_kg": "80",
    "height_cm": "180",
    "previous_weight_kg": "80",
    "strength_mg_ml": "50",
    "bag_ml": "100",
    "sessions": "6",
}
CONFIRMED = {"confirm": "yes", "shown": "40.0/1.0000/0.80/None"}


def test_a_dose_that_cannot_be_meant(pages, cleared):
    at = f"/patients/{cleared().course.patient_id}/courses/new"
    for wrong, sentence in (
        ({"weight_kg": "800"}, "Is 800 kg meant to be 80 kg?"),
        ({"weight_kg": "8"}, "Is 8 kg meant to be 80 kg?"),
        ({"weight_kg": "176"}, "Is 176 kg meant to be 176 lb (79.8 kg)?"),
        ({"weight_kg": ""}, f"Weight (kg): {REQUIRED}"),
        ({"weight_kg": "NaN"}, "Weight (kg): Enter a number."),
        ({"height_cm": "1.80"}, "Is 1.8 cm meant to be 180 cm?"),
        ({"amount": "5"}, "Is 5 mg/kg meant to be 0.5 mg/kg?"),
        ({"amount": "-1"}, "The dose must be a plausible number above 0 mg/kg"),
        ({"amount": "2"}, "TRD-IV-STD gives 0.1 to 1 mg/kg at session 1, not 2 mg/kg."),
        ({"duration_min": "4"}, "TRD-IV-STD runs 40 min, not 4 min."),
        ({"strength_mg_ml": "500"}, "Vial strength: Select a valid choice."),
        ({"bag_ml": "0.1"}, "A bag volume of 0.1 mL is outside 1 to 3000 mL."),
        ({"sessions": "60", **CONFIRMED}, "TRD-IV-STD has 6 sessions (got 60);"),
    ):
        pages.refuse("prescriber", f"{at}/TRD-IV-STD/", {**DRAWN, **wrong}, sentence)
    tenfold = "Is 3.5 mg/kg/h meant to be 0.35 mg/kg/h?"
    pages.refuse("prescriber", f"{at}/CRPS-OP-1/", {**DRAWN, "amount": "3.5"}, tenfold)
    pages.refuse("prescriber", f"{at}/PROC-SED/", DRAWN, "PROC-SED has no dose to propose.")
    only = "Only a medical director or prescriber may plan a course and set its dose."
    pages.refuse("nurse", f"{at}/TRD-IV-STD/", DRAWN, only, 403)


def test_nobody_is_planned_for_unscreened(pages, referred):
    path = f"/patients/{referred().id}/courses/new/TRD-IV-STD/"
    sentence = "Screening has not been recorded for this protocol; record it first."
    pages.refuse("prescriber", path, {**DRAWN, **CONFIRMED}, sentence)


def test_a_course_that_cannot_go_on_so(pages, cleared):
    course = cleared().course
    at, seen = f"/courses/{course.id}", pages.seen(f"course/{course.id}")
    dose = {**DRAWN, "confirm": "yes", "seen": seen, "reason": "No effect after three sessions"}
    more = {"amount": "1", "shown": "80.0/2.0000/1.60/None"}
    a_little = {"amount": "0.6", "shown": "48.0/1.2000/0.96/None"}
    for path, said, sentence in (
        ("dose/", {**dose, **more}, "0.75 mg/kg"),
        ("dose/", {**dose, **a_little, "reason": "more"}, "needs its reason in words"),
        ("dose/", {**dose, **a_little, "seen": seen - 1}, SOMEONE_ELSE),
        ("review/", {"decision": "CONTINUE", "reason": "Well"}, "No session was given yet;"),
        ("end/", {"completed": "yes", "reason": ""}, f"Why: {REQUIRED}"),
        ("consent/", {"agreed": ["off-label"]}, "“The evidence has limits” is not ticked."),
    ):
        pages.refuse("prescriber", f"{at}/{path}", said, sentence)


def test_limits_that_no_clinic_means(pages, team):
    signed = protocol.policy(clinic=team.clinic.id)
    right = {key: str(value) for key, value in signed.values.items()} | {"seen": "1"}
    for wrong, sentence in (
        ({"ketamine_max_mg_session": "-1"}, "must lie between 1 and 1000 mg (got -1)."),
        ({"spo2_min_pct": "930"}, "must lie between 80 and 99 % (got 930)."),
        ({"iv_observation_min": ""}, f"Least observation after an infusion: {REQUIRED}"),
        ({"seen": "0"}, "signed after you opened this page. Nothing of yours was saved"),
    ):
        pages.refuse("director", "/policy/", {**right, **wrong}, sentence)
    only = "Only a medical director may sign the clinic's policy. Nothing was saved."
    pages.refuse("prescriber", "/policy/", right, only, 403)


def test_a_visit_that_cannot_be(pages, team, cleared):
    mine, his = (cleared(number=number).course for number in (1, 2))
    chair = booked.chairs(clinic=team.clinic.id)[0]
    desk = team.staff["desk"].author
    schedule.book(course=mine.id, wish=Wish(team.at(0, 11), chair.id), by=desk, at=team.now)
    for course, day, hour, more, sentence in (
        (his, 0, 11, {"chair": str(chair.id)}, "Chair 1 is taken at 11:00: choose another time."),
        (mine, 0, 11, {}, "The patient has another visit at 11:00: choose another time."),
        (mine, 1, 11, {}, "2026-12-02 is 1 day from the session on 2026-12-01; at least 2 days"),
        (mine, -2, 11, {}, "Sun 29 Nov 2026, 11:00 has passed: choose a later time."),
        (mine, 2, 4, {}, "The clinic is closed on Thu 3 Dec 2026, 04:00;"),
        (mine, 2, 18, {}, "A visit from 18:00 would last until 20:15, after the clinic closes"),
        (mine, 2, 11.12, {}, "Visits begin on a quarter hour: choose 11:00, not 11:07."),
        (mine, 2, 11, {"nurse": str(desk.id)}, "Choose a nurse who is on duty that day."),
    ):
        said = {"starts_at": team.at(day, hour).isoformat(), **more}
        pages.refuse("desk", f"/courses/{course.id}/bookings/", said, sentence)
    close = {"starts_at": [team.at(day, 11).isoformat() for day in (3, 4)]}
    pages.refuse("desk", f"/courses/{mine.id}/bookings/all/", close, "so none of the 2 was.")


def test_a_visit_that_somebody_else_changed(pages, team, cleared):
    course, desk = cleared().course, team.staff["desk"].author
    wish = Wish(team.at(0, 11))
    visit = schedule.book(course=course.id, wish=wish, by=desk, at=team.now)
    path = f"/courses/{course.id}/bookings/{visit.id}/"
    ill = {"do": "cancel", "cancel-reason": "ill", "cancel-seen": 1}
    pages.refuse("desk", path, {**ill, "cancel-seen": 0}, SOMEONE_ELSE)
    pages.refuse("desk", path, {**ill, "cancel-reason": ""}, f"Why it is cancelled: {REQUIRED}")
    early = "The visit begins at 11:00, so nobody has missed it yet: cancel it instead."
    pages.refuse("desk", path, {"do": "missed", "missed-seen": 1}, early)


WELL = {
    "systolic": "122",
    "diastolic": "78",
    "heart_rate": "70",
    "spo2": "98",
    "respiratory_rate": "14",
}
READ = {
    "dose_mg": "40",
    "rate_mg_min": "1",
    "email": "nurse2@example.org",
    "password": PASSWORD,
    "own_password": PASSWORD,
}


def test_a_baseline_that_nobody_has(press, at_the_chair):
    session = at_the_chair(3)
    for wrong, sentence in (
        ({"spo2": "980"}, "SpO2 980 % cannot be entered: it takes 20 to 100."),
        ({"systolic": "12"}, "Systolic pressure 12 mmHg cannot be entered"),
        ({"systolic": "78", "diastolic": "122"}, "Were the two exchanged? Enter them again."),
        (dict.fromkeys(WELL, ""), "No vital sign was entered; enter at least one."),
    ):
        press(session, "baseline", sentence, **{**WELL, **wrong})


def test_a_dose_that_was_not_checked(press, at_the_chair):
    session = at_the_chair(3)
    for wrong, sentence, status in (
        ({"email": "nurse@example.org"}, "prepared this dose and cannot check it too.", 422),
        ({"password": "guess"}, "do not belong to anybody who works here.", 422),
        ({"email": "desk@example.org"}, "may run a session. Nothing was saved.", 403),
        ({"dose_mg": "400"}, "Is 400 mg meant to be 40 mg?", 422),
        ({"dose_mg": "0.8"}, "The dose ordered is 40 mg and 0.8 mg was entered.", 422),
        ({"dose_mg": "42"}, "The dose ordered is 40 mg and 42 mg was entered.", 422),
        ({"rate_mg_min": "10"}, "Is 10 mg/min meant to be 1 mg/min?", 422),
    ):
        press(session, "dose", sentence, status, **{**READ, **wrong})


def test_a_session_that_cannot_begin(pages, press, at_the_chair):
    session = at_the_chair(3)
    press(session, "start", "Started cannot be recorded now", rate_mg_min="1")
    press(session, "stop", "Stopped cannot be recorded now", reason="complete")
    press(session, "start", "may run a session.", 403, who="desk", rate_mg_min="1")
    press(session, "cancel", f"Why: {REQUIRED}", reason="")
    twice = {"chair": "Chair 3", "nurse": str(session.nurse_id)}
    path = f"/courses/{session.course_id}/check-in/"
    pages.refuse("nurse", path, twice, "Nothing was opened twice: go on there.")


def test_no_session_starts_without_signed_limits(press, at_the_chair):
    session = at_the_chair(18)
    SignedPolicy.objects.all().delete()
    sentence = "This clinic has no policy: the medical director sets and signs one."
    press(session, "start", sentence, rate_mg_min="1")


def test_a_pump_that_cannot_run_so(press, at_the_chair):
    session = at_the_chair(28)
    for said, sentence in (
        ({"rate_mg_min": "10", "reason": "more"}, "Is 10 mg/min meant to be 1 mg/min?"),
        ({"rate_mg_min": "2.5", "reason": "more"}, "2.5 mg/min is 150 mg/h, above the cap of 120"),
        ({"rate_mg_min": "-1", "reason": "more"}, "A rate in mg/min must be a number of 0 or more"),
        ({"rate_mg_min": "1.2", "reason": ""}, f"Why: {REQUIRED}"),
    ):
        press(session, "rate", sentence, **said)
    press(session, "pause", f"Why: {REQUIRED}", reason=" ")
    press(session, "resume", "Resumed cannot be recorded now: the session is running")
    press(session, "home", "Discharged cannot be recorded now", escort="Rosa")


def test_a_round_that_cannot_be(press, at_the_chair):
    session = at_the_chair(28)
    for said, sentence in (
        ({"systolic": "1300", "diastolic": "80"}, "Systolic pressure 1300 mmHg cannot be entered"),
        ({}, "No vital sign was entered; enter at least one."),
        ({"pain": "11"}, "Pain (0 to 10): Ensure this value is less than or equal to 10."),
        ({**WELL, "when": "23:00"}, "That time is not within this session"),
        ({**WELL, "when": "08:00"}, "That time is not within this session"),
    ):
        press(session, "round", sentence, **said)
    press(session, "effect", "Select a valid choice.", effect="hiccups", severity="1")


def test_a_page_that_is_out_of_date(press, pages, at_the_chair):
    session = at_the_chair(28)
    press(
        session,
        "stop",
        "was first and recorded “started”: the session is already running. Nothing of yours was",
        409,
        seen=pages.seen(session.stream) - 9,
        reason="complete",
    )


def test_a_second_device_before_its_time(press, at_the_chair):
    session = at_the_chair(23, "ESK-TRD")
    wait = "Wait 60 seconds more: the label asks for 5 minutes between devices."
    press(session, "device", wait, lot="LOT1")
    press(session, "device", f"Lot number on the device: {REQUIRED}", lot="")
    press(session, "rate", "does not belong to this order.", rate_mg_min="1", reason="more")


def test_a_way_home_before_two_hours(press, at_the_chair):
    session = at_the_chair(88, "ESK-TRD")
    done = [one.key for one in always_for(Route.NASAL)]
    early = "Not yet: 120 minutes from the first spray are not over, 51 more to wait"
    press(session, "home", early, escort="Rosa", done=done)
    press(session, "home", early, escort="Rosa", done=done, shortened="She is well")
    press(session, "home", early, who="director", escort="Rosa", done=done, shortened=" ")
    press(session, "home", "The escort is here and named: not ticked", escort="Rosa")
    press(session, "home", f"Who takes the patient home: {REQUIRED}", escort="", done=done)
    press(session, "device", "Device given cannot be recorded now", lot="LOT3")


def test_answers_that_cannot_be(pages, cleared):
    at = f"/patients/{cleared().course.patient_id}/outcomes"
    sheet = {"sheet": str(uuid4()), "occasion": "BASELINE"}
    full = {f"item-{n}": "1" for n in range(1, 9)} | {"item-9": "0"}
    for name, said, sentence in (
        ("phq-9", {**full, "item-3": "7"}, "Select a valid choice."),
        ("phq-9", {"item-1": "2"}, "Not answered: 2, 3, 4, 5, 6, 7, 8, 9. There is no total then."),
        ("phq-9", {"incomplete": "yes"}, "No question was answered. Answer at least one"),
        ("phq-9", {**full, "occasion": "SOMETIME"}, "Select a valid choice."),
        ("nrs-pain", {"item-1": "11"}, "Select a valid choice."),
        ("madrs", {"total": "600", "suicide_item": "0"}, "has a total from 0 to 60 and 600 was"),
        ("madrs", {"total": "20"}, f"Item 10, about suicide: {REQUIRED}"),
    ):
        pages.refuse("nurse", f"{at}/{name}/new/", {**sheet, **said}, sentence)
    pages.refuse("nurse", f"{at}/no-such/new/", sheet, NO_SUCH, 404)
    only = "may record questionnaires. Nothing was saved."
    pages.refuse("desk", f"{at}/phq-9/new/", {**sheet, **full}, only, 403)


def test_a_danger_that_is_not_waved_away(pages, team, cleared):
    answers = (2, 2, 3, 2, 1, 2, 2, 1, 2)
    taken = courses.give(cleared(), "phq-9", answers, Occasion.FOLLOW_UP, team.now)
    path, seen = f"/tasks/{taken.task.id}/", pages.seen(taken.task.stream)
    close = {"step": "close", "outcome": "RESOURCES", "reason": "Called her", "seen": seen}
    pages.refuse("nurse", path, {**close, "reason": ""}, REQUIRED)
    pages.refuse("nurse", path, close, "Questions are still open: ask the Columbia screener first.")
    gone = {**close, "outcome": "EMERGENCY", "seen": seen - 1}
    pages.refuse("nurse", path, gone, SOMEONE_ELSE)
    asked = {"step": "ask", "sheet": str(uuid4())}
    pages.refuse("nurse", path, asked, "Not answered: 1, 2, 3, 4, 5, 6, 6-recent.")


def test_aftercare_that_cannot_be_signed(pages, team, cleared):
    telling = cleared()
    path = f"/courses/{telling.course.id}/aftercare/"
    page = pages.of("prescriber").get(path)
    assert "aftercare is planned when induction ends." in page.content.decode()
    telling = courses.visits(telling, [-2])
    courses.finish(telling, team.at(-1, 15), completed=False)
    form = pages.of("prescriber").get(path).context["form"]
    right = {**form.initial, "weeks": "9"}
    for who, wrong, sentence, status in (
        ("prescriber", {}, "The proposal is none: write why yours differs.", 422),
        ("prescriber", {"weeks": "90"}, "Ensure this value is less than or equal to 52.", 422),
        ("prescriber", {"shown": "another"}, "The proposal changed since you read it.", 422),
        ("nurse", {}, "may sign an aftercare plan. Nothing was saved.", 403),
    ):
        pages.refuse(who, path, {**right, **wrong}, sentence, status)
    pages.refuse("nurse", f"{path}check-in/", {"seen": 0}, f"Thoughts of suicide: {REQUIRED}")
    pages.refuse("nurse", f"{path}relapse/", {"what": ""}, f"What happened: {REQUIRED}")
