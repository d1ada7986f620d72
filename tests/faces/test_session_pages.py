"""The board and the room as they are used: prepared, started, watched, sent home; looked at."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ketaflow.journal import queries as journal
from ketaflow.journal.actions import record
from ketaflow.people.roles import Role
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.openings import Wish as Visit
from ketaflow.session import actions, checklist, queries
from ketaflow.session.discharge import always_for
from ketaflow.session.models import Session
from ketaflow.session.phases import Phase
from ketaflow.session.wishes import Taken

from ..conftest import PASSWORD, register
from ..laws import test_session_rows as rows
from ..laws.test_schedule_bookings import equip
from ..laws.test_session_rows import IV_ORDER, NASAL_ORDER, VITALS, Chairside
from .test_look import look, sign_in

HOUR = timedelta(hours=1)


@pytest.fixture
def earlier(monkeypatch):
    """The story began three hours ago, so that the pages' own clock is after it."""
    monkeypatch.setattr(rows, "NOW", timezone.now() - 3 * HOUR)


@pytest.fixture
def open_session(earlier, director, nurse, prescriber):
    """Opens a session, checked in `ago` minutes before now, of a patient who may be treated."""
    rows.sign_policy(director)
    first = rows.at().astimezone(nurse.clinic.zone).date()
    equip(director, nurse, chairs=6, days=3, first=first, at=rows.at())

    def opened(patient, order=IV_ORDER, chair="Chair 1"):
        course = rows.plan(patient, prescriber, order)
        rows.screen(patient, nurse, course)
        rows.agree(patient, course, nurse)
        session = actions.walk_in(
            course=course.id, chair=chair, nurse=nurse.id, by=nurse.author, at=rows.at()
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
def nurses_page(signed_in):
    return signed_in(Role.NURSE)


def room(chair):
    return reverse("session", args=[chair.id])


def words(answer):
    return " ".join(answer.content.decode().split())


def press(client, chair, act, seen=None, **said):
    seen = chair.seen if seen is None else seen
    told = {f"{act}-{name.replace('__', '-')}": value for name, value in said.items()}
    url = reverse("session_act", args=[chair.id, act])
    return client.post(url, {f"{act}-seen": seen, **told})


def dose(client, chair, second, **changed):
    told = {"dose_mg": "40", "rate_mg_min": "1", "email": second.user.email, "password": PASSWORD}
    told["own_password"] = PASSWORD
    return press(client, chair, "dose", **{**told, **changed})


SIGNS = {name: str(value) for name, value in VITALS.items()}


def test_a_whole_infusion_by_its_forms(chair, nurses_page, prescriber):
    client = nurses_page
    ticks = {one.key: "on" for one in checklist.asked(chair.state.order)}
    assert press(client, chair, "tick", **ticks, **{"escort-note": "Rosa"}).status_code == 302
    assert press(client, chair, "baseline", **SIGNS).status_code == 302
    assert dose(client, chair, prescriber).status_code == 302
    assert press(client, chair, "start", rate_mg_min="1").status_code == 302
    assert press(client, chair, "round", **SIGNS, sedation="4", pain="0").status_code == 302
    assert press(client, chair, "rate", rate_mg_min="0.8", reason="drowsy").status_code == 302
    assert press(client, chair, "pause", reason="anxious").status_code == 302
    assert press(client, chair, "resume", rate_mg_min="").status_code == 302
    assert press(client, chair, "effect", effect="nausea", severity="2").status_code == 302
    assert press(client, chair, "note", text="Calm.").status_code == 302
    assert press(client, chair, "stop", reason="complete").status_code == 302
    assert chair.row.standing is Phase.OBSERVING
    page = words(client.get(room(chair)))
    for said in ("Under observation", "Nausea, 2 of 5", "Note: Calm.", "MOAA/S 4", "0.8 mg/min"):
        assert said in page


def test_the_way_home_by_its_forms(chair, nurses_page):
    chair.observe()
    items = ("activity", "respiration", "circulation", "consciousness", "spo2")
    assert press(nurses_page, chair, "aldrete", **dict.fromkeys(items, "2")).status_code == 302
    answer = press(nurses_page, chair, "home", escort="Rosa", done=["escort"])
    assert answer.status_code == 422
    assert "not ticked" in words(answer)
    done = [one.key for one in always_for(chair.state.order.route)]
    assert press(nurses_page, chair, "home", escort="Rosa", done=done).status_code == 302
    assert chair.row.standing is Phase.DISCHARGED
    assert "Went home with Rosa" in words(nurses_page.get(room(chair)))


def test_the_two_hours_are_said_in_words_and_only_a_director_may_shorten_them(
    spray, nurses_page, signed_in
):
    spray.prepare().do(actions.give_device, 100, lot="L1").do(actions.give_device, 105, lot="L1")
    spray.measure(150).score(150)
    page = words(nurses_page.get(room(spray)))
    assert "more of the 120 minutes from the first spray" in page
    assert "Medical director" not in page
    done = [one.key for one in always_for(spray.state.order.route)]
    answer = press(nurses_page, spray, "home", escort="Rosa", done=done)
    assert (answer.status_code, spray.row.ended_at) == (422, None)
    director = signed_in(Role.MEDICAL_DIRECTOR)
    told = {"escort": "Rosa", "done": done, "shortened": "wide awake"}
    assert press(director, spray, "home", **told).status_code == 302
    assert "observation shortened by Mia Director: wide awake" in words(director.get(room(spray)))


def test_the_second_person_proves_who_they_are(chair, nurses_page, prescriber, nurse, dee):
    wrong = dose(nurses_page, chair, prescriber, password="guess")
    assert (wrong.status_code, "do not belong" in words(wrong)) == (422, True)
    assert "guess" not in wrong.content.decode()
    same = dose(nurses_page, chair, nurse)
    assert "prepared this dose" in words(same)
    assert "do not belong to anybody who works here" in words(dose(nurses_page, chair, dee))
    assert chair.state.dose_check is None


def test_guessing_the_second_persons_password_locks_it(chair, nurses_page, prescriber):
    for _ in range(5):
        dose(nurses_page, chair, prescriber, password="guess")
    locked = dose(nurses_page, chair, prescriber)
    assert (locked.status_code, "too many wrong passwords" in words(locked)) == (422, True)
    assert chair.state.dose_check is None


def test_a_tenfold_dose_is_named_and_what_was_typed_is_still_there(chair, nurses_page, prescriber):
    answer = dose(nurses_page, chair, prescriber, dose_mg="400")
    assert answer.status_code == 422
    assert 'value="400"' in answer.content.decode()
    assert "40" in words(answer)


def test_a_stale_page_says_who_was_first_and_keeps_what_was_typed(chair, nurses_page):
    seen = chair.run().seen
    chair.do(actions.pause, 20, reason="anxious", by=chair.second)
    stale = press(nurses_page, chair, "stop", seen=seen, reason="sedation")
    page = words(stale)
    assert stale.status_code == 409
    assert "Ben Prescriber was first" in page
    assert "already paused" in page
    assert '<option value="sedation" selected>' in page
    assert chair.row.standing is Phase.PAUSED
    assert f'name="stop-seen" value="{chair.seen}"' in stale.content.decode()


def test_a_form_sent_twice_is_kept_once(chair, nurses_page):
    seen = chair.run().seen
    press(nurses_page, chair, "note", seen=seen, text="Calm.")
    assert press(nurses_page, chair, "note", seen=seen, text="Calm.").status_code == 409
    assert len(chair.state.notes) == 1


def test_nothing_typed_is_lost_when_one_number_is_wrong(chair, nurses_page):
    chair.run()
    answer = press(nurses_page, chair, "round", **{**SIGNS, "spo2": "980"})
    assert answer.status_code == 422
    assert 'value="980"' in answer.content.decode()
    assert "takes 20 to 100" in words(answer)


def test_what_is_corrected_shows_old_and_new(chair, nurses_page):
    chair.run().measure(20, systolic=Decimal(190))
    url = reverse("session_correct", args=[chair.id, chair.seen])
    assert "190/80" in words(nurses_page.get(url))
    told = {**SIGNS, "seen": chair.seen, "time": "", "because": "misread"}
    assert nurses_page.post(url, told).status_code == 422
    local = timezone.localtime(chair.state.readings[-1].at, chair.row.clinic.zone)
    answer = nurses_page.post(url, {**told, "time": local.strftime("%H:%M")})
    assert answer.status_code == 302
    page = words(nurses_page.get(room(chair)))
    assert "190/80" in page
    assert "misread" in page
    assert chair.row.last_vitals["systolic"] == "130"


@pytest.mark.parametrize("name", ["session", "session_print", "session_act", "session_correct"])
def test_another_clinics_session_is_not_found(chair, dee, client, name):
    more = {"session_act": ["note"], "session_correct": [1]}.get(name, [])
    client.force_login(dee.user)
    url = reverse(name, args=[chair.id, *more])
    assert client.get(url).status_code == 404
    assert client.post(url, {"note-seen": 1, "note-text": "hi"}).status_code in {404, 405}
    assert chair.state.notes == ()


def test_another_clinics_patient_course_and_visit_are_not_found(chair, dee, client):
    client.force_login(dee.user)
    row = chair.row
    for name, id in (
        ("sessions", row.patient_id),
        ("session_walk_in", row.course_id),
        ("session_check_in", uuid4()),
    ):
        assert client.get(reverse(name, args=[id])).status_code == 404
        assert client.post(reverse(name, args=[id])).status_code == 404
    assert row.patient.name not in words(client.get(reverse("board")))


@pytest.fixture
def visit(open_session, patient, prescriber, nurse):
    course = rows.plan(patient, prescriber)
    rows.screen(patient, nurse, course)
    rows.agree(patient, course, nurse)
    by, zone = nurse.author, nurse.clinic.zone
    morning = timezone.now().astimezone(zone).replace(hour=8, minute=0, second=0, microsecond=0)
    return schedule.book(
        course=course.id, wish=Visit(morning), by=by, at=morning - timedelta(hours=2)
    )


def test_a_booked_patient_is_checked_in_from_the_board(visit, nurses_page, signed_in):
    page = words(nurses_page.get(reverse("board")))
    assert "Check in" in page
    url = reverse("session_check_in", args=[visit.id])
    opened = nurses_page.post(url)
    session = Session.objects.get()
    assert opened.url == reverse("session", args=[session.id])
    assert nurses_page.post(url).url == opened.url, "the second press leads to the same room"
    assert nurses_page.get(url).url == reverse("board")
    desk = signed_in(Role.FRONT_DESK)
    assert desk.post(url).status_code == 403
    assert "Being prepared" in words(desk.get(reverse("board")))


def test_who_may_not_read_charts_sees_no_readings_on_the_board(chair, signed_in, nurses_page):
    chair.run().measure(20, systolic=Decimal(171))
    assert "171/80" in words(nurses_page.get(reverse("board")))
    desk = signed_in(Role.FRONT_DESK)
    assert "171" not in words(desk.get(reverse("board")))
    assert desk.get(room(chair)).status_code == 403


def test_the_board_says_what_is_overdue_in_words(chair, nurses_page):
    chair.run().measure(20, systolic=Decimal(141))
    page = words(nurses_page.get(reverse("board")))
    assert "overdue" in page
    assert "systolic 11 above" in page


def test_the_board_refreshes_its_chairs_alone(chair, nurses_page):
    part = words(nurses_page.get(reverse("board"), headers={"HX-Request": "true"}))
    assert part.startswith('<div id="chairs"')
    assert "<html" not in part


def test_the_room_says_when_somebody_recorded_something(chair, nurses_page):
    seen = chair.seen
    url, asked = room(chair), {"HX-Request": "true"}
    assert "Show it" not in words(nurses_page.get(f"{url}?seen={seen}", headers=asked))
    chair.prepare()
    part = words(nurses_page.get(f"{url}?seen={seen}", headers=asked))
    assert part.startswith('<div id="now"')
    assert "Show it" in part


def test_a_walk_in_chooses_chair_and_nurse(chair, nurses_page, nurse, patient):
    chair.do(actions.cancel, 5, reason="a cold")
    assert "Check in without a booking" in words(
        nurses_page.get(reverse("sessions", args=[patient.id]))
    )
    url = reverse("session_walk_in", args=[chair.row.course_id])
    assert "Chair 2" in words(nurses_page.get(url))
    answer = nurses_page.post(url, {"chair": "Chair 2", "nurse": str(nurse.id)})
    live = Session.objects.exclude(id=chair.id).get()
    assert answer.url == reverse("session", args=[live.id])
    again = nurses_page.post(url, {"chair": "Chair 2", "nurse": str(nurse.id)})
    assert (again.status_code, "already checked in" in words(again)) == (422, True)


def test_the_printed_record_holds_every_line_and_the_seal(chair, nurses_page):
    chair.observe().score(109).leave(111)
    page = words(nurses_page.get(reverse("session_print", args=[chair.id])))
    head = journal.entries(clinic=chair.nurse.clinic_id, stream=f"session/{chair.id}")[-1]
    assert head.hash[:16] in page
    assert "Went home with Rosa, sister" in page
    assert "Dose checked: 40 mg, 1 mg/min, prepared by Ada Nurse" in page.replace(";", ",")


def test_a_reader_of_a_session_is_in_the_record(chair, nurses_page):
    nurses_page.get(room(chair))
    stream = f"access/{chair.row.patient_id}"
    assert [
        one.payload["page"] for one in journal.entries(clinic=chair.nurse.clinic_id, stream=stream)
    ] == ["session"]


def test_what_the_model_was_not_made_for_is_a_sentence_and_the_page_still_works(
    open_session, nurse, nurses_page
):
    order = IV_ORDER | {"weight_kg": "20"}
    chair = open_session(register(nurse, "K-9", "Small", "Person"), order)
    answer = nurses_page.get(room(chair))
    assert answer.status_code == 200
    assert "No forecast" in words(answer)


def test_the_forecast_follows_the_pump(chair, nurses_page):
    from ketaflow.web import session_forecast

    def doses(minute):
        whole = queries.room(clinic=chair.nurse.clinic_id, id=chair.id)
        return [
            (round(one.at_min), one.rate_mg_min)
            for one in session_forecast.programme(whole.state, rows.at(minute))
        ]

    assert doses(0) == [(0, 1.0), (40, 0.0)]
    chair.run()
    assert doses(20) == [(0, 1.0), (40, 0.0)]
    chair.do(actions.change_rate, 30, rate_mg_min=Decimal("0.5"), reason="drowsy")
    assert doses(30) == [(0, 1.0), (20, 0.5), (60, 0.0)]
    assert doses(90)[-1] == (80, 0.0), "a pump nobody stopped is still running"
    chair.do(actions.pause, 40, reason="anxious")
    assert doses(50) == [(0, 1.0), (20, 0.5), (30, 0.0)]


def test_devices_still_to_come_are_five_minutes_apart(spray):
    from ketaflow.web import session_forecast

    def doses(minute):
        whole = queries.room(clinic=spray.nurse.clinic_id, id=spray.id)
        return [
            round(one.at_min) for one in session_forecast.programme(whole.state, rows.at(minute))
        ]

    assert doses(0) == [0, 5]
    spray.prepare().do(actions.give_device, 10, lot="L1")
    assert (doses(11), doses(18)) == ([0, 5], [0, 8])
    spray.do(actions.stop, 19, reason="her wish")
    assert doses(30) == [0]


def many(count, nurse, prescriber):
    """So many sessions running, as their entries say it, without the steps before."""
    from django.db import transaction

    for number in range(count):
        who = register(nurse, f"M-{count}-{number}", "Many", f"Patient{number}")
        course = rows.plan(who, prescriber)
        id, by = uuid4(), nurse.author
        order = {**IV_ORDER, "drug": "ketamine", "route": "iv"}
        opened = {
            "course": str(course.id), "patient": str(who.id), "number": 1, "order": order,
            "booking": None, "chair": f"Chair {number}", "nurse": str(nurse.id),
            "planned_start_at": None, "planned_end_at": None,
        }  # fmt: skip
        with transaction.atomic():
            for kind, payload in (("checked_in", opened), ("baseline", SIGNS)):
                record(
                    stream=f"session/{id}", kind=f"session.{kind}", by=by, at=rows.at(),
                    payload=payload,
                )  # fmt: skip


def test_the_board_asks_as_often_with_sixty_sessions_as_with_three(
    open_session, nurse, prescriber, nurses_page
):
    def asked():
        with CaptureQueriesContext(connection) as found:
            assert nurses_page.get(reverse("board")).status_code == 200
        return len(found)

    many(3, nurse, prescriber)
    asked()  # the first page after signing in notes that somebody is there
    few = asked()
    many(57, nurse, prescriber)
    asked()  # after a while without a press, so does the next
    assert asked() == few
    assert few <= 20
    assert Session.objects.count() == 60


def test_a_room_asks_as_often_after_many_readings_as_after_few(chair, nurses_page):
    def asked():
        with CaptureQueriesContext(connection) as found:
            assert nurses_page.get(room(chair)).status_code == 200
        return len(found)

    chair.run()
    asked()
    few = asked()
    for minute in range(11, 31):
        chair.measure(minute)
    assert asked() == few


@pytest.mark.browser
def test_the_room_in_every_phase_has_no_barrier(page, committed, chair, nurse):
    sign_in(page, nurse)
    page.goto(room(chair))
    look(page, "session-prepare")
    chair.prepare()
    page.goto(room(chair))
    look(page, "session-start")
    chair.do(actions.start, 140, rate_mg_min=Decimal(1))
    taken = Taken({**VITALS, "systolic": Decimal(148)}, sedation=4, dissociation=9, pain=0)
    chair.do(actions.record_round, 150, taken=taken)
    chair.do(actions.change_rate, 155, rate_mg_min=Decimal("0.8"), reason="drowsy")
    chair.measure(160, systolic=Decimal(176), diastolic=Decimal(104))
    page.goto(room(chair))
    look(page, "session-running")
    chair.do(actions.pause, 165, reason="anxious")
    page.goto(room(chair))
    look(page, "session-paused")
    chair.do(actions.stop, 170, reason="complete")
    page.goto(room(chair))
    look(page, "session-observing")
    page.goto(reverse("session_print", args=[chair.id]))
    look(page, "session-print")


@pytest.mark.browser
def test_the_board_and_the_lists_have_no_barrier(page, committed, open_session, nurse, patient):
    chairs = [
        open_session(
            register(nurse, f"K-1{n}", given, family), NASAL_ORDER if n == 2 else IV_ORDER,
            f"Chair {n + 1}",
        )
        for n, (given, family) in enumerate(
            [("Milan", "Beatty"), ("Rosa", "Kuhlman"), ("Ines", "Ortega"), ("Tom", "Wu")]
        )
    ]  # fmt: skip
    chairs[0].run().measure(172, systolic=Decimal(171))
    chairs[1].observe()
    chairs[2].prepare().do(actions.give_device, 170, lot="L1").measure(175)
    sign_in(page, nurse)
    page.goto(reverse("board"))
    look(page, "board")
    page.goto(reverse("sessions", args=[chairs[1].row.patient_id]))
    look(page, "sessions")
    page.goto(room(chairs[2]))
    look(page, "session-spray")
    page.goto(reverse("session_walk_in", args=[chairs[1].row.course_id]))
    look(page, "session-walk-in")
    page.goto(reverse("session_correct", args=[chairs[0].id, chairs[0].seen]))
    look(page, "session-correct")


@pytest.mark.browser
def test_a_nurse_starts_the_pump_without_scripts(chromium, live_server, committed, chair, nurse):
    chair.prepare()
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, nurse)
    page.goto(room(chair))
    page.get_by_label("Rate the pump shows").fill("1")
    page.get_by_role("button", name="The pump is running").click()
    assert page.get_by_text("Drug being given").first.is_visible()
    page.get_by_label("Systolic, in mmHg").fill("141")
    page.get_by_label("Diastolic, in mmHg").fill("88")
    page.get_by_role("button", name="Save the round").click()
    assert page.get_by_text("141/88 mmHg").first.is_visible()
    context.close()


def test_who_prepared_the_dose_signs_with_their_own_password(chair, nurses_page, prescriber):
    wrong = dose(nurses_page, chair, prescriber, own_password="somebody else's")
    assert "The password of Ada Nurse, who prepared the dose, is not right." in words(wrong)
    assert "somebody else's" not in words(wrong)
    assert dose(nurses_page, chair, prescriber, own_password="").status_code == 422
    assert chair.state.dose_check is None
