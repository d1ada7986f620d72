"""What somebody at the chair wants to write, and whether what they saw on the page still holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from ketaflow.journal.author import Author
from ketaflow.journal.chain import canonical
from ketaflow.people.registration import said
from ketaflow.session import events
from ketaflow.session.events import Kind, Origin, Recorded, Tick
from ketaflow.session.phases import Phase

# These add to what is known: two people may do so at the same time, and both are kept.
ADDS = frozenset(
    {
        *(Kind.READING, Kind.SEDATION, Kind.DISSOCIATION, Kind.PAIN),
        *(Kind.SIDE_EFFECT, Kind.RESCUE, Kind.NOTE, Kind.CHECKLIST_ITEM, Kind.CONFIRMED),
        # A hold may not keep a pause or a stop from being recorded on the page that was open.
        *(Kind.HOLD, Kind.HOLD_ACKNOWLEDGED, Kind.HOLD_RELEASED),
    }
)
# How an entry came: when it was received, if later than it happened, and by which press.
RECEIVED, PRESS = "received_at", "press"


@dataclass(frozen=True)
class Wish:
    """One entry that is to be written."""

    kind: Kind
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Press:
    """One press as it left the page.

    `seen` is the last entry that was on the page, `page` names that very page. `key` is the press's
    own name, sent again with every attempt, so that it is kept once however often it arrives.
    `happened_at` is when it was pressed, if the line was lost and it comes only now.
    """

    seen: int
    key: UUID | None = None
    page: UUID | None = None
    happened_at: datetime | None = None

    def name(self, session: UUID, wanted: Sequence[Wish]) -> UUID | None:
        """The same for the same words of the same press, and for nothing else; None without a key.

        Other words under the same key, from a page that was gone back to, are another press: to
        take them for the first would lose them.
        """
        if self.key is None:
            return None
        words = [[wish.kind.value, dict(wish.payload)] for wish in wanted]
        return uuid5(self.key, f"{session} {canonical({'words': words})}")


# What a person saw: the last entry alone, or the whole press.
Saw = int | Press


def press_of(seen: Saw) -> Press:
    """The press that carried `seen`."""
    return seen if isinstance(seen, Press) else Press(seen)


@dataclass(frozen=True)
class Taken:
    """One round at the chair: vital signs and, where they were taken, the scales."""

    vitals: Mapping[str, Decimal | None]
    sedation: int | None = None
    dissociation: int | None = None
    pain: int | None = None


@dataclass(frozen=True)
class DoseRead:
    """What the second person read on the syringe, the pump or the devices."""

    dose_mg: Decimal | None
    rate_mg_min: Decimal | None = None
    devices: int | None = None


@dataclass(frozen=True)
class Correction:
    """What an entry should have said; no `payload` strikes it out, no `at` keeps its time."""

    ordinal: int
    payload: Mapping[str, Any] | None
    reason: str
    at: datetime | None = None


@dataclass(frozen=True)
class Departure:
    """What is said when somebody goes home; `shortened` is the director's reason, if any."""

    done: frozenset[str]
    escort: str
    shortened: str = ""


def ticks(wanted: Mapping[str, tuple[bool, str]], *, seen: Mapping[str, Tick]) -> tuple[Wish, ...]:
    """The lines that differ from what the person saw on the page, and no others.

    Two people who tick different lines so do not undo each other.

    Args:
        wanted: done and note, by line.
        seen: the ticks on the page that was pressed.
    """
    found = []
    for item, (done, note) in wanted.items():
        was = seen.get(item)
        if (done, note.strip()) != ((was.done, was.note) if was else (False, "")):
            payload = {"item": item, "done": done, "note": note.strip()}
            found.append(Wish(Kind.CHECKLIST_ITEM, payload))
    return tuple(found)


def dose_read(read: DoseRead, prepared_by: Author) -> Wish:
    """The second person's check of what the first one prepared."""
    who = {"prepared_by": str(prepared_by.id), "prepared_by_name": prepared_by.name}
    amounts = {"dose_mg": read.dose_mg, "rate_mg_min": read.rate_mg_min, "devices": read.devices}
    return Wish(Kind.DOSE_CHECKED, {**who, **plain(amounts)})


