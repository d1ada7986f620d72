"""What happened at the chair, minute by minute, told through the actions a nurse's page calls."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ketaflow.cli.fictional import vault
from ketaflow.cli.fictional.clinic import Team
from ketaflow.journal import queries as journal
from ketaflow.journal.author import Author
from ketaflow.protocol.library import Route
from ketaflow.session import actions, checklist, discharge
from ketaflow.session.checklist import Item
from ketaflow.session.holds import actions as holds
from ketaflow.session.queries import state
from ketaflow.session.wishes import Departure, DoseRead, Taken

if TYPE_CHECKING:
    from ketaflow.session.models import Session

DEVICE_REST = timedelta(minutes=6)
NOTES = {"escort": "Sister, 555-0177", "diluted": "50 mg/mL drawn"}


@dataclass
class Chair:
    """One session being told: who acts, and how this patient's pressure answers.

    `surge` is what the pressure rises beyond that while the drug is given, so that a hold is seen.
    """

    team: Team
    booking: UUID
    by: Author
    at: datetime
    systolic: int
    diastolic: int
    until: datetime
    dice: random.Random
    surge: int = 0
    session: Session | None = field(default=None)
    lots: tuple[str, ...] = ()

    def happens(self, minutes: float) -> bool:
        """Let `minutes` pass; False once that would lie after `until`, which is now."""
        later = self.at + timedelta(minutes=minutes)
        if later > self.until:
            return False
        self.at = later
        return True

    @property
    def now(self) -> dict[str, Any]:
        """The session, the last entry anyone could have seen, who acts and when."""
        assert self.session is not None
        seen = journal.last_ordinal(clinic=self.by.clinic, stream=self.session.stream)
        return {"session": self.session.id, "seen": seen, "by": self.by, "at": self.at}

    def vitals(self, rise: float) -> dict[str, Decimal | None]:
        """A plausible set, `rise` of the way up this patient's own hill."""
        jitter = self.dice.randint
        found = {
            "systolic": self.systolic
            + round(17 * rise)
            + (self.surge if rise else 0)
            + jitter(-3, 3),
            "diastolic": self.diastolic + round(10 * rise) + jitter(-2, 2),
            "heart_rate": 70 + round(7 * rise) + jitter(-3, 3),
            "spo2": 97 + jitter(-1, 1),
            "respiratory_rate": 15 + jitter(-2, 1),
        }
        return {key: Decimal(value) for key, value in found.items()}


def prepare(chair: Chair) -> bool:
    """Check in, tick, measure, and let a second person check the dose; False if not there yet."""
    chair.session = actions.check_in(booking=chair.booking, by=chair.by, at=chair.at)
    return make_ready(chair)


def make_ready(chair: Chair) -> bool:
    """What `prepare` does after checking in; the drug may have been drawn already."""
    assert chair.session is not None
    order = state(clinic=chair.by.clinic, id=chair.session.id).preparation.order
    if not chair.happens(7):
        return False
    lines = [one for one in checklist.asked(order) if not one.only_when]
    actions.tick(ticks={one.key: (True, _note(one)) for one in lines}, **chair.now)
    if not chair.happens(4):
        return False
    actions.record_baseline(vitals=chair.vitals(0), **chair.now)
    if not chair.happens(5):
        return False
    chair.lots = chair.lots or vault.draw(chair)
    second = chair.team.staff["custodian"].author
    read = DoseRead(order.dose_mg, order.rate_mg_min, order.devices)
    actions.check_dose(read=read, prepared_by=chair.by, **{**chair.now, "by": second})
    return True


def give(chair: Chair) -> bool:
    """Give the drug with its readings; False while it is still running."""
    assert chair.session is not None
    order = state(clinic=chair.by.clinic, id=chair.session.id).preparation.order
    if order.route is Route.NASAL:
        return _spray(chair, order.devices or 0)
    if not chair.happens(3):
        return False
    assert order.rate_mg_min is not None
    assert order.duration_min is not None
    actions.start(rate_mg_min=order.rate_mg_min, **chair.now)
    every = 10 if order.duration_min <= 60 else 30
    for minute in range(every, int(order.duration_min), every):
        if not chair.happens(every):
            return False
        _round(chair, minute / float(order.duration_min))
    if not chair.happens(every):
        return False
    actions.stop(reason="All of it is in", **chair.now)
    _round(chair, 1.0)
    return True


def observe(chair: Chair, least_min: int) -> bool:
    """Watch the patient, then discharge; False while the observation lasts."""
    assert chair.session is not None
    chair.surge = 0
    for minute in range(15, least_min + 1, 15):
        if not chair.happens(15):
            return False
        _round(chair, max(0.0, 0.6 - minute / 80))
    if not chair.happens(5):
        return False
    actions.score_discharge(instrument="modified-aldrete", answers=[2, 2, 2, 2, 2], **chair.now)
    order = state(clinic=chair.by.clinic, id=chair.session.id).preparation.order
    _answer_holds(chair)
    done = frozenset(one.key for one in discharge.always_for(order.route))
    if not chair.happens(4):
        return False
    actions.send_home(departure=Departure(done, "Sister, 555-0177"), **chair.now)
    return True


def run(chair: Chair, least_min: int) -> bool:
    """A whole session, or as much of it as has happened by `chair.until`."""
    return prepare(chair) and give(chair) and observe(chair, least_min)


def _spray(chair: Chair, devices: int) -> bool:
    for n in range(devices):
        if not chair.happens(DEVICE_REST.total_seconds() / 60 if n else 3):
            return False
        made_up = f"LOT{4400 + chair.dice.randint(0, 9)}"
        actions.give_device(lot=chair.lots[n] if chair.lots else made_up, **chair.now)
    for _ in range(2):
        if not chair.happens(17):
            return False
        _round(chair, 0.9)
    return True


def _round(chair: Chair, rise: float) -> None:
    taken = Taken(
        vitals=chair.vitals(rise),
        sedation=5 if rise < 0.5 else 4,
        dissociation=round(9 * rise) if rise > 0.2 else 0,
    )
    actions.record_round(taken=taken, **chair.now)
    if rise > 0.7 and chair.dice.random() < 0.3:
        effect = chair.dice.choice(["dizziness", "dissociation", "nausea", "drowsiness"])
        found = {"effect": effect, "severity": 1, "note": ""}
        actions.note_side_effect(found=found, **chair.now)


def _answer_holds(chair: Chair) -> None:
    assert chair.session is not None
    for one in state(clinic=chair.by.clinic, id=chair.session.id).holds:
        if one.waits:
            holds.acknowledge(hold=one.ordinal, words="Rested, seen by Dr Osei", **chair.now)


def _note(item: Item) -> str:
    return NOTES.get(item.key, "")
