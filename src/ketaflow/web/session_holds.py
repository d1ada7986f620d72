"""The holds of a session in words, and what is pressed to answer them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms

from ketaflow.journal.author import Author
from ketaflow.session.events import Kind
from ketaflow.session.holds import standing
from ketaflow.session.holds.standing import Hold
from ketaflow.session.queries import Room
from ketaflow.web.presses import PressForm

ARTEFACT = "The reading is an artefact of the monitor"


class HoldForm(PressForm):
    """Which hold is answered; a page may show several."""

    hold = forms.IntegerField(widget=forms.HiddenInput)


class AcknowledgeForm(HoldForm):
    """Somebody has seen it."""

    words = forms.CharField(label="What was done, if anything", max_length=300, required=False)
    artefact = forms.BooleanField(label=ARTEFACT, required=False)

    def said(self) -> dict[str, Any]:
        """The words, that the reading was none before all others."""
        told = super().said()
        first = ARTEFACT if told.pop("artefact", False) else ""
        return told | {"words": ". ".join(filter(None, (first, told["words"])))}


class ReleaseForm(HoldForm):
    """The drug may go on."""

    reason = forms.CharField(label="Why the drug may go on", max_length=300)


ANSWERS: Mapping[str, type[HoldForm]] = {"acknowledge": AcknowledgeForm, "release": ReleaseForm}


@dataclass(frozen=True)
class HoldSaid:
    """One hold as the page says it."""

    ordinal: int
    at: datetime
    advice: str
    level: str
    reading: str
    rule: str
    origin: str
    corrected: bool
    waits: bool
    blocks: bool
    acknowledged: str
    released: str
    from_monitor: bool


@dataclass(frozen=True)
class Asked:
    """A hold that somebody must still answer, and the forms in which they may."""

    said: HoldSaid
    forms: Mapping[str, HoldForm]


def open_holds(room: Room) -> list[HoldSaid]:
    """The holds that somebody must still answer, the newest first."""
    return [said(room, one) for one in reversed(room.state.holds) if one.open]


def all_holds(room: Room) -> list[HoldSaid]:
    """Every hold of the session, the first one first."""
    return [said(room, one) for one in room.state.holds]


def said(room: Room, one: Hold) -> HoldSaid:
    """One hold in words."""
    evidence = {each.ordinal for each in one.seen}
    lines = [line for line in room.state.lines if line.ordinal in evidence]
    return HoldSaid(
        ordinal=one.ordinal,
        at=one.at,
        advice=one.rule.advice.label,
        level="urgent" if one.rule.advice.holds else "caution",
        reading=one.reading,
        rule=one.rule.words,
        origin=one.rule.origin,
        corrected=any(line.corrected and line.versions[-1].ordinal > one.ordinal for line in lines),
        waits=one.waits,
        blocks=one.blocks,
        acknowledged=_acknowledged(one),
        released=f"{one.released.by_name}: {one.released.words}" if one.released else "",
        from_monitor=one.from_monitor,
    )


def asked(
    room: Room, author: Author, page: UUID, wrong: Mapping[str, PressForm]
) -> tuple[Asked, ...]:
    """The open holds with their forms; what was refused comes back in the form it came from."""
    return tuple(
        Asked(
            one,
            {
                act: _refused(wrong, act, one) or _fresh(room, author, page, act, one)
                for act, wanted in (("acknowledge", one.waits), ("release", one.blocks))
                if wanted
            },
        )
        for one in open_holds(room)
    )


def _fresh(room: Room, author: Author, page: UUID, act: str, one: HoldSaid) -> HoldForm:
    # A page may show several holds: each form names its own, and its boxes are told apart.
    form = ANSWERS[act](
        prefix=act, room=room, author=author, page=page,
        initial={"hold": one.ordinal}, auto_id=f"id_{one.ordinal}_%s",
    )  # fmt: skip
    if not one.from_monitor:
        form.fields.pop("artefact", None)
    return form


def _refused(wrong: Mapping[str, PressForm], act: str, one: HoldSaid) -> HoldForm | None:
    form = wrong.get(act)
    mine = isinstance(form, HoldForm) and form["hold"].value() == str(one.ordinal)
    return form if mine and isinstance(form, HoldForm) else None


def _acknowledged(one: Hold) -> str:
    answer, waited = one.acknowledged, one.waited
    if answer is None or waited is None:
        return ""
    words = f": {answer.words}" if answer.words and answer is not one.released else ""
    return f"{answer.by_name} after {lasting(int(waited.total_seconds()))}{words}"


def lasting(seconds: int) -> str:
    """How long somebody took, as it is said."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def told_hold(payload: Mapping[str, Any]) -> str:
    """An entry that raises a hold, in words; it holds the whole rule."""
    one = standing.hold(payload, ordinal=0, at=datetime.min.replace(tzinfo=UTC))
    return f"{one.rule.advice.label}. {one.reading}. Rule: {one.rule.words} ({one.rule.origin})"


WORDS: Mapping[Kind, Callable[[Mapping[str, Any]], str]] = {
    Kind.HOLD: told_hold,
    Kind.HOLD_ACKNOWLEDGED: lambda told: f"Hold seen. {told.get('words', '')}".rstrip(),
    Kind.HOLD_RELEASED: lambda told: f"Hold released: {told['reason']}",
    Kind.FORM_FILLED: lambda told: "Monitoring form: answers saved",
    Kind.FORM_SUBMITTED: lambda told: f"Monitoring form submitted: {told.get('reference', '')}",
}
