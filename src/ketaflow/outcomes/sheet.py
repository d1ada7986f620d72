"""One questionnaire as it was filled in, and what it comes to: answers, or the total alone."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from ketaflow.instruments.library import UnknownInstrument, library
from ketaflow.instruments.scoring import AnswerOutOfRange, Flag, match, score
from ketaflow.outcomes import change
from ketaflow.outcomes.suicidality import COLUMBIA, Next, Risk, Triage, Trigger, triage, triggers
from ketaflow.protocol.figures import show
from ketaflow.protocol.limits import Policy
from ketaflow.refusals import Refused

MOST_ITEMS = 30


class NothingAnswered(Refused):
    """The sheet is empty, so there is nothing to record."""


class Occasion(StrEnum):
    """When in a course a questionnaire was given."""

    BASELINE = "BASELINE"
    BEFORE_SESSION = "BEFORE_SESSION"
    AFTER_SESSION = "AFTER_SESSION"
    FOLLOW_UP = "FOLLOW_UP"

    @property
    def label(self) -> str:
        """The occasion in words."""
        return OCCASIONS[self]


OCCASIONS = {
    Occasion.BASELINE: "Baseline",
    Occasion.BEFORE_SESSION: "Before a session",
    Occasion.AFTER_SESSION: "After a session",
    Occasion.FOLLOW_UP: "Follow-up",
}


@dataclass(frozen=True)
class Sheet:
    """What was filled in; `id` is the sheet's own, so that sending it twice records it once.

    An instrument whose wording may not ship gives `total` instead of `answers`, and the answer to
    its question about suicide, if it has one, as `suicide_item`.
    """

    id: UUID
    instrument: str
    occasion: Occasion
    answers: tuple[int | None, ...] = ()
    total: Decimal | None = None
    suicide_item: int | None = None
    course: UUID | None = None
    session_number: int | None = None


@dataclass(frozen=True)
class Result:
    """What a sheet comes to. `total` is None unless every answer is there."""

    label: str
    version: str
    total: Decimal | None
    band: str
    complete: bool
    flags: tuple[str, ...]
    triggers: tuple[Trigger, ...] = field(default=())
    columbia: Triage | None = None


def known(instrument: str) -> bool:
    """Whether this clinic's record can take that instrument."""
    if instrument in library():
        one = library()[instrument]
        # What may not be shown is entered as its total, if there is such a thing.
        return not one.needs_paper or one.has_total
    return instrument in change.rules()


def total_only(instrument: str) -> bool:
    """Whether the wording is not here, so that only its total is entered."""
    return instrument not in library() or library()[instrument].needs_paper


def label(instrument: str) -> str:
    """How people call the instrument."""
    return library()[instrument].short if instrument in library() else change.rule(instrument).label


def limits_of(instrument: str) -> tuple[int, int]:
    """The lowest and highest total there can be."""
    if instrument in library():
        return library()[instrument].lowest, library()[instrument].highest
    return change.rule(instrument).low, change.rule(instrument).high


def asks_about_suicide(instrument: str) -> bool:
    """Whether one of its questions is about suicide."""
    if instrument in library() and any(item.suicidality for item in library()[instrument].items):
        return True
    return bool(suicide_item(instrument))


def suicide_item(instrument: str) -> str:
    """The item about suicide of an instrument that leads to the screener, or an empty string."""
    numbers = (str(number) for number in range(1, MOST_ITEMS + 1))
    return next((key for key in numbers if triggers(instrument, {key: None}, None)), "")


def read(sheet: Sheet, policy: Policy | None) -> Result:
    """What `sheet` comes to, and what its answers ask for.

    Args:
        sheet: as it was filled in.
        policy: the clinic's, for the answers at which it calls a clinician.

    Returns:
        The result; a missing answer about suicide asks for follow-up as surely as a given one.

    Raises:
        UnknownInstrument: no such instrument.
        NothingAnswered: not one answer was given.
        AnswerOutOfRange: an answer or the total is not possible.
    """
    if not known(sheet.instrument):
        raise UnknownInstrument(f"There is no instrument {sheet.instrument!r} here.")
    if total_only(sheet.instrument):
        return _read_total(sheet, policy)
    scored = score(sheet.instrument, sheet.answers)
    if all(answer is None for answer in sheet.answers):
        raise NothingAnswered("No question was answered. Answer at least one, or leave the page.")
    columbia = sheet.instrument == COLUMBIA
    return Result(
        label=label(sheet.instrument),
        version=scored.version,
        total=None if scored.total is None else Decimal(scored.total),
        band=scored.band or "",
        complete=scored.complete,
        flags=tuple(flag.value for flag in scored.flags),
        triggers=triggers(sheet.instrument, match(sheet.instrument, sheet.answers), policy),
        columbia=triage(sheet.answers) if columbia else None,
    )


def needs_person(result: Result) -> bool:
    """Whether the answers open a safety task."""
    asked = result.columbia
    return bool(result.triggers) or (asked is not None and asked.risk is not Risk.NONE_REPORTED)


def _read_total(sheet: Sheet, policy: Policy | None) -> Result:
    if sheet.total is None:
        raise NothingAnswered(f"Enter the total of the {label(sheet.instrument)}.")
    low, high = limits_of(sheet.instrument)
    if not sheet.total.is_finite() or not low <= sheet.total <= high:
        given = show(sheet.total) if sheet.total.is_finite() else str(sheet.total)
        raise AnswerOutOfRange(
            f"{label(sheet.instrument)} has a total from {low} to {high} and {given} was given. "
            "Check the sheet."
        )
    item = suicide_item(sheet.instrument)
    found = triggers(sheet.instrument, {item: sheet.suicide_item}, policy) if item else ()
    instrument = library().get(sheet.instrument)
    return Result(
        label=label(sheet.instrument),
        version=instrument.version if instrument else "",
        total=sheet.total,
        band=(instrument.band_of(sheet.total) or "") if instrument else "",
        complete=True,
        flags=tuple(
            Flag.SUICIDALITY if one.next is Next.SCREEN else Flag.SUICIDALITY_UNANSWERED
            for one in found
        ),
        triggers=found,
    )
