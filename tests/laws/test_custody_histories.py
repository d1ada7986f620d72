"""Any history at all: whatever many hands try, every law of custody holds after each step."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketaflow.custody.amounts import plain
from ketaflow.custody.container import Container, Status, fold
from ketaflow.custody.movements import WITNESSED, Kind, Movement, PlaceKind
from ketaflow.custody.proof import laws
from ketaflow.refusals import DoesNotVerify, Refused

from ..conftest import NOW

ZONE = ZoneInfo("America/New_York")
PLACES = {kind: f"place-{kind.value}" for kind in PlaceKind}
HANDS = ("ada", "ben", "cas", "noah")
AMOUNTS = st.decimals("0.001", "12", places=3)
EXPIRES = date(2026, 3, 14)


@dataclass
class History:
    """The stream of one container, grown by what is possible and by nothing else."""

    device: bool
    entries: list[Movement] = field(default_factory=list)
    day: int = 0

    def __post_init__(self):
        self.write(
            Kind.RECEIVED, item="item", device=self.device, capacity="1" if self.device else "10",
            lot="A12", expires_on=EXPIRES.isoformat(), **to(PlaceKind.VAULT),
        )  # fmt: skip

    @property
    def at(self):
        return NOW + timedelta(days=self.day)

    def write(self, kind, hand=0, **payload):
        """Add an entry, or leave the stream as it is when it is refused."""
        if kind in WITNESSED:
            payload["witness"] = witness(HANDS[hand - 1], self.at)
        ordinal = len(self.entries) + 1
        entry = Movement(ordinal, kind, HANDS[hand], HANDS[hand], self.at, payload)
        with suppress(Refused):
            fold([*self.entries, entry])
            self.entries.append(entry)

    @property
    def state(self):
        return fold(self.entries)


def to(kind):
    return {"place": PLACES[kind], "place_kind": kind.value}


def witness(who, at):
    return {"id": who, "name": who, "roles": ["NURSE"], "proved_at": at.isoformat()}


TRIED = st.one_of(
    st.tuples(st.just("day"), st.integers(0, 2)),
    st.tuples(st.just("move"), st.sampled_from(PlaceKind)),
    st.tuples(st.just("open"), st.integers(0, 3)),
    st.tuples(st.just("draw"), AMOUNTS),
    st.tuples(st.just("became"), st.sampled_from(
        (Kind.ADMINISTERED, Kind.WASTED, Kind.RETURNED, Kind.LOST, Kind.MISSED)),
        st.integers(0, 12), AMOUNTS),
    st.tuples(st.just("from"), st.sampled_from((Kind.WASTED, Kind.LOST)), AMOUNTS),
    st.tuples(st.just("quarantine"), st.sampled_from((Kind.QUARANTINED, Kind.EXPIRED))),
    st.tuples(st.just("release"), st.sampled_from(PlaceKind)),
    st.tuples(st.just("gone"), st.sampled_from((Kind.DESTROYED, Kind.SENT_BACK))),
    st.tuples(st.just("adjust"), st.decimals(-11, 11, places=3)),
    st.tuples(st.just("reverse"), st.integers(0, 12)),
)  # fmt: skip
HISTORIES = st.tuples(
    st.booleans(), st.lists(st.tuples(TRIED, st.integers(0, 3)), min_size=1, max_size=30)
)


def _day(history, hand, days):
    history.day += days


def _move(history, hand, kind):
    history.write(Kind.MOVED, hand, **to(kind))


def _open(history, hand, days):
    use_by = (today(history) + timedelta(days=days)).isoformat()
    history.write(Kind.OPENED, hand, on=today(history).isoformat(), use_by=use_by)


def _draw(history, hand, quantity):
    quantity = Decimal(1) if history.device else quantity
    history.write(
        Kind.DRAWN, hand, account="session", patient="cy", quantity=plain(quantity),
        on=today(history).isoformat(),
    )  # fmt: skip


def _became(history, hand, kind, draw, quantity):
    quantity = Decimal(1) if history.device else quantity
    history.write(kind, hand, draw=draw, quantity=plain(quantity))


def _from(history, hand, kind, quantity):
    history.write(kind, hand, draw=None, quantity=plain(quantity))


def _quarantine(history, hand, kind):
    history.write(kind, hand, on=today(history).isoformat(), **to(PlaceKind.QUARANTINE))


def _release(history, hand, kind):
    history.write(Kind.RELEASED, hand, on=today(history).isoformat(), **to(kind))


def _gone(history, hand, kind):
    history.write(kind, hand, quantity=plain(history.state.held))


def _adjust(history, hand, change):
    history.write(Kind.ADJUSTED, hand, change=plain(change))


def _reverse(history, hand, ordinal):
    history.write(Kind.REVERSED, hand, reverses=ordinal)


DO: dict[str, Callable] = {
    "day": _day, "move": _move, "open": _open, "draw": _draw, "became": _became, "from": _from,
    "quarantine": _quarantine, "release": _release, "gone": _gone, "adjust": _adjust,
    "reverse": _reverse,
}  # fmt: skip


def today(history):
    return history.at.astimezone(ZONE).date()


def lived(device, tried):
    history = History(device)
    for (what, *how), hand in tried:
        DO[what](history, hand, *how)
        check(history, history.state)
    return history


def check(history: History, state: Container) -> None:
    """The laws, said again in other words than the fold's own."""
    assert 0 <= state.held <= state.capacity
    for draw in state.draws.values():
        parts = (draw.administered, draw.wasted, draw.returned, draw.lost, draw.held)
        assert draw.quantity == sum(parts)
        assert min(parts) >= 0
        assert draw.on <= EXPIRES
    live = [one for one in history.entries if one.ordinal not in state.struck]
    assert state.held == balance(live), "the balance is not the sum of the movements"
    laws.of_container("container/x", history.entries, ZONE)


