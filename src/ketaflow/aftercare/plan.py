"""The aftercare plan: interval, calls, checks, reviews, what the patient is told; signed later."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.aftercare.crisis import CrisisCard, card
from ketaflow.aftercare.maintenance import Interval, Maintained, propose_interval
from ketaflow.aftercare.relapse import Found, ReInduction, reinduction
from ketaflow.outcomes.change import Change
from ketaflow.protocol.figures import Statement, keys, show, statement
from ketaflow.protocol.limits import Policy, limits

NO_RELAPSE = Found(False, "", ())
EVERY_SESSION = "at every session"
# A clinic may count in these; an hour is the only one that needs the time of day.
SPANS = MappingProxyType(
    {"h": timedelta(hours=1), "d": timedelta(days=1), "weeks": timedelta(weeks=1)}
)


@dataclass(frozen=True)
class Known:
    """What the record knows about a patient whose induction is over.

    `done_on` says when each check was last done, by its name. `pain` and `bipolar` decide which
    rules apply. `card` is what the patient wrote on the crisis card.
    """

    induction_ended_at: datetime
    last_session_at: datetime
    sessions: int
    given_mg: Decimal
    sessions_since_review: int
    last_review_on: date | None
    sessions_last_year: int
    misuse_signs: int = 0
    relapse: Found = NO_RELAPSE
    pain: bool = False
    bipolar: bool = False
    done_on: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    card: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Check:
    """Something to be done; `due_at` is None when it belongs to each session or is not set."""

    name: str
    what: str
    due_at: datetime | None
    rhythm: str
    sources: tuple[str, ...]


class Reviewing(StrEnum):
    """Whether the course must be reviewed before it goes on."""

    NOT_DUE = "not due"
    DUE = "due"
    REQUIRED = "required before any further booking"


@dataclass(frozen=True)
class Review:
    """Where the course stands with its reviews."""

    state: Reviewing
    because: str


@dataclass(frozen=True)
class AftercarePlan:
    """A proposal that waits for a prescriber. `unset` are limits that the clinic must set."""

    interval: Interval
    checks: tuple[Check, ...]
    review: Review
    taper_offer_on: date | None
    sessions: int
    given_mg: Decimal
    told: tuple[Statement, ...]
    evidence: tuple[Statement, ...]
    ending: tuple[Statement, ...]
    reinduction: ReInduction | None
    card: CrisisCard
    unset: tuple[str, ...]


def propose(
    known: Known, maintained: Maintained, trough: Change, policy: Policy | None, *, at: datetime
) -> AftercarePlan:
    """The whole plan after induction.

    Args:
        known: what the record knows.
        maintained: sessions and interval since induction.
        trough: the change on the lead instrument.
        policy: the clinic's signed numbers; what it leaves open is listed in `unset`.
        at: when the plan is made.

    Returns:
        A proposal with the sources of every part. Nothing is decided by it.

    Source:
        Each check and statement names its own; intervals are the clinic's (LOCAL).
    """
    values = policy.values if policy else {}
    # What the clinic's own rule finds counts as a relapse like a published one.
    judged = replace(trough, relapse=trough.relapse or known.relapse.relapse)
    interval = propose_interval(maintained, judged, policy)
    checks = tuple(
        one for name, row in _rows().items() for one in _checks(name, row, known, values)
    )
    content = dict(tables.read("ketaflow.aftercare", "rules"))["content"]
    return AftercarePlan(
        interval=interval,
        checks=checks,
        review=review(known, values, at=at),
        taper_offer_on=_taper_on(known, values),
        sessions=known.sessions,
        given_mg=known.given_mg,
        told=tuple(statement(row, "aftercare line") for row in content["line"]),
        evidence=tuple(statement(row, "aftercare evidence") for row in content["evidence"]),
        ending=tuple(statement(row, "ending a course") for row in content["ending"]),
        reinduction=reinduction(known.relapse, trough),
        card=card(known.card),
        unset=tuple(dict.fromkeys((*interval.unset, *known.relapse.unset, *_unset(known, values)))),
    )


def review(known: Known, values: Mapping[str, Decimal], *, at: datetime) -> Review:
    """Whether the course must be reviewed, by the clinic's own counts.

    Args:
        known: sessions and months since the last review.
        values: the clinic's signed numbers; a count that is not set is not applied.
        at: now.

    Source:
        The clinic's policy (LOCAL); no authoritative limit was found.
    """
    since = known.last_review_on or known.induction_ended_at.date()
    months = values.get("review_hard_months")
    if months is not None and at.date() >= add_months(since, int(months)):
        return Review(Reviewing.REQUIRED, f"No review for {show(months)} months.")
    if known.pain and _reached(known.sessions_last_year, values, "pain_sessions_max_year"):
        return Review(Reviewing.REQUIRED, f"{known.sessions_last_year} sessions within a year.")
    because = f"{known.sessions_since_review} sessions since the last review."
    if _reached(known.misuse_signs, values, "misuse_signals_review"):
        signs = f"{known.misuse_signs} signs of misuse since the last review."
        return Review(Reviewing.REQUIRED, signs)
    if _reached(known.sessions_since_review, values, "review_hard_sessions"):
        return Review(Reviewing.REQUIRED, because)
    if _reached(known.sessions_since_review, values, "review_soft_sessions"):
        return Review(Reviewing.DUE, because)
    return Review(Reviewing.NOT_DUE, because)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last))


def _reached(count: int, values: Mapping[str, Decimal], key: str) -> bool:
    return key in values and count >= values[key]


def _taper_on(known: Known, values: Mapping[str, Decimal]) -> date | None:
    months = values.get("taper_offer_months")
    ended_on = known.induction_ended_at.date()
    return None if months is None else add_months(ended_on, int(months))


def _unset(known: Known, values: Mapping[str, Decimal]) -> tuple[str, ...]:
    wanted = [row["limit"] for row in _rows().values() if "limit" in row]
    wanted += [row["weekly_until"] for row in _rows().values() if "weekly_until" in row]
    wanted += [
        "misuse_signals_review",
        "taper_offer_months",
        "review_soft_sessions",
        "review_hard_sessions",
    ]
    wanted += ["review_hard_months"] + (["pain_sessions_max_year"] if known.pain else [])
    return tuple(limits()[key].label for key in wanted if key not in values)


def _checks(
    name: str, row: Mapping[str, Any], known: Known, values: Mapping[str, Decimal]
) -> tuple[Check, ...]:
    sources = keys(row, f"check {name}")
    found = []
    if "at_session" in row:
        found.append(Check(name, row["at_session"], None, EVERY_SESSION, sources))
    if known.bipolar and row.get("bipolar_every_session"):
        found.append(Check(name, row["what"], None, EVERY_SESSION, sources))
    elif "limit" in row:
        found.append(_timed(name, row, known, values))
    return tuple(found)


def _timed(name: str, row: Mapping[str, Any], known: Known, values: Mapping[str, Decimal]) -> Check:
    sources = (*keys(row, f"check {name}"), "LOCAL")
    every = values.get(row["limit"])
    if every is None:
        return Check(name, row["what"], None, "the clinic must set this", sources)
    if "weekly_until" in row:
        return _check_in(name, row, known, values)
    span = SPANS[row["counts"]] * float(every)
    if row["since"] == "session":
        rhythm = f"{show(every)} {row['counts']} after each session"
        return Check(name, row["what"], known.last_session_at + span, rhythm, sources)
    done_at = known.done_on.get(name)
    since_at = known.induction_ended_at if done_at is None else done_at
    # The first liver test belongs to the end of induction itself.
    waits = timedelta(0) if done_at is None and row.get("at_once") else span
    rhythm = f"every {show(every)} {row['counts']}"
    return Check(name, row["what"], since_at + waits, rhythm, sources)


def _check_in(
    name: str, row: Mapping[str, Any], known: Known, values: Mapping[str, Decimal]
) -> Check:
    """Weekly at first, then at the clinic's longer interval."""
    sources = (*keys(row, f"check {name}"), "LOCAL")
    weekly, later = values.get(row["weekly_until"]), values[row["limit"]]
    if weekly is None:
        return Check(name, row["what"], None, "the clinic must set this", sources)
    since_at = known.done_on.get(name, known.induction_ended_at)
    until_at = known.induction_ended_at + timedelta(weeks=float(weekly))
    next_at = since_at + timedelta(weeks=1)
    rhythm = f"weekly for {show(weekly)} weeks, then every {show(later)} weeks"
    if next_at > until_at:
        next_at = since_at + timedelta(weeks=float(later))
    return Check(name, row["what"], next_at, rhythm, sources)


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return MappingProxyType(dict(tables.read("ketaflow.aftercare", "rules"))["checks"])
