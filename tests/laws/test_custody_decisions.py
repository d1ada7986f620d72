"""Decisions about controlled drugs that need no record: amounts, barcodes, clocks, profiles."""

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.custody import amounts, barcode, incidents, profiles, witness
from ketaflow.custody.agreement import Left, NotTheOrder, Residue, Wanted, measure, settle, take
from ketaflow.custody.amounts import NotAnAmount, NotReadable
from ketaflow.custody.barcode import NotABox
from ketaflow.custody.container import Impossible, fold
from ketaflow.custody.counts import CountMoved, Found, Line, Moment, NotCounted, compare
from ketaflow.custody.items import Details, Form, NotAnItem
from ketaflow.custody.movements import Kind, Movement, PlaceKind
from ketaflow.custody.profiles import NotSigned, Terms
from ketaflow.custody.proof import laws
from ketaflow.journal.author import Author
from ketaflow.protocol.library import Drug
from ketaflow.protocol.slips import Slip
from ketaflow.refusals import DoesNotVerify

from ..conftest import NOW
from .test_custody_histories import ZONE, History, story

GTIN = "00312345678906"


@given(st.decimals("0.001", "99999", places=3))
def test_an_amount_is_the_same_text_whatever_zeros_it_was_written_with(value):
    said = amounts.plain(value)
    assert Decimal(said) == value
    assert amounts.plain(Decimal(f"{value:f}0")) == said
    assert amounts.read({"quantity": said}, "quantity") == amounts.amount(value, "mL")


def test_nothing_is_nought():
    assert amounts.plain(Decimal("0.000")) == "0"


@pytest.mark.parametrize("said", [None, 1.5, 3, "x", "NaN", "Infinity"])
def test_an_entry_without_an_exact_number_is_not_read(said):
    with pytest.raises(NotReadable):
        amounts.read({"quantity": said}, "quantity")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [({"strength_mg": Decimal("50.005")}, NotAnItem), ({"strength_mg": Decimal(40)}, Slip),
     ({"form": Form.NASAL_DEVICE, "each": Decimal(2)}, NotAnItem), ({"schedule": "X"}, NotAnItem),
     ({"each": Decimal(0)}, NotAnAmount)],
)  # fmt: skip
def test_an_item_nobody_could_keep_is_refused(change, refusal):
    whole = {"drug": Drug.KETAMINE, "form": Form.VIAL, "strength_mg": Decimal(50),
             "each": Decimal(10), "schedule": "CIII"}  # fmt: skip
    Details(**whole).check()
    with pytest.raises(refusal):
        Details(**(whole | change)).check()


def test_a_device_is_named_by_its_milligrams():
    spray = Details(Drug.ESKETAMINE, Form.NASAL_DEVICE, Decimal(28), Decimal(1), "CIII")
    spray.check()
    assert spray.name == "esketamine 28 mg, nasal device"
    assert (Form.NASAL_DEVICE.unit, PlaceKind.CHAIR.label) == ("device", "at the chair")
    assert (Moment.CLOSE.label, Kind.SENT_BACK.label) == (
        "close of business", "Sent to a reverse distributor",
    )  # fmt: skip


def test_a_scanner_says_item_lot_expiry_and_serial_in_any_order():
    said = barcode.scan(f"]d201{GTIN}10A12\x1d21S9\x1d17270700")
    assert (said.gtin, said.lot, said.serial) == (GTIN, "A12", "S9")
    assert said.expires_on == date(2027, 7, 31)
    bare = barcode.scan(f"01{GTIN}")
    assert (bare.lot, bare.serial, bare.expires_on) == ("", "", None)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "]",
        "hello",
        "4006381333931",
        "10A12",
        f"01{GTIN[:-1]}7",
        f"01{GTIN}17271340",
        "https://example.org",
    ],
)
def test_a_code_of_something_else_is_no_box(typed):
    with pytest.raises(NotABox, match="scan the square code"):
        barcode.scan(typed)


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_box_or_a_refusal(typed):
    with suppress(NotABox):
        barcode.scan(typed)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_the_notice_is_due_on_the_next_weekday_and_the_form_after_45_days(found_on):
    due = incidents.clocks(found_on, notice_business_days=1, form_days=45)
    assert due.notice_on.weekday() < 5
    assert 1 <= (due.notice_on - found_on).days <= 3
    assert due.form_on == found_on + timedelta(days=45)
    none = incidents.clocks(found_on, notice_business_days=0, form_days=0)
    assert none == incidents.Clocks(None, None)


def test_every_place_has_its_rules_and_what_is_from_memory_says_so():
    found = profiles.profiles()
    assert set(found) == {
        "us-federal", "us-new-york", "us-oregon", "us-iowa", "us-south-carolina", "uk",
    }  # fmt: skip
    assert found["us-federal"].inventory_days.value == 730
    assert found["us-oregon"].retention_years.value == 3
    assert found["us-iowa"].exact
    assert not found["uk"].retention_years.verified
    assert found["uk"].notice_business_days is None
    with pytest.raises(NotSigned, match="choose one of"):
        profiles.profile("atlantis")