def balance(live):
    """What is there, by plain addition over the movements that stand."""
    signs = {Kind.RECEIVED: 1, Kind.RETURNED: 1, Kind.DRAWN: -1, Kind.DESTROYED: -1,
             Kind.SENT_BACK: -1}  # fmt: skip
    total = Decimal(0)
    for one in live:
        said = one.payload
        if one.kind in (Kind.WASTED, Kind.LOST) and said["draw"] is None:
            total -= Decimal(said["quantity"])
        elif one.kind is Kind.ADJUSTED:
            total += Decimal(said["change"])
        elif one.kind in signs:
            total += signs[one.kind] * Decimal(said.get("quantity", said.get("capacity")))
    return total


@given(HISTORIES)
@settings(max_examples=60)
def test_whatever_is_tried_every_law_holds_after_every_step(history):
    lived(*history)


@pytest.mark.deep
@given(HISTORIES)
@settings(max_examples=10_000)
def test_in_ten_thousand_histories_every_law_holds(history):
    lived(*history)


def story():
    """A stream in which most things happen once."""
    told = History(False)
    today_ = today(told).isoformat()
    told.write(Kind.OPENED, 1, on=today_, use_by=None)
    told.write(Kind.DRAWN, 1, account="s", patient="p", quantity="1", on=today_)
    told.write(Kind.WASTED, 1, draw=3, quantity="0.2", reason="left")
    told.write(Kind.ADMINISTERED, 1, draw=3, quantity="0.8")
    told.write(Kind.DRAWN, 2, account="t", patient="p", quantity="1", on=today_)
    told.write(Kind.REVERSED, 2, reverses=6, reason="wrong line")
    told.write(Kind.QUARANTINED, 2, reason="seal", **to(PlaceKind.QUARANTINE))
    assert len(told.entries) == 8
    return told.entries


def changed(ordinal, **payload):
    """The story with one entry saying something else."""
    from dataclasses import replace

    entries = story()
    was = entries[ordinal - 1]
    entries[ordinal - 1] = replace(was, payload={**was.payload, **payload})
    return entries


def added(kind, **payload):
    entries = story()
    by = "cas"
    return [*entries, Movement(9, kind, by, by, NOW, payload)]


WITNESS = {"id": "noah", "name": "Noah", "roles": ["NURSE"], "proved_at": NOW.isoformat()}
BROKEN = {
    "a draw is not its parts": (changed(4, quantity="0.3"), r"#5 .* left of this draw|#5 "),
    "below zero": (changed(3, quantity="11"), "#3 .*holds 10 mL"),
    "above what it held": (added(Kind.ADJUSTED, change="5", witness=WITNESS), "#9 .*can hold 0"),
    "nobody witnessed it": (changed(4, witness=None), "#4 .*nobody witnessed"),
    "the same person": (changed(4, witness=WITNESS | {"id": "ben"}), "#4 .*whoever did it"),
    "too long ago": (
        changed(4, witness=WITNESS | {"proved_at": (NOW - timedelta(seconds=121)).isoformat()}),
        "#4 .*two minutes",
    ),
    "no such role": (changed(4, witness=WITNESS | {"roles": ["FRONT_DESK"]}), "#4 .*no role"),
    "expired": (changed(1, expires_on="2026-03-09"), "#2 .*could be used until"),
    "quarantined": (
        added(Kind.DRAWN, account="s", patient="p", quantity="1", on=NOW.date().isoformat()),
        "#9 .*in quarantine",
    ),
    "dated back": (changed(3, on="2026-03-09"), "#3 .*dated 2026-03-09"),
    "not linked": (changed(7, reverses=99), "#7 .*cannot be taken back"),
    "taken back twice": (added(Kind.REVERSED, reverses=6, witness=WITNESS), "#9 .*cannot be"),
    "no such kind": (added("custody.vanished"), "#9 .*no movement"),
    "not readable": (changed(3, quantity=1.0), "#3 .*exact number"),
    "received twice": (added(Kind.RECEIVED), "#9 .*received once"),
}


@pytest.mark.parametrize("law", BROKEN)
def test_verify_catches_a_record_in_which_a_law_is_broken(law):
    entries, named = BROKEN[law]
    with pytest.raises(DoesNotVerify, match=named):
        laws.of_container("container/x", entries, ZONE)


def test_the_story_itself_verifies():
    state = laws.of_container("container/x", story(), ZONE)
    assert (state.held, state.status) == (Decimal(9), Status.OPEN)
