"""When induction is over, so that an aftercare plan can be signed, and what a plan must say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ketaflow.aftercare.plan import AftercarePlan
from ketaflow.protocol.figures import Statement
from ketaflow.refusals import Refused

LONGEST_WEEKS = 52


class NotOver(Refused):
    """Induction goes on: aftercare is planned when it ends."""


class NoSuchInterval(Refused):
    """The interval the prescriber chose cannot be meant, or lacks its reason."""


@dataclass(frozen=True)
class Induction:
    """How far a course is; `ended_at` is set when it was completed or stopped."""

    sessions_planned: int
    given_at: tuple[datetime, ...]
    ended_at: datetime | None


@dataclass(frozen=True)
class Chosen:
    """What the prescriber signs: weeks to the next session, None for no further one, and why."""

    weeks: int | None
    reason: str
    card: Mapping[str, str]


def ended_at(induction: Induction) -> datetime:
    """When induction was over: with its last planned session, or when the course was ended.

    Raises:
        NotOver: no session was given, or more are to come.
    """
    given = len(induction.given_at)
    if not given:
        raise NotOver("No session was given yet; aftercare is planned when induction ends.")
    if given >= induction.sessions_planned:
        return induction.given_at[induction.sessions_planned - 1]
    if induction.ended_at is None:
        raise NotOver(
            f"{given} of {induction.sessions_planned} sessions were given; aftercare is planned "
            "when induction ends. Give the others, or end the course."
        )
    return induction.ended_at


def check_choice(chosen: Chosen, proposed_weeks: int | None) -> None:
    """Let the prescriber's interval pass; one that is not the proposal needs its reason.

    Raises:
        NoSuchInterval: it is out of reach, or differs without a reason.
    """
    if chosen.weeks is not None and not 1 <= chosen.weeks <= LONGEST_WEEKS:
        raise NoSuchInterval(
            f"An interval lies between 1 and {LONGEST_WEEKS} weeks (got {chosen.weeks})."
        )
    if chosen.weeks != proposed_weeks and not chosen.reason.strip():
        plural = "" if proposed_weeks == 1 else "s"
        said = "none" if proposed_weeks is None else f"{proposed_weeks} week{plural}"
        raise NoSuchInterval(f"The proposal is {said}: write why yours differs.")


def snapshot(plan: AftercarePlan) -> dict[str, Any]:
    """The proposal in plain values, as it is signed and as the journal keeps it."""
    return {
        "advice": plan.interval.advice.value,
        "weeks": plan.interval.weeks,
        "next_on": _day(plan.interval.next_on),
        "because": plan.interval.because,
        "rule": plan.interval.rule,
        "sources": list(plan.interval.sources),
        "checks": [
            {
                "name": one.name,
                "what": one.what,
                "due_at": one.due_at.isoformat() if one.due_at else None,
                "rhythm": one.rhythm,
                "sources": list(one.sources),
            }
            for one in plan.checks
        ],
        "review": {"state": plan.review.state.value, "because": plan.review.because},
        "taper_offer_on": _day(plan.taper_offer_on),
        "sessions": plan.sessions,
        "given_mg": str(plan.given_mg),
        "told": _statements(plan.told),
        "evidence": _statements(plan.evidence),
        "reinduction": plan.reinduction.because if plan.reinduction else "",
        "unset": list(plan.unset),
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _statements(said: tuple[Statement, ...]) -> list[dict[str, Any]]:
    return [{"text": one.text, "sources": list(one.sources)} for one in said]
