"""A container is the fold of its entries: what it holds, what was drawn from it, where it is.

Actions ask this before they write, projections read their rows from it, and `verify` folds every
stream again: one set of laws, and nothing is kept that could not have happened.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from ketaflow.custody.amounts import NOTHING, NotReadable, read
from ketaflow.custody.movements import Kind, PlaceKind, Recorded
from ketaflow.protocol.figures import show
from ketaflow.refusals import Refused


class Impossible(Refused):
    """That cannot happen to this container as it stands."""


class NotReversible(Refused):
    """There is no such movement to take back, or others rest on it."""


class Status(StrEnum):
    """How a container stands."""

    SEALED = "SEALED"
    OPEN = "OPEN"
    GONE = "GONE"

    @property
    def label(self) -> str:
        """The status in words."""
        return self.value.lower()


@dataclass(frozen=True)
class Drawn:
    """What was drawn for one session, and what became of it; amounts in mL or devices."""

    ordinal: int
    account: str
    patient: str
    quantity: Decimal
    on: date
    at: datetime
    administered: Decimal = NOTHING
    wasted: Decimal = NOTHING
    returned: Decimal = NOTHING
    lost: Decimal = NOTHING

    @property
    def held(self) -> Decimal:
        """What is still in the syringe, or the device still in the hand."""
        return self.quantity - self.administered - self.wasted - self.returned - self.lost


@dataclass(frozen=True)
class Container:
    """One container; `capacity` is what it held when it came, all amounts in mL or devices."""

    item: str
    device: bool
    capacity: Decimal
    lot: str
    expires_on: date
    place: str
    place_kind: PlaceKind
    held: Decimal
    status: Status = Status.SEALED
    opened_at: datetime | None = None
    use_by: date | None = None
    draws: Mapping[int, Drawn] = field(default_factory=lambda: MappingProxyType({}))
    ordinal: int = 0
    struck: frozenset[int] = frozenset()

    @property
    def usable_until(self) -> date:
        """The last day on which anything may be drawn."""
        return min(self.expires_on, self.use_by or self.expires_on)

    @property
    def unit(self) -> str:
        """What is counted."""
        return "device" if self.device else "mL"


def fold(entries: Iterable[Recorded]) -> Container:
    """The state of a container from its entries, in the order they were written.

    A reversal takes the entry it names out of the reckoning; what remains must still be possible.

    Raises:
        NotReadable: an entry is not what its kind should be.
        Impossible: the entries could not have happened in this order.
        NotReversible: a reversal names what cannot be taken back.
    """
    written = tuple(entries)
    struck = _struck(written)
    so_far: Container | None = None
    for entry in written:
        if entry.ordinal not in struck and entry.kind != Kind.REVERSED:
            so_far = step(so_far, entry)
    if so_far is None:
        raise NotReadable("A container's stream begins with its receipt.")
    return replace(so_far, ordinal=written[-1].ordinal, struck=struck)


def _struck(entries: tuple[Recorded, ...]) -> frozenset[int]:
    """The ordinals that later reversals take back."""
    kinds: dict[int, str] = {}
    struck: set[int] = set()
    for entry in entries:
        if entry.kind == Kind.REVERSED:
            named = int(entry.payload["reverses"])
            if kinds.get(named) in (None, Kind.REVERSED, Kind.RECEIVED) or named in struck:
                raise NotReversible(
                    f"Entry {named} cannot be taken back: it is none of this container's "
                    "movements, or taken back already. Look at the container's page."
                )
            struck.add(named)
        kinds[entry.ordinal] = entry.kind
    return frozenset(struck)


def step(so_far: Container | None, entry: Recorded) -> Container:
    """The container after `entry`.

    Raises:
        Impossible, NotReadable: as `fold`.
    """
    kind = Kind(entry.kind)
    if (so_far is None) is not (kind is Kind.RECEIVED):
        raise Impossible("A container is received once, and before anything else.")
    if so_far is None:
        return _received(entry)
    if so_far.status is Status.GONE:
        raise Impossible("This container has left the clinic or was destroyed; take another.")
    return STEPS[kind](so_far, entry)


def _received(entry: Recorded) -> Container:
    told = entry.payload
    capacity = read(told, "capacity")
    if capacity <= 0:
        raise NotReadable("A container holds something when it comes.")
    return Container(
        item=told["item"],
        device=told["device"],
        capacity=capacity,
        lot=told["lot"],
        expires_on=date.fromisoformat(told["expires_on"]),
        place=told["place"],
        place_kind=PlaceKind(told["place_kind"]),
        held=capacity,
    )


def _put(so_far: Container, told: Mapping[str, Any]) -> Container:
    return replace(so_far, place=told["place"], place_kind=PlaceKind(told["place_kind"]))


def _moved(so_far: Container, entry: Recorded) -> Container:
    to = PlaceKind(entry.payload["place_kind"])
    if PlaceKind.QUARANTINE in (to, so_far.place_kind):
        raise Impossible("Quarantine is entered and left with a reason: quarantine or release it.")
    if to is PlaceKind.VAULT and so_far.status is not Status.SEALED:
        raise Impossible("Only unopened containers go back to a vault. Leave this one outside.")
    return _put(so_far, entry.payload)


def _opened(so_far: Container, entry: Recorded) -> Container:
    if so_far.device or so_far.status is not Status.SEALED:
        raise Impossible("Only a sealed vial is opened, and once.")
    told = entry.payload
    _usable(so_far, date.fromisoformat(told["on"]))
    use_by = date.fromisoformat(told["use_by"]) if told["use_by"] else None
    return replace(so_far, status=Status.OPEN, opened_at=entry.at, use_by=use_by)


def _usable(so_far: Container, on: date) -> None:
    if so_far.place_kind is PlaceKind.QUARANTINE:
        raise Impossible(
            f"Lot {so_far.lot} is in quarantine and nothing may be drawn from it. Take another."
        )
    if on > so_far.usable_until:
        raise Impossible(
            f"Lot {so_far.lot} could be used until {so_far.usable_until} and today is {on}. Take "
            "another container, and put this one into quarantine."
        )


def _drawn(so_far: Container, entry: Recorded) -> Container:
    told = entry.payload
    quantity, on = read(told, "quantity"), date.fromisoformat(told["on"])
    _usable(so_far, on)
    if not so_far.device and so_far.status is not Status.OPEN:
        raise Impossible("A vial is opened before anything is drawn from it.")
    if quantity <= 0 or (so_far.device and quantity != 1):
        raise Impossible(f"{show(quantity)} {so_far.unit} cannot be drawn.")
    after = _less(so_far, quantity)
    drawn = Drawn(entry.ordinal, told["account"], told["patient"], quantity, on, entry.at)
    return replace(after, draws=MappingProxyType({**so_far.draws, entry.ordinal: drawn}))


def _less(so_far: Container, quantity: Decimal) -> Container:
    if quantity > so_far.held:
        raise Impossible(
            f"The container holds {show(so_far.held)} {so_far.unit}, so "
            f"{show(quantity)} {so_far.unit} cannot come from it. Measure again, or take another."
        )
    return _holding(so_far, so_far.held - quantity)


def _became(part: str) -> Callable[[Container, Recorded], Container]:
    """The step that says what became of a part of a draw, or of the container itself."""

    def take(so_far: Container, entry: Recorded) -> Container:
        quantity, named = read(entry.payload, "quantity"), entry.payload.get("draw")
        if quantity <= 0:
            raise Impossible("Nothing at all cannot be recorded. Enter what was measured.")
        if named is None:
            return _from_container(part, so_far, quantity)
        draw = so_far.draws.get(named)
        if draw is None:
            raise Impossible(f"There is no draw {named} from this container. Look at its page.")
        if quantity > draw.held:
            raise Impossible(
                f"{show(draw.held)} {so_far.unit} of this draw are left, so "
                f"{show(quantity)} {so_far.unit} cannot be {part}. Measure again."
            )
        after = replace(draw, **{part: getattr(draw, part) + quantity})
        back = quantity if part == "returned" else NOTHING
        draws = MappingProxyType({**so_far.draws, named: after})
        return replace(_holding(so_far, so_far.held + back), draws=draws)

    return take


def _from_container(part: str, so_far: Container, quantity: Decimal) -> Container:
    if part in ("administered", "returned"):
        raise Impossible("What is given or returned was drawn first: name the draw.")
    if part == "wasted" and so_far.status is not Status.OPEN:
        raise Impossible("A sealed container is not wasted: have it destroyed or send it back.")
    return _less(so_far, quantity)


def _returned(so_far: Container, entry: Recorded) -> Container:
    if not so_far.device:
        raise Impossible(
            "What was drawn up into a syringe does not go back into a vial: waste it with a "
            "witness."
        )
    return _became("returned")(so_far, entry)


def _quarantined(so_far: Container, entry: Recorded) -> Container:
    if so_far.place_kind is PlaceKind.QUARANTINE:
        raise Impossible("This container is in quarantine already.")
    return _into_quarantine(so_far, entry)


def _into_quarantine(so_far: Container, entry: Recorded) -> Container:
    if entry.payload["place_kind"] != PlaceKind.QUARANTINE:
        raise Impossible("Choose a place that is kept for quarantine.")
    return _put(so_far, entry.payload)


def _expired(so_far: Container, entry: Recorded) -> Container:
    if date.fromisoformat(entry.payload["on"]) <= so_far.usable_until:
        raise Impossible(
            f"It can be used until {so_far.usable_until}: quarantine it with a reason if it must "
            "not be used."
        )
    return _into_quarantine(so_far, entry)


def _released(so_far: Container, entry: Recorded) -> Container:
    if so_far.place_kind is not PlaceKind.QUARANTINE:
        raise Impossible("Only what is in quarantine is released from it.")
    if entry.payload["place_kind"] == PlaceKind.QUARANTINE:
        raise Impossible("Choose the place it goes to; it cannot stay in quarantine.")
    if date.fromisoformat(entry.payload["on"]) > so_far.usable_until:
        raise Impossible(
            f"It could be used until {so_far.usable_until}: it stays in quarantine until it is "
            "destroyed or sent back."
        )
    if entry.payload["place_kind"] == PlaceKind.VAULT and so_far.status is not Status.SEALED:
        raise Impossible("Only unopened containers go back to a vault. Choose another place.")
    return _put(so_far, entry.payload)


def _gone(so_far: Container, entry: Recorded) -> Container:
    quantity = read(entry.payload, "quantity")
    if quantity != so_far.held or not quantity:
        raise Impossible(
            f"The container holds {show(so_far.held)} {so_far.unit}, not "
            f"{show(quantity)} {so_far.unit}. Look again at what is there, then record it whole."
        )
    return replace(so_far, held=NOTHING, status=Status.GONE)


def _adjusted(so_far: Container, entry: Recorded) -> Container:
    return _holding(so_far, so_far.held + read(entry.payload, "change"))


def _holding(so_far: Container, held: Decimal) -> Container:
    """The container with another content, if it can have it."""
    if not 0 <= held <= so_far.capacity or (so_far.device and held % 1):
        raise Impossible(
            f"The container would hold {show(held)} {so_far.unit}, and it can hold 0 to "
            f"{show(so_far.capacity)} {so_far.unit}. Count again."
        )
    return replace(so_far, held=held)


STEPS: Mapping[Kind, Callable[[Container, Recorded], Container]] = MappingProxyType(
    {
        Kind.MOVED: _moved,
        Kind.OPENED: _opened,
        Kind.DRAWN: _drawn,
        Kind.ADMINISTERED: _became("administered"),
        Kind.WASTED: _became("wasted"),
        Kind.RETURNED: _returned,
        Kind.LOST: _became("lost"),
        Kind.MISSED: _became("lost"),
        Kind.QUARANTINED: _quarantined,
        Kind.EXPIRED: _expired,
        Kind.RELEASED: _released,
        Kind.DESTROYED: _gone,
        Kind.SENT_BACK: _gone,
        Kind.ADJUSTED: _adjusted,
    }
)