def round_taken(taken: Taken) -> tuple[Wish, ...]:
    """A reading for the vital signs, and one entry for each scale."""
    scales = {
        Kind.SEDATION: taken.sedation,
        Kind.DISSOCIATION: taken.dissociation,
        Kind.PAIN: taken.pain,
    }
    found = [Wish(kind, {"total": total}) for kind, total in scales.items() if total is not None]
    vitals = plain(taken.vitals)
    # Nothing at all goes on as an empty reading, which is refused in words.
    return (Wish(Kind.READING, vitals), *found) if vitals or not found else tuple(found)


def confirmed(vitals: Mapping[str, str], origin: Origin) -> Wish:
    """What a monitor measured, as a nurse confirms it: these very values."""
    return Wish(Kind.CONFIRMED, {**vitals, **origin.payload})


def corrected(correction: Correction) -> Wish:
    """A correction, which names what it corrects."""
    payload = {
        "corrects": correction.ordinal,
        "reason": said(correction.reason, "why it is corrected"),
        "payload": None if correction.payload is None else dict(correction.payload),
        "at": correction.at.isoformat() if correction.at else None,
    }
    return Wish(Kind.CORRECTED, payload)


def discharged(departure: Departure, by: Author) -> Wish:
    """A discharge, with the word of whoever shortened the observation."""
    why = departure.shortened.strip()
    override = {"by_name": by.name, "roles": list(by.roles), "reason": why} if why else None
    payload = {
        "done": sorted(departure.done),
        "escort": said(departure.escort, "who takes the patient home"),
        "override": override,
    }
    return Wish(Kind.DISCHARGED, payload)


def hold_acknowledged(hold: int, words: str) -> Wish:
    """Somebody has seen a hold; in `words` what they did, if they say so."""
    return Wish(Kind.HOLD_ACKNOWLEDGED, {"hold": hold, "words": words.strip()})


def hold_released(hold: int, reason: str) -> Wish:
    """Somebody lets the drug go on after a hold, and says why."""
    return Wish(Kind.HOLD_RELEASED, {"hold": hold, "reason": said(reason, "why it may go on")})


def overtaken(
    entries: Sequence[Recorded], wish: Wish, *, press: Press, by: object, phase: Phase
) -> str:
    """Why `wish` may not be written any more, in a sentence; empty when it may.

    Args:
        entries: the whole stream as it is now.
        wish: what is to be written.
        press: what the person saw. What they themselves did before from that very page they know:
            a page without a line takes several presses before any of them arrives.
        by: who pressed; the same words twice from one page are one press too many.
        phase: where the session stands now.
    """
    since = [entry for entry in entries if entry.ordinal > press.seen]
    if any(_same(entry, wish, by) for entry in since):
        return (
            f"{wish.kind.label} is already recorded: it was sent twice and kept once. "
            "Look at the page before you add more."
        )
    moved = [
        entry
        for entry in since
        if events.kind_of(entry) not in ADDS and not _from_the_same_page(entry, press, by)
    ]
    if wish.kind in ADDS or not moved:
        return ""
    last = moved[-1]
    return (
        f"{last.by_name} was first and recorded “{events.kind_of(last).label.lower()}”: the "
        f"session is already {phase.label}. Nothing of yours was saved; look, then decide again."
    )


def _from_the_same_page(entry: Recorded, press: Press, by: object) -> bool:
    page = entry.payload.get(PRESS, {}).get("page")
    return page is not None and page == str(press.page) and str(entry.by) == str(by)


def _same(entry: Recorded, wish: Wish, by: object) -> bool:
    written = {key: value for key, value in entry.payload.items() if key not in (RECEIVED, PRESS)}
    return entry.kind == wish.kind and str(entry.by) == str(by) and written == dict(wish.payload)


def marked(
    wanted: Sequence[Wish], press: Press, session: UUID, *, received_at: datetime | None
) -> tuple[Wish, ...]:
    """What is written of `wanted`: when each was received, if late; by which press and page."""
    late = {RECEIVED: received_at.isoformat()} if received_at else {}
    name = press.name(session, wanted)
    page = {"page": str(press.page)} if press.page else {}
    found = []
    for place, wish in enumerate(wanted):
        # The first entry alone carries the name: it stands for the whole press.
        said = page | ({"name": str(name)} if name and place == 0 else {})
        found.append(Wish(wish.kind, {**wish.payload, **late, **({PRESS: said} if said else {})}))
    return tuple(found)


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, numbers with a point as text; what was not is left out."""
    return {
        key: str(value) if isinstance(value, Decimal) else value
        for key, value in given.items()
        if value is not None
    }
