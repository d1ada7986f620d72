"""A course: how far it is, when to stop and think, and which changes of dose are legal."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ketaflow.protocol import slips
from ketaflow.protocol.figures import rule, show
from ketaflow.protocol.library import Phase, Protocol, Route, Spacing
from ketaflow.protocol.spacing import WEEK
from ketaflow.refusals import Refused

_SHORTEST_REASON = 10


class Decision(StrEnum):
    """What a stop-or-continue review decides."""

    CONTINUE = "CONTINUE"
    CHANGE_DOSE = "CHANGE_DOSE"
    STOP = "STOP"


@dataclass(frozen=True)
class Progress:
    """How far a course is; `to_come` is None where the clinic decides how many there are."""

    done: int
    planned: int
    to_come: int | None
    complete: bool
    next_session: int
    review_due_after: int | None
    cumulative_mg: Decimal


@dataclass(frozen=True)
class DoseChange:
    """A legal change of dose from one session on, with its reason."""

    was: Decimal
    becomes: Decimal
    unit: str
    from_session: int
    reason: str


class IllegalChange(Refused):
    """The dose may not be changed so; the message says what may."""


class ReviewDue(Refused):
    """The stop-or-continue review comes before the next session."""


class NothingToReview(Refused):
    """No session was given yet, so there is nothing to decide on."""


class CourseComplete(Refused):
    """The course has no further session."""


def progress(
    protocol: Protocol,
    *,
    given_mg: Sequence[Decimal],
    planned: int,
    reviewed_after: Collection[int] = (),
    sessions_planned: int | None = None,
) -> Progress:
    """How far a course of `protocol` is.

    Args:
        protocol: the course's.
        given_mg: what each session done gave, in order.
        planned: sessions booked and not yet done.
        reviewed_after: session counts after which a review was written.
        sessions_planned: what the prescriber ordered; else the protocol's most.

    Returns:
        Counts, the review that is due if one is, and the cumulative dose.
    """
    done = len(given_mg)
    wanted = sessions_planned if sessions_planned is not None else protocol.sessions.most
    return Progress(
        done=done,
        planned=planned,
        to_come=None if wanted is None else max(wanted - done, 0),
        complete=wanted is not None and done >= wanted,
        next_session=done + 1,
        review_due_after=review_due(protocol, done=done, reviewed_after=reviewed_after),
        cumulative_mg=sum(given_mg, Decimal(0)),
    )


def review_due(protocol: Protocol, *, done: int, reviewed_after: Collection[int]) -> int | None:
    """The session count whose stop-or-continue review is still to be written, or None."""
    open_ones = [after for after in protocol.reviews_after if after <= done]
    # A later review looks back over everything, so it settles an earlier one that was missed.
    latest = max(reviewed_after, default=0)
    return next((after for after in reversed(open_ones) if after > latest), None)


def check_review(decision: Decision, done: int) -> None:
    """Let a review pass once a session was given; stopping is possible at any time.

    Raises:
        NothingToReview: no session was given and the decision is not to stop.
    """
    if done < 1 and decision is not Decision.STOP:
        raise NothingToReview("No session was given yet: review the course after the first.")


def may_continue(
    protocol: Protocol,
    *,
    done: int,
    reviewed_after: Collection[int],
    sessions_planned: int | None = None,
) -> None:
    """Let the next session pass, or say what comes first.

    Raises:
        CourseComplete: all sessions were given.
        ReviewDue: a stop-or-continue review is still to be written.
    """
    due = review_due(protocol, done=done, reviewed_after=reviewed_after)
    if due is not None:
        raise ReviewDue(
            f"The stop-or-continue review after session {due} is due: write it before session "
            f"{done + 1}."
        )
    wanted = sessions_planned if sessions_planned is not None else protocol.sessions.most
    if wanted is not None and done >= wanted and not protocol.phases:
        raise CourseComplete(
            f"All {wanted} sessions of this course were given: plan maintenance or a new course."
        )


def change_dose(
    protocol: Protocol,
    *,
    was: Decimal,
    becomes: Decimal,
    from_session: int,
    reason: str,
    escalation_max_mg_kg: Decimal,
) -> DoseChange:
    """A change of dose within the protocol, in its own unit, if it is legal.

    Args:
        protocol: the course's.
        was: the dose until now.
        becomes: the dose from `from_session` on.
        from_session: counted from 1.
        reason: in the prescriber's words.
        escalation_max_mg_kg: the clinic's signed limit; bears on doses in mg/kg only.

    Raises:
        IllegalChange: no reason, no change, or a dose the protocol or the clinic does not allow.
        Slip: a power of ten away from the dose before.
    """
    dose = protocol.dose_at(from_session)
    if dose is None:
        raise IllegalChange(f"{protocol.id} has no dose that could be changed.")
    unit = dose.figure.unit
    slips.beside(becomes, was, name="dose", unit=unit)
    if becomes == was:
        raise IllegalChange(f"The dose is {show(was)} {unit} already: nothing to change.")
    if len(reason.strip()) < _SHORTEST_REASON:
        raise IllegalChange(
            f"A change of dose needs its reason in words, {_SHORTEST_REASON} letters or more "
            f"(got “{reason.strip()}”)."
        )
    if not dose.allows(becomes):
        allowed = " or ".join(show(step) for step in dose.steps)
        span = allowed or f"{show(dose.low)} to {show(dose.high)}"
        raise IllegalChange(
            f"{protocol.id} allows {span} {unit} at session {from_session}, not {show(becomes)}."
        )
    if unit == "mg/kg" and becomes > escalation_max_mg_kg:
        raise IllegalChange(
            f"{show(becomes)} mg/kg is above the clinic's limit of {show(escalation_max_mg_kg)} "
            "mg/kg."
        )
    _one_device_at_a_time(protocol, was, becomes)
    return DoseChange(was, becomes, unit, from_session, reason.strip())


def phase(protocol: Protocol, *, first_on: date, on: date) -> Phase | None:
    """The phase a day falls into, counting weeks from the first session; None without phases."""
    week = max((on - first_on).days, 0) // WEEK + 1
    return next(
        (each for each in protocol.phases if each.to_week is None or week <= each.to_week), None
    )


def spacing_on(protocol: Protocol, *, first_on: date, on: date) -> Spacing:
    """The spacing that holds on a day: that of its phase, or the protocol's."""
    found = phase(protocol, first_on=first_on, on=on)
    return found.spacing if found else protocol.spacing


def _one_device_at_a_time(protocol: Protocol, was: Decimal, becomes: Decimal) -> None:
    # The label for 65 and over raises in steps of one device; others go from two to three anyway.
    device = rule("ketamine", "device").value
    if protocol.route is Route.NASAL and becomes - was > device:
        raise IllegalChange(
            f"Raise by one device of {show(device)} mg at a time: from {show(was)} mg to "
            f"{show(was + device)} mg, not {show(becomes)} mg."
        )
