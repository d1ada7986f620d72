"""A booking as it is read: plain values for boards, lists and calendars."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ketaflow.schedule.hours import Span
from ketaflow.schedule.standing import Standing


@dataclass(frozen=True)
class Booked:
    """One visit, with the names people know things by.

    `number` of `planned` counts the sessions of the course; it is None for a visit that will not
    be. `seen` is the last entry of its stream: what to hand back when changing it.
    """

    id: UUID
    course: UUID
    protocol: str
    patient: UUID
    patient_name: str
    patient_number: str
    chair: UUID
    chair_name: str
    nurse: UUID
    nurse_name: str
    starts_at: datetime
    ends_at: datetime
    prepare_min: int
    treat_min: int
    standing: Standing
    number: int | None
    planned: int
    reason: str
    seen: int

    @property
    def span(self) -> Span:
        """From arrival until the patient may leave."""
        return Span(self.starts_at, self.ends_at)

    @property
    def treated_from(self) -> datetime:
        """When the treatment is planned to begin."""
        return self.starts_at + timedelta(minutes=self.prepare_min)

    @property
    def treated_until(self) -> datetime:
        """When the treatment is planned to end and recovery to begin."""
        return self.treated_from + timedelta(minutes=self.treat_min)


@dataclass(frozen=True)
class Counted:
    """What is needed to say which session of its course a visit is."""

    id: UUID
    standing: Standing
    starts_at: datetime
    session_number: int | None


def numbers(visits: Iterable[Counted], *, given: int) -> Mapping[UUID, int]:
    """Which session of the course each visit is, when `given` sessions were given.

    A visit that took place keeps the number of its session; those to come follow in order of time,
    so that cancelling or moving one renumbers the rest.
    """
    known = sorted(visits, key=lambda one: one.starts_at)
    begun = {one.id: one.session_number for one in known if one.session_number is not None}
    last = max([given, *begun.values()])
    coming = [one.id for one in known if one.standing is Standing.BOOKED]
    return begun | {id: last + place for place, id in enumerate(coming, start=1)}