def test_an_inventory_is_due_at_once_when_there_was_none():
    federal, uk = profiles.profile("us-federal"), profiles.profile("uk")
    today = date(2026, 3, 10)
    assert profiles.inventory_due(federal, None, today) == today
    assert profiles.inventory_due(federal, date(2026, 1, 1), today) == date(2028, 1, 1)
    assert profiles.inventory_due(uk, None, today) is None
    carolina = profiles.profile("us-south-carolina")
    assert profiles.inventory_due(carolina, None, today) == today
    for last, due in (("2026-03-10", "2026-05-01"), ("2026-05-01", "2027-05-01")):
        found = profiles.inventory_due(carolina, date.fromisoformat(last), today)
        assert found == date.fromisoformat(due)


def test_what_is_written_is_kept_for_the_years_of_the_place():
    oregon, federal = profiles.profile("us-oregon"), profiles.profile("us-federal")
    assert profiles.kept_until(oregon, date(2026, 3, 10)) == date(2029, 3, 10)
    assert profiles.kept_until(federal, date(2028, 2, 29)) == date(2030, 3, 1)


@pytest.mark.parametrize(
    "wrong",
    [("atlantis", Decimal(1), 24, 0), ("uk", Decimal(11), 24, 0), ("uk", Decimal("0.001"), 24, 0),
     ("uk", Decimal(1), 0, 0), ("uk", Decimal(1), 24, 29),
     ("uk", Decimal(1), 24, 0, {"waste": Decimal(101)})],
)  # fmt: skip
def test_terms_nobody_can_mean_are_not_signed(wrong):
    with pytest.raises(NotSigned):
        Terms(*wrong).check()


WANTED = Wanted("ketamine", Form.VIAL, Decimal(40), Decimal(50), Decimal("0.8"))


def test_what_was_ordered_is_taken_and_nothing_else():
    take(WANTED, drug="ketamine", form=Form.VIAL, strength_mg=Decimal(50))
    with pytest.raises(NotTheOrder, match="nasal device and the order is for a vial"):
        take(WANTED, drug="ketamine", form=Form.NASAL_DEVICE, strength_mg=Decimal(50))
    nasal = Wanted("esketamine", Form.NASAL_DEVICE, Decimal(56), Decimal(28), Decimal(2))
    with pytest.raises(NotTheOrder, match="holds 14 mg and 28 mg is ordered"):
        take(nasal, drug="esketamine", form=Form.NASAL_DEVICE, strength_mg=Decimal(14))
    open_order = Wanted("ketamine", Form.VIAL, Decimal(40), None, None)
    take(open_order, drug="ketamine", form=Form.VIAL, strength_mg=Decimal(10))
    measure(open_order, Decimal(9), drawn_before=Decimal(0))
    measure(WANTED, Decimal(9), drawn_before=Decimal("0.8"))


LEFTS = st.lists(
    st.builds(
        Left, st.just("c"), st.integers(2, 9), st.decimals("0.001", "10", places=3),
        st.sampled_from((Decimal(10), Decimal(50), Decimal(100))),
    ),
    max_size=4,
)  # fmt: skip


@given(LEFTS, st.decimals(0, 600, places=2), st.booleans())
def test_whatever_is_left_every_draw_comes_to_nothing_and_never_more_than_was_given(
    left, given_mg, explained
):
    try:
        found = settle(left, given_mg=given_mg, agreement_mg=Decimal(1), explained=explained)
    except Residue:
        assert not explained
        return
    for one in found:
        assert one.administered + one.unexplained == one.left.quantity
        assert min(one.administered, one.unexplained) >= 0
    total = sum((one.administered * one.left.strength_mg for one in found), Decimal(0))
    assert total <= given_mg + 1


def line(**change):
    whole = {"key": "k", "item": "i", "name": "ketamine", "lot": "A", "open": True, "unit": "mL",
             "expected": Decimal("9.2"), "mark": 3, "strength_mg": Decimal(50)}  # fmt: skip
    return Line(**(whole | change))


def test_a_count_that_is_overtaken_or_not_whole_is_refused():
    (agreed,) = compare([line()], {"k": Found(Decimal("9.2"), 3)})
    assert agreed.difference == 0
    wrong = {
        "drawn from or moved": {"k": Found(Decimal(9), 2)},
        "ketamine came or went": {},
        "Something came or went": {"k": Found(Decimal(9), 3), "a": Found(Decimal(9), 3)},
    }
    for said, found in wrong.items():
        with pytest.raises(CountMoved, match=said):
            compare([line()], found)


@pytest.mark.parametrize("found", [None, "-1", "NaN", "1e6", "0.0001"])
def test_a_figure_nobody_can_count_is_refused(found):
    said = Decimal(found) if found else None
    with pytest.raises(NotCounted):
        compare([line()], {"k": Found(said, 3)})
    with pytest.raises(NotCounted):
        compare([line(unit="containers")], {"k": Found(Decimal("1.5"), 3)})


