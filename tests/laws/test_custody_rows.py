"""Custody in the record: a day's drug from the delivery to the empty vial, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from ketaflow.custody import actions, queries
from ketaflow.custody.accounts import actions as accounts
from ketaflow.custody.actions import On, Sworn
from ketaflow.custody.agreement import NotTheOrder, Residue, Settled
from ketaflow.custody.amounts import NotAnAmount
from ketaflow.custody.container import Impossible, NotReversible, Status
from ketaflow.custody.items import Form
from ketaflow.custody.models import Account, Container, Draw, Movement
from ketaflow.custody.movements import Kind, PlaceKind
from ketaflow.custody.profiles import NotSigned, Terms
from ketaflow.custody.proof.queries import verify
from ketaflow.custody.setting import actions as setting
from ketaflow.custody.setting.actions import NotHere
from ketaflow.custody.witness import NoWitness, Witness
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people import actions as people
from ketaflow.people.actions import AlreadyThere
from ketaflow.people.roles import NotYours, Role, RunOut
from ketaflow.protocol.library import Drug
from ketaflow.protocol.slips import Slip

from ..conftest import employ, licence_until
from .a_vault import EXPIRES, IV, KETAMINE, NASAL, SPRAY, SUPPLIER, TERMS, Vault, at


@pytest.fixture
def vault(clinic_a):
    return Vault(clinic_a)


@pytest.fixture
def vial(vault):
    return vault.receive()[0]


def whole():
    """Every law holds, and the tables come back the same."""
    found = verify()
    journal.rebuild()
    return found


def test_a_session_that_uses_all_it_drew_closes_by_itself(vault, vial):
    session = vault.account()
    vault.draw(vial, session)
    vault.close(session, "40")
    row = vault.sum(session)
    assert (row.drawn, row.administered, row.held) == (40, 40, 0)
    assert vault.row(vial).held == Decimal("9.2")
    assert vault.row(vial).status == Status.OPEN
    assert whole().draws == 1


def test_what_is_wasted_and_what_was_given_is_what_was_drawn(vault, vial):
    session = vault.account()
    draw = vault.draw(vial, session, "1")
    vault.waste(vial, draw, "0.4")
    vault.close(session, "30")
    row = vault.sum(session)
    assert (row.drawn, row.administered, row.wasted) == (50, 30, 20)
    whole()


def test_a_session_does_not_close_on_a_residue(vault, vial):
    session = vault.account()
    vault.draw(vial, session)
    with pytest.raises(Residue, match=r"40 mg of what was drawn .* Waste the other 12 mg"):
        vault.close(session, "28")
    assert vault.sum(session).settled_at is None


def test_more_given_than_drawn_is_found_too(vault, vial):
    session = vault.account()
    with pytest.raises(Residue, match=r"0 mg .* the session says 40 mg .* Record the missing draw"):
        vault.close(session, "40")


def test_a_cancelled_session_gives_back_what_was_drawn(vault, vial):
    session = vault.account()
    draw = vault.draw(vial, session, "0.01")
    with pytest.raises(Residue):
        vault.close(session, "0")  # half a milligram, which nobody got, is still drug
    vault.waste(vial, draw, "0.01")
    vault.close(session, "0")
    whole()


def test_a_patient_who_must_leave_is_not_held_back_and_an_incident_is_open(vault, vial):
    session = vault.account()
    vault.draw(vial, session)
    vault.close(session, "28", hurried="Transferred to County Hospital")
    row = vault.sum(session)
    assert (row.administered, row.lost, row.explained) == (28, 12, True)
    (incident,) = queries.incidents(clinic=vault.clinic.id)
    assert (incident.account, incident.difference_mg) == (session, -12)
    whole()


def test_what_does_not_add_up_is_explained_before_a_witness(vault, vial):
    session = vault.account()
    vault.draw(vial, session)
    accounts.explain(
        session=session, given_mg=Decimal(28), reason="the bag was knocked over",
        witness=Witness(vault.second.author, at(50)), by=vault.nurse.author, at=at(51),
    )  # fmt: skip
    vault.close(session, "28")
    assert vault.sum(session).lost == 12
    assert "knocked over" in queries.incidents(clinic=vault.clinic.id)[0].reason
    with pytest.raises(Settled, match="nothing to explain"):
        accounts.explain(
            session=session, given_mg=Decimal(28), reason="again",
            witness=Witness(vault.second.author, at(50)), by=vault.nurse.author, at=at(51),
        )  # fmt: skip


def test_a_closed_account_is_reopened_before_a_witness_corrected_and_closed_again(vault, vial):
    session = vault.account()
    draw = vault.draw(vial, session, "1")
    vault.waste(vial, draw, "0.2")
    vault.close(session, "40")
    with pytest.raises(Settled, match="account is closed"):
        vault.waste(vial, draw, "0.1", minute=70)
    accounts.reopen(
        session=session, reason="0.2 mL was 0.25", witness=Witness(vault.second.author, at(80)),
        by=vault.custodian.author, at=at(80),
    )  # fmt: skip
    assert vault.sum(session).held == 40
    wasted = vault.on(vial).seen - 2
    sworn = vault.sworn(81, "misread")
    vault.do(actions.reverse, vial, 81, vault.custodian, ordinal=wasted, sworn=sworn)
    vault.waste(vial, draw, "0.19", minute=82)
    accounts.close_again(session=session, by=vault.custodian.author, at=at(83))
    assert vault.sum(session).administered == Decimal("40.5")
    whole()


def test_a_correction_of_an_ended_session_that_no_longer_agrees_is_an_incident(vault, vial):
    session = vault.account()
    vault.draw(vial, session)
    vault.close(session, "40")
    by = vault.nurse.author
    accounts.correct_account(session=session, given_mg=Decimal("39.5"), by=by, at=at(70))
    assert not queries.incidents(clinic=vault.clinic.id)
    accounts.correct_account(session=session, given_mg=Decimal(30), by=by, at=at(71))
    accounts.correct_account(session=session, given_mg=Decimal(29), by=by, at=at(72))
    assert len(queries.incidents(clinic=vault.clinic.id)) == 1
    whole()


def test_a_clinic_without_signed_terms_keeps_no_custody(clinic_a, nurse, patient):
    session = uuid4()
    accounts.open_account(
        session=session, patient=patient.id, wanted=IV, by=nurse.author, at=at()
    )  # fmt: skip
    assert queries.account(clinic=clinic_a.id, session=session) is None
    given = accounts.Given(Decimal(40))
    accounts.close_account(session=session, given=given, by=nurse.author, at=at())
    accounts.correct_account(session=session, given_mg=Decimal(3), by=nurse.author, at=at())
    with pytest.raises(NotSigned, match="does not keep custody"):
        queries.signed(clinic=clinic_a.id)


def test_a_device_is_drawn_whole_and_returned_only_unopened(vault):
    first, second = vault.receive(2, item=vault.spray)
    session = vault.account(NASAL)
    vault.draw(first, session, "1")
    draw = vault.draw(second, session, "1", 1)
    with pytest.raises(NotAnAmount, match="a whole number"):
        vault.draw(first, session, "0.5", 2)
    vault.do(actions.give_back, second, 3, draw=draw)
    assert vault.row(second).held == 1
    vault.close(session, "28")
    assert vault.sum(session).returned == 28
    whole()


def test_what_is_in_a_syringe_does_not_go_back_into_the_vial(vault, vial):
    draw = vault.draw(vial, vault.account())
    with pytest.raises(Impossible, match="waste it with a witness"):
        vault.do(actions.give_back, vial, 3, draw=draw)


@pytest.mark.parametrize(
    ("quantity", "why"),
    [("-1", "more than 0"), ("0", "more than 0"), ("NaN", "more than 0"), ("1e9", "less than"),
     ("0.8000001", "7 decimals"), ("0.0001", "4 decimals")],
)  # fmt: skip
def test_a_volume_nobody_can_measure_is_refused(vault, vial, quantity, why):
    with pytest.raises(NotAnAmount, match=why):
        vault.draw(vial, vault.account(), quantity)


def test_more_than_the_vial_holds_cannot_come_from_it(vault, vial):
    session = vault.account(IV)
    vault.do(actions.draw, vial, 0, session=session, quantity=Decimal("0.8"))
    with pytest.raises(Impossible, match=r"holds 9.2 mL, so 9.3 mL cannot"):
        vault.draw(vial, session, "9.3")


def test_a_volume_ten_times_the_ordered_one_is_named(vault, vial):
    with pytest.raises(Slip, match=r"meant to be 0.8 mL"):
        vault.draw(vial, vault.account(), "8")


def test_another_drug_form_or_strength_is_refused(vault):
    device = vault.receive(item=vault.spray)[0]
    with pytest.raises(NotTheOrder, match="This is esketamine and ketamine is ordered"):
        vault.draw(device, vault.account(), "1")
    strong = setting.add_item(
        details=KETAMINE.__class__(Drug.KETAMINE, Form.VIAL, Decimal(100), Decimal(5), "CIII"),
        by=vault.custodian.author, at=at(-95),
    )  # fmt: skip
    other = vault.receive(item=strong)[0]
    with pytest.raises(Slip, match="vial holds 100 mg/mL, the order says 50 mg/mL"):
        vault.draw(other, vault.account(), "0.8")


def test_nothing_expired_is_drawn_and_it_leaves_the_shelf(vault):
    today = at().date()
    last_day, old = vault.receive(expires_on=today)[0], vault.receive(expires_on=today)[0]
    vault.draw(last_day, vault.account())
    tomorrow = 24 * 60
    session = vault.account(minute=tomorrow)
    with pytest.raises(Impossible, match=r"could be used until .* Take"):
        vault.draw(old, session, minute=tomorrow)
    assert old in [one.id for one in queries.expired(
        clinic=vault.clinic.id, on=today + timedelta(days=1))]  # fmt: skip
    place = vault.places[PlaceKind.QUARANTINE]
    vault.do(actions.quarantine, old, tomorrow, place=place, reason="")
    assert Movement.objects.get(container=old, kind=Kind.EXPIRED.value).balance == 10
    sworn = vault.sworn(tomorrow, "a mistake")
    with pytest.raises(Impossible, match="stays in quarantine"):
        vault.do(
            actions.release, old, tomorrow, vault.custodian,
            place=vault.places[PlaceKind.VAULT], sworn=sworn,
        )  # fmt: skip
    vault.do(
        actions.destroy, old, tomorrow + 1, vault.custodian, reference="Form 41",
        sworn=vault.sworn(tomorrow + 1, "expired"),
    )  # fmt: skip
    assert vault.row(old).status == Status.GONE
    whole()


def test_an_opened_vial_is_used_as_long_as_the_clinic_signed(clinic_a):
    vault = Vault(clinic_a, terms=Terms("us-federal", Decimal(1), 24, 1))
    vial = vault.receive()[0]
    vault.draw(vial, vault.account())
    vault.draw(vial, vault.account(minute=1441), minute=1441)
    with pytest.raises(Impossible, match="could be used until"):
        vault.draw(vial, vault.account(minute=2881), minute=2881)


def test_nothing_in_quarantine_is_drawn_until_it_is_released(vault, vial):
    place = vault.places[PlaceKind.QUARANTINE]
    vault.do(actions.quarantine, vial, 0, place=place, reason="seal looks wrong")
    with pytest.raises(Impossible, match="in quarantine and nothing may be drawn"):
        vault.draw(vial, vault.account(), minute=1)
    vault.do(
        actions.release, vial, 2, vault.custodian, place=vault.places[PlaceKind.VAULT],
        sworn=vault.sworn(2, "seal is whole"),
    )  # fmt: skip
    vault.draw(vial, vault.account(), minute=3)
    whole()


@pytest.mark.parametrize("minute", [3.1, -0.1])
def test_a_witness_signs_within_two_minutes(vault, vial, minute):
    draw = vault.draw(vial, vault.account())
    sworn = Sworn("left", Witness(vault.second.author, at(5 - minute)))
    with pytest.raises(NoWitness, match="two minutes"):
        vault.do(actions.waste, vial, 5, draw=draw, quantity=Decimal("0.1"), sworn=sworn)


def test_nobody_witnesses_whose_licence_has_run_out(vault, vial):
    draw = vault.draw(vial, vault.account())
    licence_until(vault.second, at().date() - timedelta(days=1))
    with pytest.raises(RunOut, match="ran out"):
        vault.do(actions.waste, vial, 1, draw=draw, quantity=Decimal("0.1"), sworn=vault.sworn(1))


def test_nobody_witnesses_their_own_waste(vault, vial):
    draw = vault.draw(vial, vault.account())
    sworn = vault.sworn(1, witness=vault.nurse)
    with pytest.raises(NoWitness, match="cannot witness their own"):
        vault.do(actions.waste, vial, 1, draw=draw, quantity=Decimal("0.1"), sworn=sworn)


def test_the_witness_has_a_role_that_may_works_here_and_still_does(vault, vial, dee):
    draw = vault.draw(vial, vault.account())
    waste = {"draw": draw, "quantity": Decimal("0.1")}
    desk = employ(vault.clinic, "Flo Desk", Role.FRONT_DESK)
    with pytest.raises(NotYours):
        vault.do(actions.waste, vial, 1, sworn=vault.sworn(1, witness=desk), **waste)
    with pytest.raises(NoWitness, match="does not work at this clinic"):
        vault.do(actions.waste, vial, 1, sworn=vault.sworn(1, witness=dee), **waste)
    people.deactivate(staff=vault.second.id, reason="left", by=vault.director.author, at=at(0.5))
    with pytest.raises(NotHere, match="no longer works here"):
        vault.do(actions.waste, vial, 1, sworn=vault.sworn(1), **waste)


def test_a_stale_page_draws_nothing(vault, vial):
    seen = vault.on(vial)
    session = vault.account()
    vault.draw(vial, session, "0.1")
    with pytest.raises(SomeoneElseMoved):
        actions.draw(
            on=seen, session=session, quantity=Decimal("0.7"), by=vault.nurse.author, at=at(1)
        )


def test_a_draw_pressed_twice_is_kept_once(vault, vial):
    session = vault.account()
    vault.draw(vial, session, "0.1")
    seen = vault.on(vial)
    said = {"session": session, "quantity": Decimal("0.7"), "by": vault.nurse.author}
    actions.draw(on=seen, at=at(1), **said)
    with pytest.raises(SomeoneElseMoved, match="sent twice and kept once"):
        actions.draw(on=seen, at=at(1.1), **said)
    assert vault.sum(session).drawn == 40


def test_a_wrong_draw_is_taken_back_and_both_stay(vault, vial):
    session = vault.account()
    draw = vault.draw(vial, session, "0.7")
    vault.do(actions.reverse, vial, 1, ordinal=draw, sworn=vault.sworn(1, "wrong line"))
    assert (vault.row(vial).held, vault.sum(session).drawn) == (10, 0)
    assert Movement.objects.get(container=vial, ordinal=draw).reversed
    with pytest.raises(NotReversible, match="taken back already"):
        vault.do(actions.reverse, vial, 2, ordinal=draw, sworn=vault.sworn(2, "again"))
    whole()


def test_what_others_rest_on_is_not_taken_back(vault, vial):
    session = vault.account()
    draw = vault.draw(vial, session)
    vault.waste(vial, draw, "0.1")
    with pytest.raises(NotReversible, match="take those back first"):
        vault.do(actions.reverse, vial, 2, ordinal=draw, sworn=vault.sworn(2, "wrong"))
    for nothing in (1, 99):
        with pytest.raises(NotReversible):
            vault.do(
                actions.reverse, vial, 2, vault.custodian, ordinal=nothing,
                sworn=vault.sworn(2, "wrong"),
            )  # fmt: skip
    vault.close(session, "35")
    ordinal = vault.on(vial).seen
    with pytest.raises(Settled, match="reopening"):
        vault.do(actions.reverse, vial, 70, ordinal=ordinal, sworn=vault.sworn(70, "wrong"))


def test_only_the_custodian_takes_back_what_another_wrote(vault, vial):
    draw = vault.draw(vial, vault.account())
    said = {"ordinal": draw, "sworn": vault.sworn(1, "wrong", witness=vault.custodian)}
    with pytest.raises(NotYours):
        vault.do(actions.reverse, vial, 1, vault.second, **said)


def test_containers_move_together_or_not_at_all(vault):
    first, second = vault.receive(2)
    vault.move([first, second], PlaceKind.WORKING)
    vault.draw(first, vault.account(), minute=1)
    with pytest.raises(Impossible, match="Only unopened containers go back"):
        vault.move([second, first], PlaceKind.VAULT, 2)
    assert {vault.row(one).place.kind for one in (first, second)} == {"WORKING"}
    with pytest.raises(Impossible, match="Quarantine is entered"):
        vault.move([second], PlaceKind.QUARANTINE, 3)
    with pytest.raises(Impossible, match="at least one"):
        vault.move([], PlaceKind.VAULT, 3)
    whole()


def test_what_is_left_in_a_vial_is_wasted_and_what_broke_is_lost(vault):
    vial, other = vault.receive(2)
    session = vault.account()
    with pytest.raises(Impossible, match="sealed container is not wasted"):
        vault.waste(vial, None, "1")
    vault.draw(vial, session)
    vault.waste(vial, None, "9.2")
    said = {"draw": None, "quantity": Decimal(10), "sworn": vault.sworn(3, "dropped")}
    vault.do(actions.lose, other, 3, **said)
    with pytest.raises(Impossible, match="holds 0 mL"):
        vault.do(
            actions.destroy, other, 4, vault.custodian, reference="", sworn=vault.sworn(4, "glass")
        )
    vault.close(session, "40")
    assert not queries.balance(clinic=vault.clinic.id)
    whole()


def test_a_container_is_sent_back_whole_and_nothing_follows(vault, vial):
    said = {"to": "Reverse Ltd", "reference": "S-1"}
    vault.do(actions.send_back, vial, 1, vault.custodian, **said)
    with pytest.raises(Impossible, match="left the clinic"):
        vault.draw(vial, vault.account(), minute=2)
    whole()


def test_a_delivery_is_taken_in_once_and_checked(vault):
    line = setting.Delivered(vault.vial, "B1", EXPIRES, 2, ("S1", "S2"))
    take_in = {"place": vault.places[PlaceKind.VAULT], "by": vault.custodian.author}
    setting.receive(supplier=SUPPLIER, lines=(line,), at=at(-90), **take_in)
    with pytest.raises(AlreadyThere, match="taken in already"):
        setting.receive(supplier=SUPPLIER, lines=(line,), at=at(-80), **take_in)
    other = SUPPLIER.__class__("Elm Pharma", "2 Elm Street", "RE1", "INV-2")
    wrong = {
        "expired": (setting.Delivered(vault.vial, "B1", date(2026, 3, 9), 1), Impossible),
        "Count again": (setting.Delivered(vault.vial, "B1", EXPIRES, 3, ("S3",)), Impossible),
        "keeps no such": (setting.Delivered(uuid4(), "B1", EXPIRES, 1), Exception),
        "1 to 500": (setting.Delivered(vault.vial, "B1", EXPIRES, 501), Impossible),
        "serial": (setting.Delivered(vault.vial, "B1", EXPIRES, 1, ("S1",)), AlreadyThere),
    }
    for said, (line, refusal) in wrong.items():
        with pytest.raises(refusal, match=said):
            setting.receive(supplier=other, lines=(line,), at=at(-70), **take_in)
    with pytest.raises(NotHere, match="vault"):
        setting.receive(
            supplier=other, lines=(line,), place=vault.places[PlaceKind.CHAIR],
            by=vault.custodian.author, at=at(-70),
        )  # fmt: skip
    assert Container.objects.count() == 2


def test_items_places_and_terms_are_checked(vault):
    by = vault.custodian.author
    with pytest.raises(AlreadyThere):
        setting.add_item(details=SPRAY, by=by, at=at())
    with pytest.raises(AlreadyThere):
        setting.add_place(name="Vault", kind=PlaceKind.VAULT, by=by, at=at())
    with pytest.raises(SomeoneElseMoved, match="Newer terms"):
        setting.sign_terms(terms=TERMS, seen=0, by=vault.director.author, at=at())
    with pytest.raises(NotYours):
        setting.sign_terms(terms=TERMS, seen=1, by=by, at=at())


@pytest.mark.parametrize(
    ("row", "change"),
    [(Container, {"held": -1}), (Container, {"held": 11}), (Container, {"status": "GONE"}),
     (Draw, {"held": 0}), (Draw, {"place_kind": "QUARANTINE"}),
     (Draw, {"usable_until": "2020-01-01"}),
     (Account, {"held": 1}), (Account, {"settled_at": at(), "given_mg": 40, "agreement_mg": 1})],
)  # fmt: skip
def test_the_database_itself_refuses_what_breaks_a_law(vault, vial, row, change):
    vault.draw(vial, vault.account())
    with pytest.raises(IntegrityError), transaction.atomic():
        row.objects.update(**change)


def test_the_database_wants_another_person_beside_whoever_wasted(vault, vial):
    draw = vault.draw(vial, vault.account())
    vault.waste(vial, draw, "0.1")
    wasted = Movement.objects.filter(kind=Kind.WASTED.value)
    wrong = ({"witness": None}, {"witness": vault.nurse.id}, {"witness_s": 121})
    for change in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            wasted.update(**change)


def test_another_clinics_container_is_not_found(vault, vial, dee):
    with pytest.raises(NotHere):
        actions.give_back(on=On(vial, 1), draw=2, by=dee.author, at=at())
    with pytest.raises(NotHere):
        actions.give_back(on=On(uuid4(), 1), draw=2, by=vault.nurse.author, at=at())
