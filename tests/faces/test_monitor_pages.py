"""The pages about monitors: what waits, which stands where, and confirming a row."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from ketaflow.cli.fictional import clinic
from ketaflow.journal import queries as journal
from ketaflow.schedule import queries as schedule
from ketaflow.session import actions as sit
from ketaflow.session import queries as sessions
from ketaflow.session.monitors import actions, queries
from ketaflow.session.monitors.arrivals import By
from ketaflow.session.wishes import Taken
from ketaflow.web.paper import session_record

from ..access import stages
from ..arriving import arrival

CONFIRM = "From monitor, not yet confirmed"


@pytest.fixture
def team(db):
    return clinic.open_clinic(timezone.now())


@pytest.fixture
def held(team):
    """The session of somebody who is being given the drug, and their chair."""
    ids = stages.in_the_chair(team, 1, 45)
    return sessions.session(clinic=team.clinic.id, id=ids["session"])


@pytest.fixture
def ada(team):
    client = Client()
    client.force_login(team.staff["nurse"].user)
    return client


def post(client, **said):
    return client.post("/monitors/", said, follow=True)


def bind(client, team, held, value="Bay^1^3"):
    chair = next(o for o in schedule.chairs(clinic=team.clinic.id) if o.name == held.chair)
    told = {"bind-monitor": "PLACE", "bind-value": value, "bind-chair": str(chair.id)}
    return post(client, do="bind", **told)


def came(team, *arrivals):
    now = timezone.now()
    return actions.receive(arrivals=arrivals, clinic=team.clinic.id, at=now)


def group_of(team):
    return queries.waiting(clinic=team.clinic.id)[0]


def test_what_a_bound_monitor_sends_stands_on_the_flowsheet_unconfirmed(team, held, ada):
    assert "joins the session" in bind(ada, team, held).content.decode()
    came(team, arrival(timezone.now(), systolic=131, diastolic=77))
    page = ada.get(f"/sessions/{held.id}/").content.decode()
    assert CONFIRM in page
    assert "131/77" in page
    assert CONFIRM in ada.get(f"/sessions/{held.id}/print/").content.decode()


def test_a_nurse_confirms_a_row_once(team, held, ada):
    bind(ada, team, held)
    came(team, arrival(timezone.now() - timedelta(seconds=5), systolic=131, diastolic=77))
    (row,) = queries.unconfirmed(clinic=team.clinic.id, session=held.id)
    said = {"reading": str(row.id), "seen": "999"}
    page = ada.post(f"/sessions/{held.id}/confirm/", said, follow=True).content.decode()
    assert "The row is confirmed." in page
    assert CONFIRM not in page
    assert "Ada Whitfield, from monitor ACME" in page
    again = ada.post(f"/sessions/{held.id}/confirm/", said, follow=True)
    assert again.status_code == 422
    assert "confirmed this row already" in again.content.decode()


def test_a_confirmed_reading_is_the_last_one_of_the_board(team, held, ada):
    bind(ada, team, held)
    at = timezone.now() - timedelta(seconds=5)
    came(team, arrival(at, systolic=131, diastolic=77))
    (row,) = queries.unconfirmed(clinic=team.clinic.id, session=held.id)
    ada.post(f"/sessions/{held.id}/confirm/", {"reading": str(row.id), "seen": "999"})
    held.refresh_from_db()
    assert held.last_vitals["systolic"] == "131"
    assert held.last_reading_at == at
    journal.rebuild()


def test_a_garbled_press_changes_nothing(team, held, ada):
    said = {"reading": "nonsense", "seen": "x"}
    page = ada.post(f"/sessions/{held.id}/confirm/", said, follow=True).content.decode()
    assert "cannot be read" in page
    unknown = {"reading": str(uuid4()), "seen": "1"}
    assert ada.post(f"/sessions/{held.id}/confirm/", unknown).status_code == 422
    assert ada.get(f"/sessions/{held.id}/confirm/").status_code == 302


def test_what_no_chair_is_bound_to_waits_until_a_nurse_assigns_it(team, held, ada):
    at = timezone.now() - timedelta(minutes=1)
    came(team, arrival(at, "1", systolic=131, diastolic=77), arrival(at, "2", spo2=96))
    page = ada.get("/monitors/").content.decode()
    assert "No chair is bound to this monitor" in page
    assert "2 messages" in page
    one = group_of(team)
    told = {"assign-group": str(one.id), "assign-upto": one.upto}
    told |= {"assign-session": str(held.id), "assign-reason": "I read the screen"}
    page = post(ada, do="assign", **told).content.decode()
    assert "2 messages joined the session" in page
    assert "Nothing waits." in page
    (row,) = queries.unconfirmed(clinic=team.clinic.id, session=held.id)
    assert row.vitals.spo2 == 96
    assert row.vitals.systolic == 131
    again = post(ada, do="assign", **told)
    assert again.status_code == 422
    assert "Nothing of this waits any more" in again.content.decode()
    journal.rebuild()


def test_what_waits_is_discarded_only_with_a_reason(team, held, ada):
    came(team, arrival(timezone.now(), systolic=131, diastolic=77))
    one = group_of(team)
    told = {"discard-group": str(one.id), "discard-upto": one.upto}
    assert post(ada, do="discard", **told, **{"discard-reason": " "}).status_code == 422
    page = post(ada, do="discard", **told, **{"discard-reason": "A test of the cuff"})
    assert "1 message discarded" in page.content.decode()
    assert not queries.waiting(clinic=team.clinic.id)
    journal.rebuild()


def test_readings_from_before_a_session_never_join_it(team, held, ada):
    came(team, arrival(held.checked_in_at - timedelta(hours=1), systolic=131, diastolic=77))
    one = group_of(team)
    told = {"assign-group": str(one.id), "assign-upto": one.upto}
    told |= {"assign-session": str(held.id), "assign-reason": "I think so"}
    refused = post(ada, do="assign", **told)
    assert refused.status_code == 422
    assert "None of these readings was taken while that session lasted" in refused.content.decode()


def test_a_monitor_stands_at_one_chair_until_it_is_taken_away(team, held, ada):
    bind(ada, team, held)
    twice = bind(ada, team, held)
    assert twice.status_code == 422
    assert "is bound to" in twice.content.decode()
    gone = {"unbind-monitor": "PLACE", "unbind-value": "Bay^1^3"}
    assert "waits here from now on" in post(ada, do="unbind", **gone).content.decode()
    assert post(ada, do="unbind", **gone).status_code == 422
    assert not queries.bindings(clinic=team.clinic.id)
    journal.rebuild()


def test_the_page_costs_the_same_however_much_waits(team, held, ada, django_assert_max_num_queries):
    bind(ada, team, held)
    at = timezone.now()
    many = [
        arrival(at - timedelta(seconds=n), str(n), place=f"Bay {n % 7}", spo2=90 + n % 9)
        for n in range(60)
    ]
    came(team, *many)
    with django_assert_max_num_queries(20):
        assert ada.get("/monitors/").status_code == 200


def test_a_reading_belongs_to_its_own_clinic(team, held, ada):
    bind(ada, team, held)
    came(team, arrival(timezone.now(), systolic=131, diastolic=77))
    (row,) = queries.unconfirmed(clinic=team.clinic.id, session=held.id)
    assert not queries.unconfirmed(clinic=uuid4(), session=held.id)
    assert queries.reading(clinic=uuid4(), session=held.id, id=row.id) is None
    assert By("PLACE").label == "Place"


def test_an_unconfirmed_reading_opens_no_gate(team, ada):
    ids = stages.in_the_chair(team, 2, 95)
    held = sessions.session(clinic=team.clinic.id, id=ids["session"])
    bind(ada, team, held)
    before = sessions.room(clinic=team.clinic.id, id=held.id)
    came(team, arrival(timezone.now(), systolic=131, diastolic=77, spo2=97))
    after = sessions.room(clinic=team.clinic.id, id=held.id)
    assert after.state.readings == before.state.readings
    assert after.next_due_at == before.next_due_at


def test_the_board_the_chair_and_the_record_say_what_nobody_confirmed(team, held, ada):
    bind(ada, team, held)
    at = timezone.now()
    came(team, arrival(at - timedelta(seconds=9), "1", systolic=143, diastolic=87))
    came(team, arrival(at, "2", spo2=96, heart_rate=88))
    for page in ("/board/", f"/sessions/{held.id}/", f"/sessions/{held.id}/chair/"):
        said = " ".join(ada.get(page).content.decode().split())
        assert "not yet confirmed" in said
        assert "143/87 mmHg" in said
        assert "pulse 88, SpO2 96 %" in said
    found = sessions.room(clinic=team.clinic.id, id=held.id)
    sheet = session_record.sheet(session_record.bundle(clinic=team.clinic.id, room=found))
    rows = next(one for one in sheet.sections if one.title == "Flowsheet").grid.rows
    (marked,) = [row for row in rows if "143/87" in row]
    assert any("FROM MONITOR, NOT YET CONFIRMED" in cell for cell in marked)
    # Once a person has measured, theirs is the last reading.
    taken = Taken({"systolic": Decimal(130), "diastolic": Decimal(80)})
    by = team.staff["nurse"].author
    seen = found.state.last_ordinal
    sit.record_round(session=held.id, taken=taken, seen=seen, by=by, at=timezone.now())
    strip = ada.get(f"/sessions/{held.id}/", headers={"HX-Request": "true"}).content.decode()
    assert "not yet confirmed" not in strip


def test_the_newest_entries_are_not_buried_under_a_monitor(team, held, ada):
    bind(ada, team, held)
    at = timezone.now()
    for number in range(60):
        came(team, arrival(at - timedelta(seconds=60 - number), str(number), spo2=96))
    director = Client()
    director.force_login(team.staff["director"].user)
    said = " ".join(director.get("/record/").content.decode().split())
    assert "Charted by a monitor, 60 times in a row" in said
    assert "Monitor bound to a chair" in said
