"""A monitor's reading that nobody has confirmed meets the clinic's rules like any other reading."""

from datetime import timedelta
from decimal import Decimal as D
from itertools import count

import pytest
from django.urls import reverse

from ketaflow.journal import queries as journal
from ketaflow.people.roles import Role
from ketaflow.protocol.holds.rules import Advice
from ketaflow.protocol.holds.shapes import Choice
from ketaflow.schedule import queries as schedule
from ketaflow.session import actions
from ketaflow.session.events import Kind
from ketaflow.session.holds import actions as holds
from ketaflow.session.holds.standing import Held
from ketaflow.session.models import Session
from ketaflow.session.monitors import actions as monitors
from ketaflow.session.monitors import queries
from ketaflow.session.monitors.arrivals import By

from ..arriving import arrival
from .test_holds_rows import sign
from .test_session_rows import at, chair, open_session, policy, spray

__all__ = ["chair", "open_session", "policy", "spray"]
SAID = "Systolic pressure 210 mmHg, from monitor ACME, not yet confirmed"
NEXT = count(1)


class Bed:
    """A running infusion with a monitor at its chair."""

    def __init__(self, chair, director, choices):
        sign(director, choices)
        self.chair, self.clinic = chair.run(), chair.nurse.clinic_id
        (place,) = [o for o in schedule.chairs(clinic=self.clinic) if o.name == chair.row.chair]
        monitors.bind(
            monitor=By.PLACE, value="Bay^1^3", chair=place.id, by=chair.nurse.author, at=at(1)
        )

    def hears(self, *told, received=None):
        """Readings of the monitor, `(minute, systolic)`, in one message each and all at once."""
        last = received or max(minute for minute, _ in told)
        came = [arrival(at(minute), str(next(NEXT)), systolic=value) for minute, value in told]
        monitors.receive(arrivals=came, clinic=self.clinic, at=at(last))
        return self

    def confirm(self, minute):
        found = queries.unconfirmed(clinic=self.clinic, session=self.chair.id)
        (row,) = [one for one in found if one.at == at(minute)]
        self.chair.do(_confirm, minute + 1, reading=row.id)

    @property
    def holds(self):
        return self.chair.state.holds

    @property
    def met(self):
        """Every reading that raised a hold: its minute and its value."""
        return [((o.seen[-1].at - at()) / timedelta(minutes=1), int(o.seen[-1].measured))
                for o in self.holds]  # fmt: skip


def _confirm(*, session, seen, by, at, reading):
    monitors.confirm(session=session, reading=reading, seen=seen, by=by, at=at)


@pytest.fixture
def bed(chair, director):
    return lambda **rules: Bed(chair, director, rules or {"systolic-stop": Choice(Advice.HOLD)})


def test_the_hold_says_that_nobody_had_confirmed_the_reading(bed, chair):
    bed = bed().hears((20, 210))
    (hold,) = bed.holds
    assert hold.reading == SAID
    assert (hold.from_monitor, hold.seen[0].ordinal) == (True, 0)
    assert chair.row.holds[0]["reading"] == SAID
    entry = journal.entries(clinic=bed.clinic, stream=chair.row.stream)[-1]
    assert (entry.kind, entry.by, entry.by_name) == (Kind.HOLD, None, "Monitor")
    with pytest.raises(Held, match="not yet confirmed"):
        chair.do(actions.change_rate, 21, rate_mg_min=D("1.1"), reason="x")
    before = list(Session.objects.values())
    journal.rebuild()
    assert list(Session.objects.values()) == before
    journal.verify()


ONCE = {"systolic-stop": Choice(Advice.HOLD)}
TWICE = {"systolic-stop": Choice(Advice.HOLD, readings=2, lasting_min=D(5))}
RISE = {"systolic-rise": Choice(Advice.ASK)}  # 55 above 130


TABLE = (
    # (rules, what came in each breath, the readings that raised a hold)
    (ONCE, [
        # Second by second it stays one hold; a reading back within the number ends the episode,
        [(20, 210)], [(20.1, 211)], [(20.2, 212), (20.3, 213)], [(21, 150), (22, 215)],
        # also when it comes after the next one,
        [(24, 216)], [(23, 150)], [(25, 217)],
        # and what is late is read where it belongs.
        [(26, 150), (30, 150)], [(28, 218)], [(31, 199)],
    ], [20, 22, 25, 28]),
    (TWICE, [[(12, 210)], [(14, 150)], [(18, 211)], [(20, 210)], [(24, 212)], [(30, 213)]], [24]),
    (RISE, [[(20, 184)], [(21, 185)], [(22, 190)]], [21]),
)  # fmt: skip


@pytest.mark.parametrize(("rules", "heard", "met"), TABLE)
def test_as_many_holds_as_episodes_whatever_the_order(bed, rules, heard, met):
    found = bed(**rules)
    for some in heard:
        found.hears(*some, received=31)
    assert [minute for minute, _ in found.met] == met


def test_a_nurse_and_a_monitor_measure_one_patient(bed, chair):
    """What either sees counts; what was raised once is not raised by confirming it."""
    both = bed(**TWICE).hears((20, 210))
    chair.measure(26, systolic=D(212))
    assert both.met == [(26, 212)]
    both.confirm(20)
    both.hears((27, 214))
    both.confirm(27)
    assert len(both.holds) == 1
    chair.measure(29, systolic=D(140))
    both.hears((30, 215), (35, 216))
    assert both.met == [(26, 212), (35, 216)]


def test_what_goes_on_is_told_apart_without_reading_the_session(
    bed, chair, django_assert_max_num_queries
):
    found = bed().hears((20, 210))
    policy_rules = chair.state.holds[0].rule
    again = arrival(at(20.5), "again", systolic=211).measured
    with django_assert_max_num_queries(2):
        assert not queries.met_anew(
            clinic=found.clinic, joined={chair.id: again}, rules=[policy_rules]
        )


def test_what_a_person_assigns_meets_the_rules_too(bed, chair):
    found = bed()
    monitors.unbind(monitor=By.PLACE, value="Bay^1^3", by=chair.nurse.author, at=at(12))
    found.hears((20, 210))
    assert found.holds == ()
    (waits,) = queries.waiting(clinic=found.clinic)
    monitors.assign(
        group=waits.id, upto=waits.upto, session=chair.id, reason="I read the screen",
        by=chair.nurse.author, at=at(22),
    )  # fmt: skip
    assert found.met == [(20, 210)]


def test_a_nurse_answers_that_it_was_an_artefact(bed, chair, signed_in, settings):
    found = bed().hears((20, 210))
    page = signed_in(Role.NURSE)
    told = {
        "acknowledge-seen": chair.seen, "acknowledge-hold": found.holds[0].ordinal,
        "acknowledge-artefact": "on", "acknowledge-words": "Cuff off the arm",
    }  # fmt: skip
    url = reverse("session_act", args=[chair.id, "acknowledge"])
    assert page.post(url, told).status_code == 302
    found.hears((41, 211), received=41)
    (hold,) = found.holds
    assert hold.acknowledged.words == (
        "The reading is an artefact of the monitor. Cuff off the arm"
    )
    assert hold.blocks, "the drug goes on only when somebody releases it"
    chair.do(holds.release, 42, hold=hold.ordinal, reason="Artefact, 128 by hand")
    assert not found.holds[0].open
