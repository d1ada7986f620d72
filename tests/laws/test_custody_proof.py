"""`ketaflow custody`: a record in which a row or an entry was changed by hand does not verify."""

import csv
import io
import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from django.db import connection

from ketaflow.cli.main import group
from ketaflow.custody.models import Account, Container, Draw, Movement
from ketaflow.custody.movements import Kind
from ketaflow.custody.proof.queries import verify
from ketaflow.journal import guards
from ketaflow.journal.actions import record
from ketaflow.journal.models import Entry
from ketaflow.refusals import DoesNotVerify

from .a_vault import NASAL, Vault, at


@pytest.fixture
def vault(clinic_a):
    """A clinic in which one session is over and another has its drug in hand."""
    found = Vault(clinic_a)
    first, second = found.receive(2)
    (device,) = found.receive(item=found.spray)
    over, running = found.account(), found.account()
    found.draw(device, found.account(NASAL), "1")
    draw = found.draw(first, over, "1")
    found.waste(first, draw, "0.2")
    found.close(over, "40")
    found.draw(second, running)
    found.over, found.running, found.first = over, running, first
    return found


def told(*words):
    outcome = CliRunner().invoke(group, ["custody", *words])
    if outcome.exception and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return outcome.stdout


def test_an_untouched_record_verifies(vault):
    found = verify()
    assert (found.containers, found.draws, found.accounts) == (3, 3, 3)
    assert "3 containers, 10 movements, 3 draws and 3 sessions verify" in told("verify")
    assert json.loads(told("verify", "--json"))["movements"] == 10


ROWS = {
    "a balance": (lambda v: Container.objects.filter(id=v.first).update(held=8), "/.* holds"),
    "a status": (lambda v: Container.objects.filter(id=v.first).update(status="SEALED"), "stands"),
    "a place": (
        lambda v: Container.objects.filter(id=v.first).update(
            place=next(one for kind, one in v.places.items() if kind == "CHAIR")
        ),
        "is in",
    ),
    "a movement": (
        lambda v: Movement.objects.filter(container=v.first, kind="custody.drawn").update(change=0),
        "sum of its movements",
    ),
    "a movement that is gone": (
        lambda v: Movement.objects.filter(kind="custody.opened")._raw_delete("default"),
        "movements",
    ),
    "a draw": (
        lambda v: Draw.objects.filter(account=v.running).update(quantity=1, wasted=Decimal("0.2")),
        "draw 3 quantity",
    ),
    "a draw that is gone": (
        lambda v: Draw.objects.filter(account=v.running)._raw_delete("default"), "draws",
    ),
    "an account": (
        lambda v: Account.objects.filter(id=v.running).update(held=30, wasted=10), "account/",
    ),
    "what was given": (
        lambda v: Account.objects.filter(id=v.over).update(given_mg=30, explained=True),
        "the session says 30 mg",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ROWS)
def test_a_row_changed_by_hand_is_found(vault, what):
    change, named = ROWS[what]
    assert change(vault) != 0
    with pytest.raises(DoesNotVerify, match=named):
        verify()


def test_an_entry_changed_by_hand_is_found(vault):
    with connection.cursor() as cursor:
        for statement in guards.take_down(connection.vendor):
            cursor.execute(statement)
    wasted = Entry.objects.filter(kind=Kind.WASTED.value)
    wasted.update(payload_json=wasted.get().payload_json.replace("0.2", "0.3"))
    with pytest.raises(DoesNotVerify, match="was changed"):
        verify()


def test_an_entry_that_got_past_every_action_is_found(vault, monkeypatch):
    """Whoever writes to the journal itself, chain and all, is still caught by the laws."""
    monkeypatch.setattr("ketaflow.journal.projecting.project", lambda entry: None)
    payload = {"draw": 3, "quantity": "0.1", "reason": "alone"}
    record(
        stream=f"container/{vault.first}", kind=Kind.WASTED.value, by=vault.nurse.author,
        at=at(99), payload=payload,
    )  # fmt: skip
    with pytest.raises(DoesNotVerify, match="nobody witnessed it"):
        verify()


def test_a_container_without_a_row_is_found(vault, monkeypatch):
    monkeypatch.setattr("ketaflow.journal.projecting.project", lambda entry: None)
    vault_place = str(next(iter(vault.places.values())))
    payload = {
        "item": str(vault.vial), "device": False, "capacity": "10", "lot": "X", "number": "x",
        "expires_on": "2027-01-01", "serial": "", "place": vault_place, "place_kind": "VAULT",
        "receipt": None,
    }  # fmt: skip
    record(
        stream="container/0a000000-0000-4000-8000-000000000000", kind=Kind.RECEIVED.value,
        by=vault.nurse.author, at=at(99), payload=payload,
    )  # fmt: skip
    with pytest.raises(DoesNotVerify, match="has no row"):
        verify()


def test_the_balance_says_what_each_place_should_hold(vault):
    lines = json.loads(told("balance", "--json"))
    assert {(one["status"], one["quantity"], one["mg"]) for one in lines} == {
        ("OPEN", "18.2", "910"),
    }
    assert "ketamine 50 mg/mL" in told("balance")


def test_the_dispensing_record_is_exported_with_patient_and_witness(vault):
    lines = list(csv.DictReader(io.StringIO(told("export"))))
    assert [(one["what"], one["quantity"], one["witness"]) for one in lines] == [
        ("Wasted", "0.2", "Noah Nurse"), ("Administered", "0.8", ""),
    ]  # fmt: skip
    assert {one["patient"] for one in lines} == {"Cy Patient"}
    assert {one["drawn_by"] for one in lines} == {"Nell Nurse"}
    assert json.loads(told("export", "--from", "2026-03-11", "--json")) == []
    assert len(json.loads(told("export", "--to", "2026-03-10", "--json"))) == 2
    with pytest.raises(Exception, match="is not a day"):
        told("export", "--from", "yesterday")
