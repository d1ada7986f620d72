"""What a course's questionnaires are due for, and when: counted from its sessions as they stand.

Nothing of this is stored: a visit that moves, is cancelled or missed moves what is due with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from ketaflow.outcomes import sheet
from ketaflow.outcomes.measuring.programme import Ask, Programme, When
from ketaflow.outcomes.sheet import Occasion


class State(StrEnum):
    """How a questionnaire stands."""

    OVERDUE = "overdue"
    DUE = "due today"
    COMING = "coming"
    DONE = "done"
    MISSED = "missed"


@dataclass(frozen=True)
class Visit:
    """A session that was given, or a visit booked for it."""

    number: int
    at: datetime
    given: bool


@dataclass(frozen=True)
class Timeline:
    """A course in time: `visits` in order; `over_at` when induction is over, None before.

    `since` is the last session of an earlier course: what was answered until then is not this
    course's baseline.
    """

    visits: tuple[Visit, ...]
    reviews_after: tuple[int, ...]
    over_at: datetime | None
    since: datetime | None


@dataclass(frozen=True)
class Filled:
    """A questionnaire in the record; `session_number` where it was given for a session."""

    instrument: str
    at: datetime
    occasion: Occasion
    session_number: int | None = None


@dataclass(frozen=True)
class Measure:
    """One questionnaire that a course asks for.

    `key` names it whatever happens to its time. It counts when it is answered after `opens_at` and
    until `closes_at`; None is without end. `due_at` is None while its session is not booked.
    """

    key: str
    instrument: str
    label: str
    occasion: Occasion
    session_number: int | None
    words: str
    opens_at: datetime | None
    due_at: datetime | None
    closes_at: datetime | None
    optional: bool
    state: State = State.COMING
    done_at: datetime | None = None


def measures(
    programme: Programme,
    timeline: Timeline,
    filled: Sequence[Filled],
    *,
    at: datetime,
    zone: tzinfo,
) -> tuple[Measure, ...]:
    """Every questionnaire of a course as it stands `at`, in order of when it is due.

    Args:
        programme: what is asked.
        timeline: the sessions given and booked.
        filled: what was answered in full, in any order.
        at: now.
        zone: the clinic's: something due today becomes overdue at its midnight.

    Source:
        The programme's own; an answer counts for the follow-up that it lies nearest to.
    """
    found = [one for ask in programme.asks for one in _of(ask, timeline)]
    stands = [_stand(one, filled, at, zone) for one in found]
    # What has no day yet comes last.
    return tuple(sorted(stands, key=lambda one: (one.due_at is None, one.due_at or at)))


def open_now(one: Measure, *, at: datetime, until: datetime) -> bool:
    """Whether it is worth asking for now: not done, its time has come, due before `until`."""
    if one.state in (State.DONE, State.MISSED) or one.due_at is None or one.due_at >= until:
        return False
    return one.opens_at is None or one.opens_at <= at


def _of(ask: Ask, timeline: Timeline) -> Iterator[Measure]:
    if ask.when is When.FIRST:
        yield _first(ask, timeline)
    elif ask.when is When.FOLLOWING:
        yield from _following(ask, timeline)
    elif ask.when is When.REVIEW:
        yield from _reviews(ask, timeline)
    else:
        yield from _sessions(ask, timeline)


def _first(ask: Ask, timeline: Timeline) -> Measure:
    first = timeline.visits[0] if timeline.visits else None
    return replace(
        _blank(ask, "baseline", Occasion.BASELINE),
        words="Before the first session",
        opens_at=timeline.since,
        due_at=first.at if first else None,
        closes_at=first.at if first and first.given else None,
    )


def _sessions(ask: Ask, timeline: Timeline) -> Iterator[Measure]:
    # The baseline is the questionnaire before the first session.
    asked_at = timeline.visits[0].at if timeline.visits else None
    for before, visit in pairwise(timeline.visits):
        if asked_at and visit.at - asked_at < timedelta(days=ask.every_days):
            continue
        asked_at = visit.at
        yield replace(
            _blank(ask, f"before-{visit.number}", Occasion.BEFORE_SESSION),
            session_number=visit.number,
            words=f"Before session {visit.number}",
            opens_at=before.at,
            due_at=visit.at,
            closes_at=visit.at if visit.given else None,
        )


def _reviews(ask: Ask, timeline: Timeline) -> Iterator[Measure]:
    for place, visit in enumerate(timeline.visits):
        if visit.number not in timeline.reviews_after:
            continue
        after = timeline.visits[place + 1] if place + 1 < len(timeline.visits) else None
        yield replace(
            _blank(ask, f"review-{visit.number}", Occasion.FOLLOW_UP),
            words=f"For the review after session {visit.number}",
            opens_at=visit.at,
            due_at=after.at if after else visit.at,
            closes_at=after.at if after and after.given else None,
        )


def _following(ask: Ask, timeline: Timeline) -> Iterator[Measure]:
    over_at = timeline.over_at
    for place, weeks in enumerate(ask.weeks):
        earlier = ask.weeks[place - 1] if place else 0
        later = ask.weeks[place + 1] if place + 1 < len(ask.weeks) else None
        halves = timedelta(weeks=(earlier + weeks) / 2), later and (weeks + later) / 2
        plural = "" if weeks == 1 else "s"
        yield replace(
            _blank(ask, f"week-{weeks}", Occasion.FOLLOW_UP),
            words=f"{weeks} week{plural} after induction",
            opens_at=over_at + halves[0] if over_at else None,
            due_at=over_at + timedelta(weeks=weeks) if over_at else None,
            closes_at=over_at + timedelta(weeks=halves[1]) if over_at and halves[1] else None,
        )


def _blank(ask: Ask, key: str, occasion: Occasion) -> Measure:
    return Measure(
        key=f"{ask.instrument}/{key}",
        instrument=ask.instrument,
        label=sheet.label(ask.instrument),
        occasion=occasion,
        session_number=None,
        words="",
        opens_at=None,
        due_at=None,
        closes_at=None,
        optional=ask.optional,
    )


def _stand(one: Measure, filled: Sequence[Filled], at: datetime, zone: tzinfo) -> Measure:
    answered = [sheet.at for sheet in filled if _answers(sheet, one)]
    if answered:
        return replace(one, state=State.DONE, done_at=max(answered))
    # What only some clinics can ask is never owed.
    if one.due_at is None or one.optional or (one.opens_at and at < one.opens_at):
        return one
    if one.closes_at is not None and one.closes_at <= at:
        return replace(one, state=State.MISSED)
    today, due_on = at.astimezone(zone).date(), one.due_at.astimezone(zone).date()
    if today < due_on:
        return one
    return replace(one, state=State.DUE if today == due_on else State.OVERDUE)


def _answers(sheet: Filled, one: Measure) -> bool:
    """Whether a sheet is the answer to a measure; a sheet given for a session is that session's."""
    if sheet.instrument != one.instrument:
        return False
    if sheet.session_number is not None and one.session_number is not None:
        return sheet.session_number == one.session_number
    opened = one.opens_at is None or one.opens_at < sheet.at
    return opened and (one.closes_at is None or sheet.at <= one.closes_at)
