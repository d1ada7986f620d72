"""From an ORU^R01 to vital signs: the dialects of real monitors, and what in them is no reading."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

import hl7

from ketaflow.devices import codes
from ketaflow.devices.codes import Code
from ketaflow.devices.header import LONGEST, Header, NotTaken
from ketaflow.devices.moments import NoMoment, moment, zone_of
from ketaflow.refusals import Refused
from ketaflow.session import vitals
from ketaflow.session.monitors.arrivals import Arrival, Measured

NUMBER = re.compile(r"[+-]?\d{1,6}(\.\d{1,6})?")
MOST_SEGMENTS = 2000
MOST_NOT_USED = 40
# How HL7 says that something was known and is to be forgotten: not a value.
NULL = '""'
PRESSURE: tuple[str, ...] = ("systolic", "diastolic")


class NotUsed(ValueError):
    """One observation that cannot be charted, and why in a few words."""


@dataclass(frozen=True)
class Clock:
    """What a time without an offset means: the zone it was read in, and when it was received."""

    zone: tzinfo
    received_at: datetime


@dataclass
class _Moment:
    """What was measured at one moment, while the message is read."""

    vitals: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    corrected: bool = False


def read(text: str, head: Header, clock: Clock) -> Arrival | None:
    """What a message says was measured, or None when nothing in it is a vital sign.

    Raises:
        NotTaken: it is damaged, speaks of two patients, or nothing of what it measured can be
            charted.
    """
    segments = _segments(text)
    patient, place = _one(segments, "PID"), _one(segments, "PV1")
    here = Clock(zone_of(head.written_at, otherwise=clock.zone), clock.received_at)
    found, wrong, unknown = _observed(segments, here)
    measured, implausible = _plausible(found)
    wrong += implausible
    if not measured:
        if wrong:
            raise NotTaken("AE", "102^Data type error", "; ".join(wrong))
        return None
    return Arrival(
        sender=_sender(head),
        control_id=head.control_id,
        place=_clean(str(place[3])) if place and len(place) > 3 else "",
        devices=tuple(sorted(_devices(segments))),
        patients=tuple(dict.fromkeys(_firsts(patient, 3))) if patient else (),
        measured=measured,
        not_used=tuple((*wrong, *unknown)[:MOST_NOT_USED]),
    )


def _segments(text: str) -> Sequence[Any]:
    try:
        message = hl7.parse(text)
    except (hl7.HL7Exception, ValueError, LookupError) as wrong:
        raise NotTaken(
            "AE", "100^Segment sequence error", f"It cannot be read: {wrong or 'it is damaged'}."
        ) from None
    if len(message) > MOST_SEGMENTS:
        raise NotTaken(
            "AE", "100^Segment sequence error", f"It has more than {MOST_SEGMENTS} segments."
        )
    return message


def _named(segments: Sequence[Any], *names: str) -> Iterator[Any]:
    return (one for one in segments if str(one[0]) in names)


def _one(segments: Sequence[Any], name: str) -> Any:
    found = list(_named(segments, name))
    if len(found) > 1:
        raise NotTaken(
            "AE",
            "100^Segment sequence error",
            f"It has {len(found)} {name} segments; send each patient's readings by themselves.",
        )
    return found[0] if found else None


def _parts(segment: Any, number: int) -> list[list[str]]:
    """The repetitions of a field, each by its components."""
    if number >= len(segment):
        return []
    return [
        [_clean(str(part)) for part in one] if isinstance(one, list) else [_clean(str(one))]
        for one in segment[number]
    ]


def _firsts(segment: Any, number: int) -> Iterator[str]:
    """The first component of every repetition that says anything."""
    return (one[0] for one in _parts(segment, number) if one and one[0] not in ("", NULL))


def _part(segment: Any, number: int, component: int = 0) -> str:
    first = next(iter(_parts(segment, number)), [])
    return first[component] if component < len(first) else ""


def _clean(value: str) -> str:
    return "".join(one for one in value if one.isprintable()).strip()[:LONGEST]


def _sender(head: Header) -> str:
    at = f" at {head.facility}" if head.facility else ""
    return _clean(f"{head.application or 'a monitor without a name'}{at}")


def _devices(segments: Sequence[Any]) -> set[str]:
    """Identifiers of devices: the sender's own, each observation's, and each participant's."""
    obx = _named(segments, "OBX")
    prt = _named(segments, "PRT")
    own = [_part(segments[0], 3)]
    every = (own, *(_firsts(one, 18) for one in obx), *(_firsts(one, 10) for one in prt))
    return {one for some in every for one in some if one}


