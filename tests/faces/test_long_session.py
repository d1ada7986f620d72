"""A session with very many readings: what matters stands, the rest can be shown, the page opens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.journal.chain import canonical
from ketaflow.journal.models import Entry, Head
from ketaflow.session import queries
from ketaflow.session.events import Kind
from ketaflow.web import session_charts, session_flow, session_page
from tests.access import stages
from tests.access.test_every_url import client_of


@pytest.fixture
def team(db):
    return fictional.open_clinic(timezone.now())


@pytest.fixture
def ids(team):
    return stages.in_the_chair(team, 1, 95)


def charted(team, ids, count):
    """`count` readings a second apart, straight into the stream: only their number matters."""
    stream = f"session/{ids['session']}"
    last = Entry.objects.get(stream=stream, ordinal=ids["ordinal"])
    began = last.at - timedelta(minutes=60)
    readings = [
        Entry(
            clinic=last.clinic, stream=stream, ordinal=last.ordinal + number, by=last.by,
            kind=Kind.READING.value, by_name=last.by_name, at=began + timedelta(seconds=number),
            payload_json=canonical({"systolic": str(200 if number in (77, 78) else 121),
                                    "diastolic": "80", "heart_rate": "70"}),
            previous="", hash=f"{number:064}",
        )
        for number in range(1, count + 1)
    ]  # fmt: skip
    Entry.objects.bulk_create(readings)
    Head.objects.filter(stream=stream).update(ordinal=last.ordinal + count)


def room_of(team, ids):
    return queries.room(clinic=team.clinic.id, id=ids["session"])


def test_a_long_flowsheet_leaves_out_only_what_says_nothing_new(team, ids):
    before = session_flow.shown(room_of(team, ids), whole=False)
    assert before["flow_hidden"] == before["record_hidden"] == 0
    charted(team, ids, 700)
    room = room_of(team, ids)
    found = session_flow.shown(room, whole=False)
    assert (
        len(found["flow"])
        < session_flow.MOST_ROWS
        < len(session_page.flow(room, session_page.moments(room)))
    )
    assert len(found["flow"]) + found["flow_hidden"] == len(
        session_page.flow(room, session_page.moments(room))
    )
    pressures = [row.pressure for row in found["flow"]]
    assert "200/80" in pressures, "the first beyond a limit stands"
    shown = {row.at for row in found["flow"]}
    scored = {one.line.at for one in room.state.scores}
    assert scored <= shown
    assert found["flow"][0].name == "Baseline"
    assert max(room.state.readings, key=lambda one: one.at).at in shown
    whole = session_flow.shown(room, whole=True)
    assert len(whole["record"]) == len(room.state.lines)


def test_the_page_says_how_much_it_does_not_show_and_shows_it_when_asked(team, ids):
    charted(team, ids, 600)
    client, url = client_of(team.staff["nurse"]), f"/sessions/{ids['session']}/"
    said = " ".join(client.get(url).content.decode().split())
    assert "more readings lie between these rows" in said
    assert "Show all" in said
    whole = client.get(f"{url}?whole").content.decode()
    assert "more readings lie between" not in whole
    assert whole.count("121/80") > 600


def test_a_chart_has_no_more_points_than_a_screen_can_show(team, ids):
    charted(team, ids, 700)
    charts = session_charts.draw(room_of(team, ids).state, at=timezone.now())
    vitals, pump = charts
    assert len(vitals.x) <= session_charts.MOST_POINTS + 1
    assert [line.label for line in pump.lines] == ["ordered", "ran"]
    assert "drug ended" in [one.label for one in vitals.marks]


def test_before_the_drug_nothing_is_drawn(team):
    ids = stages.just_come(team, 3)
    assert session_charts.draw(room_of(team, ids).state, at=timezone.now()) == ()


def test_thinning_keeps_the_first_and_the_last():
    assert session_charts.thinned([], 3) == []
    assert session_charts.thinned([1.0, 2.0], 3) == [1.0, 2.0]
    assert session_charts.thinned([float(one) for one in range(10)], 3) == [0.0, 4.0, 8.0, 9.0]
