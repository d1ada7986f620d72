"""The journal keeps what was written, and finds and names what was tampered with."""

import re
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction

from ketaflow.journal import chain, guards, queries
from ketaflow.journal.actions import NoTransaction, SomeoneElseMoved, record
from ketaflow.journal.models import Entry, Head
from ketaflow.journal.projecting import UnknownKind
from ketaflow.refusals import DoesNotVerify

from ..conftest import NOW

STREAM = "access/test"


def write(nurse, pages):
    with transaction.atomic():
        for page in pages:
            record(
                stream=STREAM, kind="chart.read", by=nurse.author, at=NOW, payload={"page": page}
            )


@pytest.fixture
def without_guards(nurse):
    write(nurse, ["one", "two", "three"])
    with connection.cursor() as cursor:
        for statement in guards.take_down(connection.vendor):
            cursor.execute(statement)
    return Entry.objects.filter(stream=STREAM)


def test_an_untouched_record_verifies(nurse):
    write(nurse, ["one", "two"])
    verified = queries.verify()
    assert verified.entries == Entry.objects.count()
    assert verified.streams == Head.objects.count()
    assert queries.verify() == verified


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_itself_refuses_to_change_an_entry(nurse, change):
    write(nurse, ["one"])
    attempts = {
        "update": lambda: Entry.objects.update(by_name="Nobody"),
        "delete": lambda: Entry.objects.all()._raw_delete("default"),
    }
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        attempts[change]()
    assert Entry.objects.filter(by_name="Nobody").count() == 0


def test_a_tampered_payload_is_found_and_named(without_guards):
    without_guards.filter(ordinal=2).update(payload_json='{"page":"other"}')
    with pytest.raises(DoesNotVerify, match=r"access/test #2 .* was changed"):
        queries.verify()


def test_a_tampered_author_is_found_and_named(without_guards):
    without_guards.filter(ordinal=1).update(by_name="Somebody Else")
    with pytest.raises(DoesNotVerify, match=r"access/test #1 .* was changed"):
        queries.verify()


@pytest.mark.parametrize("ordinal", [1, 2, 3])
def test_a_removed_entry_is_found_and_named_even_the_last(without_guards, ordinal):
    without_guards.filter(ordinal=ordinal)._raw_delete("default")
    with pytest.raises(DoesNotVerify, match=f"access/test #{ordinal} is missing"):
        queries.verify()


def test_a_removed_stream_is_found_and_named(without_guards):
    without_guards._raw_delete("default")
    with pytest.raises(DoesNotVerify, match="access/test #1 is missing"):
        queries.verify()


def test_a_reordered_pair_is_found_and_named(without_guards):
    without_guards.filter(ordinal=3).update(ordinal=9)
    without_guards.filter(ordinal=2).update(ordinal=3)
    without_guards.filter(ordinal=9).update(ordinal=2)
    with pytest.raises(DoesNotVerify, match=r"access/test #2"):
        queries.verify()


def test_a_forged_entry_with_a_right_hash_breaks_the_chain(without_guards):
    second = without_guards.get(ordinal=2)
    forged = replace(second.link, payload='{"page":"other"}')
    without_guards.filter(ordinal=2).update(payload_json=forged.payload, hash=chain.seal(forged))
    with pytest.raises(DoesNotVerify, match=r"access/test #3 .* does not follow"):
        queries.verify()


def test_a_payload_with_another_spelling_and_a_right_hash_is_found(without_guards):
    third = without_guards.get(ordinal=3)
    forged = replace(third.link, payload='{"page": "three"}')
    without_guards.filter(ordinal=3).update(payload_json=forged.payload, hash=chain.seal(forged))
    with pytest.raises(DoesNotVerify, match=r"access/test #3 .* not in canonical form"):
        queries.verify()


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_every_guard_that_is_put_up_can_be_taken_down(vendor):
    up, down = "\n".join(guards.put_up(vendor)), "\n".join(guards.take_down(vendor))
    standing = set(re.findall(r"CREATE TRIGGER (\w+)", up))
    assert standing
    assert set(re.findall(r"DROP TRIGGER IF EXISTS (\w+)", down)) == standing


def test_a_stream_added_by_hand_is_found(without_guards):
    Head.objects.filter(stream=STREAM).delete()
    with pytest.raises(DoesNotVerify, match="added by hand"):
        queries.verify()


def test_a_head_that_was_changed_is_found(without_guards):
    Head.objects.filter(stream=STREAM).update(hash="f" * 64)
    with pytest.raises(DoesNotVerify, match="not what its head"):
        queries.verify()


def test_writing_without_a_transaction_is_a_fault(committed):
    from ketaflow.people.actions import SYSTEM

    with pytest.raises(NoTransaction):
        record(stream=STREAM, kind="chart.read", by=SYSTEM, at=NOW, payload={})


def test_acting_on_an_outdated_page_writes_nothing(nurse):
    write(nurse, ["one", "two"])
    with pytest.raises(SomeoneElseMoved, match="what is there now"), transaction.atomic():
        record(stream=STREAM, kind="chart.read", by=nurse.author, at=NOW, payload={}, seen=1)
    assert queries.last_ordinal(clinic=nurse.clinic_id, stream=STREAM) == 2


def test_a_kind_nobody_knows_is_not_kept(nurse):
    with pytest.raises(UnknownKind), transaction.atomic():
        record(stream=STREAM, kind="no.such", by=nurse.author, at=NOW, payload={})
    assert not Entry.objects.filter(kind="no.such").exists()


@pytest.mark.parametrize("value", [0.5, float("nan"), "a\x00b", {"deep": [1.5]}, object()])
def test_what_json_cannot_carry_exactly_is_refused(value):
    with pytest.raises(chain.NotPlain):
        chain.canonical({"value": value})


def test_tables_made_again_from_the_journal_are_the_same(patient):
    rows = queries.rebuild()
    assert rows["people_patient"] == 1
    patient.refresh_from_db()
    assert patient.name == "Cy Patient"


def test_a_row_changed_behind_the_journals_back_is_found_and_put_right(patient):
    type(patient).objects.update(family="Intruder")
    with pytest.raises(DoesNotVerify, match=r"people_patient .* put right"):
        queries.rebuild()
    patient.refresh_from_db()
    assert patient.family == "Patient"


def test_a_row_the_journal_knows_nothing_of_is_found_and_removed(patient):
    stray = type(patient).objects.get()
    stray.pk, stray.number = None, "K-9999"
    from uuid import uuid4

    stray.id = uuid4()
    stray.save(force_insert=True)
    with pytest.raises(DoesNotVerify, match="knows nothing of"):
        queries.rebuild()
    assert type(patient).objects.count() == 1
