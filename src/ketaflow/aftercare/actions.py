"""Every write about what comes next: a signed plan, a check-in, a relapse."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from ketaflow.aftercare import induction, notes, queries
from ketaflow.aftercare.induction import Chosen
from ketaflow.aftercare.models import CheckInDue, Plan
from ketaflow.aftercare.queries import Proposal
from ketaflow.journal import chain
from ketaflow.journal.actions import SomeoneElseMoved, record, record_once
from ketaflow.journal.author import Author
from ketaflow.outcomes import actions as outcomes
from ketaflow.outcomes.models import SafetyTask
from ketaflow.outcomes.suicidality import Next, mentions
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.protocol import actions as protocol
from ketaflow.protocol.models import Course
from ketaflow.refusals import Refused


class NotHere(Refused):
    """Nothing of this clinic is known by that identifier."""


class ProposalChanged(SomeoneElseMoved):
    """The proposal is no longer what the prescriber read."""


class NothingDone(Refused):
    """A check-in says nothing."""


class Thoughts(StrEnum):
    """What the patient said about thoughts of suicide."""

    NOT_ASKED = "NOT_ASKED"
    NO = "NO"
    YES = "YES"
    NO_ANSWER = "NO_ANSWER"


@dataclass(frozen=True)
class CheckIn:
    """What was asked and done: the checks by name, what was said, and thoughts of suicide."""

    done: tuple[str, ...]
    thoughts: Thoughts
    note: str = ""


def fingerprint(*, proposal: Proposal) -> str:
    """What the prescriber read, in a few letters: signing another proposal is refused."""
    whole = chain.canonical(induction.snapshot(proposal.plan))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def sign(
    *, course: Course, chosen: Chosen, shown: str, seen: int, by: Author, at: datetime
) -> Plan:
    """Sign the proposal as the plan in force; a version signed before is superseded.

    Args:
        course: the course whose induction is over.
        chosen: the prescriber's own interval, with the reason where it differs.
        shown: the fingerprint of the proposal that was read.
        seen: the version in force on the page, 0 when there was none.
        by: who signs.
        at: when.

    Raises:
        NotOver: induction goes on.
        NoSuchInterval: the interval cannot be meant or lacks its reason.
        ProposalChanged: the proposal changed since it was read.
        SomeoneElseMoved: another version was signed meanwhile.
    """
    require(by, Duty.SIGN_AFTERCARE)
    _check_whose(course, by)
    found = queries.proposal(clinic=by.clinic, course=course, at=at)
    if fingerprint(proposal=found) != shown:
        raise ProposalChanged("The proposal changed since you read it. Read it again, then sign.")
    induction.check_choice(chosen, found.plan.interval.weeks)
    zone, given_at = course.clinic.zone, course.last_given_at
    last_on = given_at.astimezone(zone).date() if given_at else None
    payload = {
        "patient": str(course.patient_id),
        "version": seen + 1,
        "weeks": chosen.weeks,
        "next_on": _next_on(last_on, chosen.weeks),
        "reason": chosen.reason.strip(),
        "card": {key: value.strip() for key, value in chosen.card.items()},
        "content": induction.snapshot(found.plan),
    }
    try:
        with transaction.atomic():
            if (now := queries.version(clinic=by.clinic, course=course.id)) != seen:
                raise SomeoneElseMoved(_newer(now))
            record(
                stream=stream_of(course=course),
                kind="aftercare.signed",
                by=by,
                at=at,
                payload=payload,
            )
            further = 0 if chosen.weeks is None else 1
            after = max(course.sessions_given - course.sessions_planned, 0)
            protocol.maintain(course=course, sessions=after + further, by=by, at=at)
    except IntegrityError:
        raise SomeoneElseMoved(_newer(seen + 1)) from None
    return Plan.objects.get(course=course, version=seen + 1)


def check_in(
    *, course: Course, check: CheckIn, seen: int, by: Author, at: datetime
) -> SafetyTask | None:
    """Record a check-in; what it says about suicide opens a safety task with it.

    Raises:
        NothingDone: nothing was done and nothing said.
        SomeoneElseMoved: `seen` is no longer the last entry of this course's aftercare.
    """
    require(by, Duty.ASSESS)
    _check_whose(course, by)
    if not check.done and not check.note.strip() and check.thoughts is Thoughts.NOT_ASKED:
        raise NothingDone("Tick what was done or write what was said; nothing was recorded.")
    with transaction.atomic():
        waiting = {one.kind: one for one in _waiting(course)}
        done = [name for name in check.done if name in waiting]
        payload = {
            "patient": str(course.patient_id),
            "done": done,
            "thoughts": check.thoughts.value,
            "note": check.note.strip(),
            "next": _next_checks(course, waiting, done, by.clinic, at),
        }
        stream = stream_of(course=course)
        kind = "aftercare.checked_in"
        record(stream=stream, kind=kind, by=by, at=at, payload=payload, seen=seen)
        return _follow_up(course, check, by, at)


def note_relapse(*, course: Course, what: str, by: Author, at: datetime) -> None:
    """Record an admission, a suicide attempt or another event that is a relapse by itself."""
    require(by, Duty.ASSESS)
    _check_whose(course, by)
    payload = {"patient": str(course.patient_id), "what": said(what, "what happened")}
    stream = stream_of(course=course)
    kind = "aftercare.relapse_noted"
    with transaction.atomic():
        record_once(stream=stream, kind=kind, by=by, at=at, payload=payload)


def note(*, course: Course, kind: str, words: str, by: Author, at: datetime) -> None:
    """Note a sign of misuse, a referral or something else about what follows after a course.

    Raises:
        NoSuchNote: nothing of that kind is noted.
    """
    require(by, Duty.ASSESS)
    _check_whose(course, by)
    payload = {
        "patient": str(course.patient_id),
        "note": notes.kind(kind).key,
        "words": said(words, "what was seen or done"),
    }
    with transaction.atomic():
        record_once(
            stream=stream_of(course=course), kind="aftercare.noted", by=by, at=at, payload=payload
        )


def _newer(version: int) -> str:
    return f"Version {version} was signed by somebody else a moment ago; read it first."


def stream_of(*, course: Course) -> str:
    """The journal stream of what follows after a course."""
    return f"aftercare/{course.id}"


def _check_whose(course: Course, by: Author) -> None:
    if course.clinic_id != by.clinic:
        raise NotHere("No course of this clinic is known by that identifier.")


def _next_on(last_on: date | None, weeks: int | None) -> str | None:
    if last_on is None or weeks is None:
        return None
    return (last_on + timedelta(weeks=weeks)).isoformat()


def _waiting(course: Course) -> list[CheckInDue]:
    return list(CheckInDue.objects.filter(course=course, done_at=None))


def _next_checks(
    course: Course, waiting: dict[str, CheckInDue], done: list[str], clinic: UUID, at: datetime
) -> list[dict[str, Any]]:
    """When what was done is due again, as the clinic's numbers say today."""
    if not done:
        return []
    today = queries.proposal(clinic=clinic, course=course, at=at, done_now=done).plan
    return [
        one
        for one in induction.snapshot(today)["checks"]
        if one["name"] in done
        and one["due_at"]
        and datetime.fromisoformat(one["due_at"]) > max(at, waiting[one["name"]].due_at)
    ]


def _follow_up(course: Course, check: CheckIn, by: Author, at: datetime) -> SafetyTask | None:
    words = mentions(check.note)
    because, asks = "", Next.SCREEN
    if check.thoughts is Thoughts.YES:
        because = "At a check-in the patient spoke of thoughts of suicide."
    elif words:
        because = f"The note of a check-in: {words.because}"
    elif check.thoughts is Thoughts.NO_ANSWER:
        because, asks = "At a check-in the question about suicide was not answered.", Next.FOLLOW_UP
    if not because:
        return None
    patient = course.patient
    return outcomes.concern(patient=patient, because=because, asks=asks, by=by, at=at)