def _observed(
    segments: Sequence[Any], clock: Clock
) -> tuple[dict[datetime, _Moment], list[str], list[str]]:
    """What was measured by moment, what could not be used, and which codes are not known."""
    found: dict[datetime, _Moment] = {}
    wrong: list[str] = []
    unknown: list[str] = []
    taken = _part(segments[0], 7)
    for segment in _named(segments, "OBR", "OBX"):
        if str(segment[0]) == "OBR":
            taken = _part(segment, 7) or taken
            continue
        code = _code(segment)
        if code is None:
            unknown += _unknown(segment)
            continue
        try:
            _take(segment, code, found, _part(segment, 14) or taken, clock)
        except (NotUsed, NoMoment) as why:
            wrong.append(f"{code.name}: {why}")
    return found, wrong, unknown


def _code(segment: Any) -> Code | None:
    """The first of the two codes an observation may carry that is known."""
    return codes.find(number=_part(segment, 3), system=_part(segment, 3, 2)) or codes.find(
        number=_part(segment, 3, 3) or "-", system=_part(segment, 3, 5)
    )


def _unknown(segment: Any) -> list[str]:
    value = _part(segment, 5)
    said = (_part(segment, 3), _part(segment, 3, 1), value, _part(segment, 6))
    return [" ".join(one for one in said if one)] if value not in ("", NULL) else []


def _take(
    segment: Any, code: Code, found: dict[datetime, _Moment], written: str, clock: Clock
) -> None:
    states, state = codes.status(), _part(segment, 11)
    value = _part(segment, 5)
    withdrawn = state in states.withdrawn
    if not withdrawn and (value in ("", NULL) or state not in states.reading | states.corrected):
        return
    at = moment(written, otherwise=clock.zone, near=clock.received_at)
    if not code.sign:
        raise NotUsed(f"{value} {_part(segment, 6)}; it has no column")
    here = found.setdefault(at, _Moment())
    if withdrawn:
        here.withdrawn.add(code.sign)
        return
    number = _number(segment, code)
    here.corrected = here.corrected or state in states.corrected
    known = here.vitals.get(code.sign)
    if known is None or code.rank < known[0]:
        here.vitals[code.sign] = (code.rank, number)


def _number(segment: Any, code: Code) -> Decimal:
    """The value in the flowsheet's unit."""
    value, written = _part(segment, 5), _part(segment, 6)
    if len(_parts(segment, 5)) != 1 or not value.isascii() or not NUMBER.fullmatch(value):
        raise NotUsed(f"{value!r} is no single number")
    unit = codes.written_units().get(written) or codes.written_units().get(_part(segment, 6, 1))
    wanted = vitals.signs()[code.sign].unit
    if unit is None or unit.means != wanted:
        raise NotUsed(f"{value} in {written or 'no unit'}, where {wanted} is charted")
    return unit.convert(Decimal(value))


def _plausible(found: dict[datetime, _Moment]) -> tuple[tuple[Measured, ...], list[str]]:
    """What a flowsheet takes, by time; what no living person has is named instead."""
    measured, wrong = [], []
    for at, one in sorted(found.items()):
        kept, said = _kept({sign: value for sign, (_, value) in one.vitals.items()})
        wrong += said
        if kept or one.withdrawn:
            back = tuple(sorted(one.withdrawn - kept.keys()))
            measured.append(Measured(at, kept, back, one.corrected))
    return tuple(measured), wrong


def _kept(values: dict[str, Decimal]) -> tuple[dict[str, Decimal], list[str]]:
    """Each sign that can be, by itself; then a pressure only if its two halves agree."""
    wrong: list[str] = []
    kept = {sign: value for sign, value in values.items() if _can_be({sign: value}, wrong)}
    pressure = {sign: kept[sign] for sign in PRESSURE if sign in kept}
    if pressure and not _can_be(pressure, wrong):
        kept = {sign: value for sign, value in kept.items() if sign not in pressure}
    return kept, wrong


def _can_be(values: dict[str, Decimal], wrong: list[str]) -> bool:
    try:
        vitals.read({sign: str(value) for sign, value in values.items()})
    except Refused as why:
        wrong.append(str(why).split(":")[0])
        return False
    return True


def lines(sentences: Iterable[str]) -> list[tuple[str, str]]:
    """What was not used, as warnings of an answer."""
    return [("102^Data type error", one) for one in sentences][:MOST_NOT_USED]
