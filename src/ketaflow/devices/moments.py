"""When something was measured, as HL7 writes it: 20260310094512.25-0500, and shorter."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

WRITTEN = re.compile(r"(\d{12})(\d\d)?(?:\.(\d{1,6})\d*)?([+-]\d{4})?")


class NoMoment(ValueError):
    """It cannot be read as a moment of at least a minute's exactness."""


def moment(written: str, *, otherwise: tzinfo, near: datetime) -> datetime:
    """The moment that `written` names, in UTC.

    Args:
        written: an HL7 time stamp with at least hours and minutes.
        otherwise: the zone of the clock it was read from, when it says no offset itself.
        near: about when it was; of an hour that a clock shows twice, the one nearer to it is meant.

    Raises:
        NoMoment: too short, or there is no such moment.

    >>> moment("202603100945-0500", otherwise=UTC, near=datetime(2026, 3, 10, tzinfo=UTC))
    datetime.datetime(2026, 3, 10, 14, 45, tzinfo=datetime.timezone.utc)
    """
    found = WRITTEN.fullmatch(written.strip()) if written.isascii() else None
    if found is None:
        raise NoMoment(f"{written[:40]!r} is no time with hours and minutes")
    digits, seconds, fraction, said = found.groups()
    try:
        year, *parts = (int(digits[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12)))
        parts += [int(seconds or 0), int((fraction or "0").ljust(6, "0"))]
        zone = offset(said) if said else otherwise
        clock = datetime(year, *parts, tzinfo=zone)  # type: ignore[misc, arg-type]
        both = (clock.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        return min(both, key=lambda one: abs(one - near))
    except (ValueError, OverflowError):
        raise NoMoment(f"there is no moment {written[:40]!r}") from None


def offset(said: str) -> tzinfo:
    """The zone of `+HHMM`.

    Raises:
        ValueError: no clock differs from UTC by a day.
    """
    hours, minutes = int(said[1:3]), int(said[3:5])
    if minutes > 59:
        raise ValueError(f"{said} is no offset")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if said[0] == "-" else span)


def zone_of(header: str, *, otherwise: tzinfo) -> tzinfo:
    """The zone a message is in: the offset of its own time, else the clinic's."""
    found = WRITTEN.fullmatch(header.strip()) if header.isascii() else None
    if found is None or not found[4]:
        return otherwise
    try:
        return offset(found[4])
    except ValueError:
        return otherwise
