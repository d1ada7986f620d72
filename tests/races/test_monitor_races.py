"""Two hands at what monitors sent: one answer counts, one chair has it, one confirms a row."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ketaflow.cli.fictional import clinic
from ketaflow.journal import queries as journal
from ketaflow.refusals import Refused
from ketaflow.schedule import queries as schedule
from ketaflow.session import queries as sessions
from ketaflow.session.models import MonitorBinding, MonitorMessage
from ketaflow.session.monitors import actions, queries
from ketaflow.session.monitors.arrivals import By

from ..access import stages
from ..arriving import arrival
from .hands import HANDS, together


@pytest.fixture
def team(committed):
    return clinic.open_clinic(timezone.now())


@pytest.fixture
def held(team):
    ids = stages.in_the_chair(team, 1, 45)
    return sessions.session(clinic=team.clinic.id, id=ids["session"])


def told(hand):
    def tried(number):
        try:
            hand(number)
        except Refused:
            return "told"
        return "done"

    return sorted(together(tried))


def test_of_eight_who_answer_what_waits_one_is_first(team, held):
    now, by = timezone.now(), team.staff["nurse"].author
    actions.receive(arrivals=[arrival(now, spo2=97)], clinic=team.clinic.id, at=now)
    (one,) = queries.waiting(clinic=team.clinic.id)
    which = {"group": one.id, "upto": one.upto, "reason": "I saw it", "by": by, "at": now}

    def hand(number):
        if number % 2:
            actions.assign(session=held.id, **which)
        else:
            actions.discard(**which)

    assert told(hand) == ["done"] + ["told"] * (HANDS - 1)
    assert MonitorMessage.objects.get().standing in ("ASSIGNED", "DISCARDED")
    journal.rebuild()


def test_of_eight_who_bind_a_monitor_one_chair_has_it(team):
    chairs = [one.id for one in schedule.chairs(clinic=team.clinic.id)]
    by = team.staff["nurse"].author

    def hand(number):
        chair = chairs[number % len(chairs)]
        actions.bind(monitor=By.PLACE, value="Bay", chair=chair, by=by, at=timezone.now())

    assert told(hand) == ["done"] + ["told"] * (HANDS - 1)
    assert MonitorBinding.objects.count() == 1
    journal.rebuild()


def test_of_eight_listeners_with_the_same_message_one_keeps_it(team, held):
    at = timezone.now()

    def hand(number):
        messages = [arrival(at, "1", spo2=97), arrival(at, f"of {number}", spo2=97)]
        for _ in range(HANDS):
            try:
                return actions.receive(arrivals=messages, clinic=team.clinic.id, at=at)
            except Refused:
                continue
        raise AssertionError("it never got its turn")

    together(hand)
    kept = sorted(MonitorMessage.objects.values_list("control_id", flat=True))
    assert kept == sorted(["1", *(f"of {number}" for number in range(HANDS))])
    journal.verify()


def test_of_eight_who_confirm_a_row_one_does(team, held):
    now, by = timezone.now(), team.staff["nurse"].author
    chair = next(o for o in schedule.chairs(clinic=team.clinic.id) if o.name == held.chair)
    actions.bind(monitor=By.PLACE, value="Bay^1^3", chair=chair.id, by=by, at=now)
    taken = now - timedelta(seconds=5)
    actions.receive(arrivals=[arrival(taken, spo2=97)], clinic=team.clinic.id, at=now)
    (row,) = queries.unconfirmed(clinic=team.clinic.id, session=held.id)
    people = [one.author for one in team.staff.values() if "NURSE" in one.roles]

    def hand(number):
        who = people[number % len(people)]
        actions.confirm(session=held.id, reading=row.id, seen=999, by=who, at=timezone.now())

    assert told(hand) == ["done"] + ["told"] * (HANDS - 1)
    state = sessions.state(clinic=team.clinic.id, id=held.id)
    assert sum(bool(one.origin) for one in state.readings) == 1
    journal.rebuild()
