"""A hold as it stands: which rule was met by which readings, and who has answered since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ketaflow.protocol.figures import show
from ketaflow.protocol.holds import rules
from ketaflow.protocol.holds.rules import Rule
from ketaflow.refusals import Refused
from ketaflow.session import events
from ketaflow.session.corrections import Line
from ketaflow.session.events import Kind, NotReadable, Origin


class Held(Refused):
    """No more drug may be given: a hold has not been released."""


class AlreadyAnswered(Refused):
    """Somebody has answered this hold."""


@dataclass(frozen=True)
class Seen:
    """One reading that met the rule; `value` is the change since baseline where the rule says so.

    `measured` is what was read, `effect` the side effect where one was. `origin` is the monitor's
    row it comes from; as long as nobody had confirmed that row, `ordinal` is 0.
    """

    ordinal: int
    at: datetime
    value: Decimal
    measured: Decimal
    effect: str = ""
    origin: Origin | None = None

    @property
    def source(self) -> str:
        """What tells this reading from every other, also after a nurse has confirmed it."""
        return self.origin.reading if self.origin else str(self.ordinal)

    @property
    def unconfirmed(self) -> str:
        """That nobody had confirmed it, in words; nothing where a person stood behind it."""
        if self.origin is None or self.ordinal:
            return ""
        return f", from monitor {self.origin.sender}, not yet confirmed"


@dataclass(frozen=True)
class Answer:
    """Who acknowledged or released a hold, when, and in which words."""

    ordinal: int
    at: datetime
    by_name: str
    words: str


@dataclass(frozen=True)
class Hold:
    """One hold; `ordinal` is its entry's place in the session."""

    ordinal: int
    at: datetime
    rule: Rule
    seen: tuple[Seen, ...]
    acknowledged: Answer | None = None
    released: Answer | None = None

    @property
    def open(self) -> bool:
        """Whether somebody must still answer it."""
        return self.waits or self.blocks

    @property
    def waits(self) -> bool:
        """Whether nobody has said yet that they have seen it."""
        return self.rule.advice.asks and self.acknowledged is None

    @property
    def blocks(self) -> bool:
        """Whether it keeps the drug back."""
        return self.rule.advice.holds and self.released is None

    @property
    def waited(self) -> timedelta | None:
        """How long it took until somebody acknowledged it; None while nobody has."""
        return self.acknowledged.at - self.at if self.acknowledged else None

    @property
    def reading(self) -> str:
        """The last reading that met the rule, in words."""
        last = self.seen[-1]
        if last.effect:
            label = events.side_effects()[last.effect].label
            return f"{label}, severity {show(last.measured)} of 5"
        change = f", {show(last.value)} above baseline" if self.rule.change else ""
        measured = f"{self.rule.label} {show(last.measured)} {self.rule.unit}"
        return f"{measured}{change}{last.unconfirmed}"

    @property
    def from_monitor(self) -> bool:
        """Whether a reading that nobody had confirmed raised it."""
        return bool(self.seen[-1].unconfirmed)


def hold(told: Mapping[str, Any], *, ordinal: int, at: datetime) -> Hold:
    """The hold that an entry raises, from its payload.

    Raises:
        NotReadable: it does not say which rule was met by what.
    """
    try:
        version, signed_by = str(told["policy_version"]), str(told["policy_signed_by"])
        rule = rules.from_payload(told["rule"], signed_by=signed_by, version=version)
        seen = tuple(_seen(one) for one in told["readings"])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise NotReadable("A hold names its rule and the readings that met it.") from None
    if not seen:
        raise NotReadable("A hold names the readings that met its rule.")
    return Hold(ordinal, at, rule, seen)


def payload(rule: Rule, seen: Iterable[Seen]) -> dict[str, Any]:
    """What the journal keeps of a hold: the whole rule, and what met it, as it was then."""
    return {
        "rule": rule.payload(),
        "policy_version": rule.version,
        "policy_signed_by": rule.signed_by,
        "readings": [
            {
                "ordinal": one.ordinal,
                "at": one.at.isoformat(),
                "value": str(one.value),
                "measured": str(one.measured),
                "effect": one.effect,
                **(one.origin.payload if one.origin else {}),
            }
            for one in seen
        ],
    }


def after(holds: Mapping[int, Hold], line: Line) -> Hold:
    """The hold that `line` is about, as it stands afterwards."""
    if line.kind is Kind.HOLD:
        return hold(line.payload, ordinal=line.ordinal, at=line.at)
    return answered(holds, line)


def answered(holds: Mapping[int, Hold], line: Line) -> Hold:
    """The hold that `line` acknowledges or releases, as it stands afterwards.

    A release also says that the hold was seen, so it acknowledges what nobody had.

    Raises:
        AlreadyAnswered: somebody was first.
        NotReadable: there is no such hold, or none that asks for this.
    """
    named = holds.get(events.count(line.payload, "hold"))
    if named is None:
        raise NotReadable("There is no such hold in this session; open the page again.")
    if line.kind is Kind.HOLD_ACKNOWLEDGED:
        _free(named.acknowledged, "acknowledged")
        answer = Answer(line.ordinal, line.at, line.by_name, str(line.payload.get("words", "")))
        return replace(named, acknowledged=answer)
    if not named.rule.advice.holds:
        raise NotReadable("This one keeps nothing back, so there is nothing to release.")
    _free(named.released, "released")
    answer = Answer(line.ordinal, line.at, line.by_name, events.words(line.payload, "reason"))
    return replace(named, acknowledged=named.acknowledged or answer, released=answer)


def require_released(
    holds: Iterable[Hold], kind: Kind, *, before_mg_min: Decimal, rate_mg_min: Decimal | None
) -> None:
    """Refuse to give more drug while a hold is not released; slowing down is never refused.

    Args:
        holds: those of the session.
        kind: what somebody wants to record.
        before_mg_min: what the pump runs at.
        rate_mg_min: the new rate, where there is one.

    Raises:
        Held: names the reading and the rule.
    """
    if kind not in GIVES_MORE:
        return
    if kind is Kind.RATE_CHANGED and rate_mg_min is not None and rate_mg_min <= before_mg_min:
        return
    if blocking := [one for one in holds if one.blocks]:
        raise Held(f"{'; '.join(obstacles(blocking))}. Release it with a reason first.")


def obstacles(holds: Iterable[Hold]) -> tuple[str, ...]:
    """The holds that keep the drug back, each in a few words."""
    return tuple(
        f"a hold is not released: {one.reading} (rule: {one.rule.words})"
        for one in holds
        if one.blocks
    )


def unanswered(holds: Iterable[Hold]) -> tuple[str, ...]:
    """The holds that nobody has acknowledged, each in a few words."""
    return tuple(f"nobody has acknowledged: {one.reading}" for one in holds if one.waits)


GIVES_MORE = frozenset({Kind.STARTED, Kind.RESUMED, Kind.RATE_CHANGED, Kind.DEVICE_GIVEN})
ANSWERS = frozenset({Kind.HOLD_ACKNOWLEDGED, Kind.HOLD_RELEASED})


def _free(before: Answer | None, done: str) -> None:
    if before:
        raise AlreadyAnswered(
            f"{before.by_name} {done} this hold already. Nothing was recorded twice."
        )


def _seen(told: Mapping[str, Any]) -> Seen:
    return Seen(
        ordinal=int(told["ordinal"]),
        at=datetime.fromisoformat(told["at"]),
        value=Decimal(told["value"]),
        measured=Decimal(told["measured"]),
        effect=str(told.get("effect", "")),
        origin=events.origin(told),
    )
