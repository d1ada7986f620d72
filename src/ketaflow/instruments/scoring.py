"""One scorer for every instrument: what is not answered is never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from ketaflow.instruments.library import Instrument, Item, Method, Verdict, instrument
from ketaflow.refusals import OutsideEnvelope


class AnswerOutOfRange(OutsideEnvelope):
    """An answer is not one that its item allows."""


class WrongNumberOfAnswers(OutsideEnvelope):
    """There are more or fewer answers than items."""


class NamedOnly(OutsideEnvelope):
    """The instrument's owner lets nobody show or score it here."""


class Flag(StrEnum):
    """What somebody must see beside the number."""

    SUICIDALITY = "suicidality"
    SUICIDALITY_UNANSWERED = "suicidality-unanswered"
    CUT_POINT = "at-or-above-cut-point"
    CRITERIA = "symptom-criteria-met"

    @property
    def says(self) -> str:
        """The flag in a sentence."""
        return SAYS[self]


SAYS = {
    Flag.SUICIDALITY: "A question about suicide was answered with more than 'not at all' or 'no'.",
    Flag.SUICIDALITY_UNANSWERED: "A question about suicide was not answered: this needs follow-up.",
    Flag.CUT_POINT: "The total has reached the published cut-point range.",
    Flag.CRITERIA: "Enough symptoms of every cluster are endorsed for a provisional diagnosis.",
}


Points = int | Decimal
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Score:
    """The result of one questionnaire. `total` and `band` are None unless every answer is there.

    Sums are whole; a mean is a Decimal, to the hundredth.
    """

    instrument: str
    total: Points | None
    subscales: Mapping[str, Points | None]
    band: str | None
    complete: bool
    flags: tuple[Flag, ...]
    version: str
    source: tuple[str, ...]


Answers = Mapping[str, int | None]


def score(instrument_id: str, answers: Sequence[int | None]) -> Score:
    """Score `answers`, in the order of the items, None for one that was not answered.

    Args:
        instrument_id: as in the library, for example "phq-9".
        answers: one for each item; unscored or unasked items at the end may be left out.

    Returns:
        Total, subscales, band and flags. Nothing is imputed: one missing answer and there is no
        total and no band.

    Raises:
        UnknownInstrument: the library has no such instrument.
        NamedOnly: it has, and may say no more than its name.
        WrongNumberOfAnswers: too many or too few.
        AnswerOutOfRange: names the item and what it allows.

    Source:
        The instrument's own file names the source of its items, bands and rules.
    """
    asked = instrument(instrument_id)
    by_item = _match(asked, answers)
    complete = not missing(asked, by_item)
    total = _total(asked, by_item) if complete else None
    return Score(
        instrument=asked.id,
        total=total,
        subscales=_subscales(asked, by_item),
        band=_band(asked, by_item, total) if complete else None,
        complete=complete,
        flags=_flags(asked, by_item, total),
        version=asked.version,
        source=asked.source,
    )


def match(instrument_id: str, answers: Sequence[int | None]) -> Answers:
    """The answers by item key, checked as `score` checks them."""
    return _match(instrument(instrument_id), answers)


def level(asked: Instrument, answers: Answers) -> str:
    """The first of its levels that the given answers reach; what is missing adds nothing."""
    for one in asked.levels:
        if any(answers[key] for key in one.any):
            return one.name
    return asked.otherwise


def missing(asked: Instrument, answers: Answers) -> tuple[Item, ...]:
    """The scored items that should have been answered and were not."""
    return tuple(
        item
        for item in asked.items
        if item.scored and answers[item.key] is None and _was_asked(asked, item, answers)
    )


def _was_asked(asked: Instrument, item: Item, answers: Answers) -> bool:
    # An unanswered gate leaves the questions behind it open: they were not ruled out.
    if item.asked_if:
        return answers[item.asked_if] != 0
    domain = asked.domain_of(item.key)
    pairs = domain.either if domain else ()
    return not any(
        item.key in pair and any(answers[key] is not None for key in pair) for pair in pairs
    )


def _match(asked: Instrument, answers: Sequence[int | None]) -> Answers:
    if asked.verdict is Verdict.LINK:
        raise NamedOnly(
            f"{asked.short} cannot be scored here, {asked.verdict.says}. {asked.notice}"
        )
    most = len(asked.items)
    fewest = most
    while fewest and _may_be_left_out(asked.items[fewest - 1]):
        fewest -= 1
    if not fewest <= len(answers) <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise WrongNumberOfAnswers(
            f"{asked.short} takes {wanted} answers and {len(answers)} were given. "
            "Leave an unanswered item blank rather than out."
        )
    padded = [*answers, *([None] * (most - len(answers)))]
    found = {item.key: answer for item, answer in zip(asked.items, padded, strict=True)}
    for item in asked.items:
        _check(asked, item, found[item.key])
    return MappingProxyType(found)


def _may_be_left_out(item: Item) -> bool:
    return not item.scored or bool(item.asked_if)


def _check(asked: Instrument, item: Item, answer: int | None) -> None:
    if answer is not None and not item.low <= answer <= item.high:
        raise AnswerOutOfRange(
            f"{asked.short} item {item.key} is answered from {item.low} to {item.high} "
            f"and {answer} was given. Check that item."
        )


def _total(asked: Instrument, answers: Answers) -> Points | None:
    given = {item.key: answers[item.key] or 0 for item in asked.items if item.scored}
    match asked.method:
        case Method.SUM:
            return asked.times * sum(given.values())
        case Method.MEAN:
            return _mean(tuple(given.values()))
        case Method.DOMAINS:
            return sum(max(given[key] for key in domain.items) for domain in asked.domains)
        case _:
            return None


def _mean(given: Sequence[int]) -> Decimal:
    return (Decimal(sum(given)) / len(given)).quantize(HUNDREDTH)


def _subscales(asked: Instrument, answers: Answers) -> Mapping[str, Points | None]:
    found: dict[str, Points | None] = {}
    for part in asked.subscales:
        given = [answers[key] for key in part.items]
        known = [answer for answer in given if answer is not None]
        whole = _mean(known) if part.method is Method.MEAN and known else sum(known)
        found[part.key] = whole if len(known) == len(given) else None
    return MappingProxyType(found)


def _band(asked: Instrument, answers: Answers, total: Points | None) -> str | None:
    if total is None:
        return level(asked, answers) or None
    return asked.band_of(total)


def _flags(asked: Instrument, answers: Answers, total: Points | None) -> tuple[Flag, ...]:
    about_suicide = [item for item in asked.items if item.suicidality]
    reached = asked.cut_point is not None and total is not None and total >= asked.cut_point[0]
    raised = {
        Flag.SUICIDALITY: any(answers[item.key] for item in about_suicide),
        Flag.SUICIDALITY_UNANSWERED: any(
            answers[item.key] is None and _was_asked(asked, item, answers) for item in about_suicide
        ),
        Flag.CUT_POINT: reached,
        Flag.CRITERIA: total is not None and _meets_criteria(asked, answers),
    }
    return tuple(flag for flag, up in raised.items() if up)


def _meets_criteria(asked: Instrument, answers: Answers) -> bool:
    counts = [
        sum((answers[key] or 0) >= part.endorsed_from for key in part.items) >= part.endorsed_needed
        for part in asked.subscales
        if part.endorsed_needed
    ]
    return bool(counts) and all(counts)
