"""Which chair and whose attention a visit can have, and at which times."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from ketaflow.refusals import Refused
from ketaflow.schedule.hours import Span, clock_shown, day_of, shown, whole_day
from ketaflow.schedule.slots import on_the_quarter, slots
from ketaflow.schedule.visits import Visit


class NotFree(Refused):
    """The chair, the nurse or the patient is not free then; nothing was booked."""


class Closed(Refused):
    """The clinic is not open for the whole of the visit."""


class TooLate(Refused):
    """The time asked for has passed."""


class NobodyOnDuty(Refused):
    """No nurse is on duty for the whole of the visit."""


@dataclass(frozen=True)
class Wish:
    """When somebody wants to come; chair and nurse are chosen where they are None."""

    starts_at: datetime
    chair: UUID | None = None
    nurse: UUID | None = None


@dataclass(frozen=True)
class Taken:
    """A quarter hour that a booking holds."""

    slot: datetime
    chair: UUID
    nurse: UUID
    place: int
    patient: UUID


@dataclass(frozen=True)
class Seat:
    """What a visit gets: a chair, a nurse, and which of her places at each quarter hour."""

    span: Span
    chair: UUID
    nurse: UUID
    places: tuple[int, ...]


@dataclass(frozen=True)
class Diary:
    """What is open, on duty and taken in a stretch of days.

    `chairs` are those in use, in the order in which they fill; `on_duty` the nurses with their
    shifts; `names` is for saying who or what is meant.
    """

    zone: ZoneInfo
    open: tuple[Span, ...]
    chairs: tuple[UUID, ...]
    on_duty: Mapping[UUID, tuple[Span, ...]]
    watched_at_once: int
    taken: Collection[Taken] = ()
    names: Mapping[UUID, str] = field(default_factory=dict)

    @cached_property
    def chair_slots(self) -> frozenset[tuple[UUID, datetime]]:
        """Each chair with each quarter hour it is taken."""
        return frozenset((one.chair, one.slot) for one in self.taken)

    @cached_property
    def patient_slots(self) -> frozenset[tuple[UUID, datetime]]:
        """Each patient with each quarter hour they are here."""
        return frozenset((one.patient, one.slot) for one in self.taken)

    @cached_property
    def places(self) -> Mapping[tuple[UUID, datetime], frozenset[int]]:
        """The places of each nurse that are taken at each quarter hour."""
        found: dict[tuple[UUID, datetime], set[int]] = {}
        for one in self.taken:
            found.setdefault((one.nurse, one.slot), set()).add(one.place)
        return {key: frozenset(places) for key, places in found.items()}

    @cached_property
    def load(self) -> Mapping[UUID, int]:
        """How many quarter hours each nurse watches already."""
        return Counter(one.nurse for one in self.taken)

    def called(self, id: UUID) -> str:
        """What a chair or nurse is called."""
        return self.names.get(id, "the one asked for")

    def clock(self, moment: datetime) -> str:
        """The time on the clinic's wall."""
        return clock_shown(moment, self.zone)


def seat(diary: Diary, *, visit: Visit, wish: Wish, patient: UUID, at: datetime) -> Seat:
    """The chair and nurse that `patient` gets for `visit` as wished.

    Raises:
        NotOnTheQuarter, TooLate, Closed, NotFree, NobodyOnDuty: why not, in one sentence.
    """
    starts_at = on_the_quarter(wish.starts_at.astimezone(diary.zone))
    if starts_at < at:
        raise TooLate(f"{shown(starts_at, diary.zone)} has passed: choose a later time.")
    span = visit.span(starts_at)
    _require_open(diary, span)
    wanted = slots(span.starts_at, span.ends_at)
    for slot in wanted:
        if (patient, slot) in diary.patient_slots:
            raise NotFree(
                f"The patient has another visit at {diary.clock(slot)}: choose another time."
            )
    chair = _chair(diary, wanted, wish.chair)
    nurse, places = _nurse(diary, span, wanted, wish.nurse)
    return Seat(span, chair, nurse, places)