def test_a_witness_from_nowhere_is_none():
    clinic = uuid4()
    ada = Author(clinic, uuid4(), "Ada", ("NURSE",))
    system = witness.Witness(Author(clinic, None, "System", ("NURSE",)), NOW)
    with pytest.raises(witness.NoWitness):
        witness.stand_by(system, by=ada, at=NOW)


def test_a_stream_without_a_receipt_is_no_container():
    with pytest.raises(NotReadable, match="begins with its receipt"):
        fold([])
    with pytest.raises(Impossible, match="received once"):
        fold([Movement(1, Kind.MOVED, "a", "a", NOW, {})])


def test_a_container_holds_something_when_it_comes():
    empty = story()[0]
    with pytest.raises(NotReadable, match="holds something"):
        fold([Movement(1, Kind.RECEIVED, "a", "a", NOW, {**empty.payload, "capacity": "0"})])


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        (Kind.WASTED, {"draw": 99, "quantity": "1"}, "no draw 99"),
        (Kind.ADMINISTERED, {"draw": None, "quantity": "1"}, "drawn first"),
        (Kind.WASTED, {"draw": 3, "quantity": "0"}, "Nothing at all"),
        (Kind.RELEASED, {"place_kind": "QUARANTINE", "on": "2026-03-10"}, "cannot stay"),
        (Kind.RELEASED, {"place_kind": "VAULT", "on": "2026-03-10"}, "Only unopened"),
        (Kind.RELEASED, {"place_kind": "VAULT", "on": "2026-04-10"}, "stays in quarantine"),
        (Kind.QUARANTINED, {"place": "q", "place_kind": "QUARANTINE"}, "already"),
        (Kind.DESTROYED, {"quantity": "3"}, "not 3 mL"),
        (Kind.OPENED, {"on": "2026-03-10", "use_by": None}, "sealed vial"),
    ],
)  # fmt: skip
def test_what_cannot_happen_to_an_open_vial_in_quarantine_is_refused_in_a_sentence(kind, said, why):
    entries = story()
    with pytest.raises(Impossible, match=why):
        fold([*entries, Movement(9, kind, "a", "a", NOW, said)])


def test_what_is_not_in_quarantine_is_not_released_and_goes_nowhere_else():
    begun = story()[:2]
    to = {"place": "v", "place_kind": "VAULT", "on": "2026-03-10", "reason": "x"}
    for kind, why in (
        (Kind.RELEASED, "Only what is in quarantine"),
        (Kind.QUARANTINED, "kept for quarantine"),
        (Kind.EXPIRED, "can be used until"),
    ):
        with pytest.raises(Impossible, match=why):
            fold([*begun, Movement(3, kind, "a", "a", NOW, to)])
    for quantity in ("-1", "0"):
        said = {"account": "s", "patient": "p", "quantity": quantity, "on": "2026-03-10"}
        with pytest.raises(Impossible, match="cannot be drawn"):
            fold([*begun, Movement(3, Kind.DRAWN, "a", "a", NOW, said)])
    sealed = story()[:1]
    said = {"account": "s", "patient": "p", "quantity": "1", "on": "2026-03-10"}
    with pytest.raises(Impossible, match="opened before"):
        fold([*sealed, Movement(2, Kind.DRAWN, "a", "a", NOW, said)])
    assert History(True).state.unit == "device"


def closed(**change):
    whole = {part: Decimal(0) for part in ("wasted", "returned", "lost", "held")}
    whole |= {"name": "account/x", "drawn": Decimal(40), "administered": Decimal(40)}
    whole |= {"settled": True, "explained": False, "given_mg": Decimal(40)}
    return laws.Closed(**(whole | {"agreement_mg": Decimal(1)} | change))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"administered": Decimal(30)}, "40 mg drawn, 30 mg accounted for"),
        ({"administered": Decimal(30), "held": Decimal(10)}, "10 mg is not explained"),
        ({"given_mg": None}, "nobody said"),
        ({"given_mg": Decimal(38)}, "the session says 38 mg and 40 mg left"),
    ],
)
def test_verify_catches_an_account_in_which_a_law_is_broken(change, why):
    laws.of_account(closed())
    with pytest.raises(DoesNotVerify, match=why):
        laws.of_account(closed(**change))


def test_an_account_that_is_open_or_explained_may_differ():
    laws.of_account(closed(settled=False, given_mg=None, agreement_mg=None))
    laws.of_account(closed(given_mg=Decimal(20), explained=True))


def test_the_first_broken_entry_is_named_even_when_later_ones_are_broken_too():
    entries = story()
    broken = Movement(3, Kind.DRAWN, "ben", "ben", NOW, {**entries[2].payload, "quantity": "99"})
    with pytest.raises(DoesNotVerify, match="#3"):
        laws.of_container("container/x", [*entries[:2], broken, *entries[3:]], ZONE)
