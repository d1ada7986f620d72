"""Signals of diversion: each share is reckoned by hand here; without a limit nobody is marked."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from ketaflow.custody.answers.reports import Asked, NoPeriod
from ketaflow.custody.answers.signals import SIGNALS, Discrepancy, Period, Seen, figures
from ketaflow.custody.movements import Kind

from ..conftest import NOW

VIAL, OTHER = UUID(int=1), UUID(int=2)
VAULT, CHAIR = UUID(int=3), UUID(int=4)
SESSION, SECOND = UUID(int=5), UUID(int=6)


def seen(minute, kind, mg, by="Ada", **more):
    at = NOW + timedelta(minutes=minute)
    whole = {
        "at": at, "on": at.date(), "kind": kind, "mg": Decimal(mg), "account": SESSION,
        "container": VIAL, "place": VAULT, "by": by, "drawn_by": "Ada", "witness": "",
        "taken_back": False, "outside": False,
    }  # fmt: skip
    return Seen(**whole | more)


LATER = NOW.date() + timedelta(days=1)
BEN = {"drawn_by": "Ben", "account": SECOND, "container": OTHER}
DAY = (
    seen(0, Kind.MOVED, 500, "Cas", drawn_by="", account=None, place=CHAIR, outside=True),
    seen(1, Kind.DRAWN, 40),
    seen(2, Kind.DRAWN, 10),
    seen(3, Kind.DRAWN, 5, taken_back=True),
    seen(4, Kind.WASTED, 15, witness="Noah"),
    seen(5, Kind.ADMINISTERED, 35),
    seen(6, Kind.DRAWN, 56, "Ben", **BEN),
    seen(7, Kind.RETURNED, 28, "Ben", **BEN),
    seen(8, Kind.DRAWN, 28, "Ben", **BEN),
    seen(9, Kind.WASTED, 14, "Ben", witness="Noah", on=LATER, **BEN),
    seen(10, Kind.WASTED, 7, "Ben", witness="Cas", **BEN),
    seen(11, Kind.WASTED, 7, "Ben", witness="Noah", **BEN),
    seen(12, Kind.MISSED, 28, "Ben", **BEN),
)
FOUND = (
    Discrepancy(VAULT, None, None, NOW + timedelta(minutes=5), NOW + timedelta(minutes=20)),
    Discrepancy(CHAIR, None, None, None, NOW + timedelta(seconds=90)),
    Discrepancy(VAULT, VIAL, None, None, NOW + timedelta(minutes=20)),
    Discrepancy(None, None, SECOND, None, NOW + timedelta(minutes=20)),
)
PERIOD = Period(DAY, {SESSION: Decimal(40), SECOND: Decimal(56)}, FOUND)


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        # 14 + 7 + 7 of 14 + 7 + 7 + 28; and 15 of 15 + 35.
        ("waste", {"Ben": (28, 56), "Ada": (15, 50)}),
        ("undone", {"Ben": (1, 2), "Ada": (1, 3)}),
        # 10 after 40 where 40 were ordered; what was taken back was never there.
        ("above_order", {"Ada": (1, 2), "Ben": (0, 2)}),
        ("discrepancies", {"Ada": (2, 4), "Ben": (2, 4), "Cas": (2, 4)}),
        ("same_witness", {"Ada": (1, 1), "Ben": (2, 3)}),
        ("outside", {"Cas": (1, 1), "Ada": (0, 5), "Ben": (0, 7)}),
        ("late", {"Ben": (1, 4), "Ada": (0, 1)}),
    ],
)
def test_each_share_is_what_a_hand_reckons(name, shares):
    found = figures(SIGNALS[name], PERIOD)
    assert {one.person: (one.part, one.whole) for one in found} == shares
    assert [one.person for one in found] == list(shares), "the highest share first"


def test_everybody_else_stands_beside_and_only_a_signed_limit_marks():
    ben, ada = figures(SIGNALS["waste"], PERIOD)
    assert (ben.share, ben.others, ada.share, ada.others) == (50, 30, 30, 50)
    assert not ben.above
    assert [one.above for one in figures(SIGNALS["waste"], PERIOD, Decimal(40))] == [True, False]
    (alone,) = figures(SIGNALS["late"], Period(DAY[:5], {}, ()))
    assert alone.others is None
    (witnessed, _) = figures(SIGNALS["same_witness"], PERIOD)
    assert witnessed.note == "with Noah"


def test_days_the_wrong_way_round_or_of_no_clinic_are_refused():
    with pytest.raises(NoPeriod, match="ends before it begins"):
        Asked(date(2026, 2, 1), date(2026, 1, 1)).check()
    with pytest.raises(NoPeriod, match="1970 to 9998"):
        Asked(date(1, 1, 1), date(2026, 1, 1)).check()