def openings(
    diary: Diary, *, visit: Visit, day: date, patient: UUID, at: datetime
) -> tuple[Seat, ...]:
    """Every time on `day` at which `visit` could begin, with what it would get."""
    midnights = whole_day(day, diary.zone)
    found = []
    for starts_at in slots(midnights.starts_at, midnights.ends_at):
        try:
            found.append(seat(diary, visit=visit, wish=Wish(starts_at), patient=patient, at=at))
        except Refused:
            continue
    return tuple(found)


def _require_open(diary: Diary, span: Span) -> None:
    today = [one for one in diary.open if one.starts_at <= span.starts_at < one.ends_at]
    if not today:
        raise Closed(_closed(diary, span))
    if not today[0].holds(span):
        raise Closed(
            f"A visit from {diary.clock(span.starts_at)} would last until "
            f"{diary.clock(span.ends_at)}, after the clinic closes at "
            f"{diary.clock(today[0].ends_at)}: choose an earlier time."
        )


def _closed(diary: Diary, span: Span) -> str:
    day = whole_day(day_of(span.starts_at, diary.zone), diary.zone)
    near = [
        f"{diary.clock(one.starts_at)} to {diary.clock(one.ends_at)}"
        for one in diary.open
        if one.starts_at < day.ends_at and day.starts_at < one.ends_at
    ]
    when = shown(span.starts_at, diary.zone)
    if near:
        return f"The clinic is closed on {when}; that day it is open {' and '.join(near)}."
    return f"The clinic is closed on {when.partition(',')[0]}: choose another day."


def _chair(diary: Diary, wanted: tuple[datetime, ...], asked: UUID | None) -> UUID:
    if asked is not None and asked not in diary.chairs:
        raise NotFree("That chair is not in use: choose another.")
    if not diary.chairs:
        raise NotFree("The clinic has no chair in use: add one under Schedule, Set up.")
    blocked = wanted[0]
    for chair in (asked,) if asked else diary.chairs:
        taken = [slot for slot in wanted if (chair, slot) in diary.chair_slots]
        if not taken:
            return chair
        blocked = taken[0]
    which = f"{diary.called(asked)} is" if asked else "Every chair is"
    raise NotFree(f"{which} taken at {diary.clock(blocked)}: choose another time.")


def _nurse(
    diary: Diary, span: Span, wanted: tuple[datetime, ...], asked: UUID | None
) -> tuple[UUID, tuple[int, ...]]:
    """Somebody on duty with a place free; who watches least comes first."""
    present = [
        nurse for nurse in diary.on_duty if any(one.holds(span) for one in diary.on_duty[nurse])
    ]
    if asked is not None:
        present = [nurse for nurse in present if nurse == asked]
    if not present:
        who = f"{diary.called(asked)} is not" if asked else "No nurse is"
        raise NobodyOnDuty(
            f"{who} on duty from {diary.clock(span.starts_at)} to {diary.clock(span.ends_at)} on "
            f"{shown(span.starts_at, diary.zone).partition(',')[0]}: put somebody on duty or "
            "choose another time."
        )
    for nurse in sorted(present, key=lambda one: (diary.load.get(one, 0), str(one))):
        places = [_place(diary, nurse, slot) for slot in wanted]
        if None not in places:
            return nurse, tuple(place for place in places if place is not None)
    who = f"{diary.called(asked)} watches" if asked else "Each nurse on duty watches"
    many = "one patient" if diary.watched_at_once == 1 else f"{diary.watched_at_once} patients"
    raise NotFree(
        f"{who} {many} already between {diary.clock(span.starts_at)} and "
        f"{diary.clock(span.ends_at)}, as many as the clinic's policy allows: choose another time."
    )


def _place(diary: Diary, nurse: UUID, slot: datetime) -> int | None:
    """The lowest place of `nurse` that is free at `slot`.

    A place is only a number under a limit, so a visit may change it from one quarter to the next.
    """
    taken = diary.places.get((nurse, slot), frozenset[int]())
    # Watching more than a lowered limit allows leaves no place, whatever their numbers.
    if len(taken) >= diary.watched_at_once:
        return None
    return next(place for place in range(1, diary.watched_at_once + 1) if place not in taken)


def nearest(seats: tuple[Seat, ...], *, around: datetime) -> Seat | None:
    """The opening that begins nearest to `around`; the earlier of two."""
    return min(
        seats,
        key=lambda one: (abs(one.span.starts_at - around), one.span.starts_at),
        default=None,
    )
