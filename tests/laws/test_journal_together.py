"""Many entries in one statement are the same record as one after the other."""

import pytest
from django.db import transaction

from ketaflow.journal import actions, queries
from ketaflow.journal.actions import Note, NoTransaction, SomeoneElseMoved, record, record_all
from ketaflow.journal.chain import NotPlain
from ketaflow.journal.models import Entry, Head

from ..conftest import NOW


def notes(nurse, *pages, stream="access/test"):
    kind = "chart.read"
    return [Note(stream, kind, nurse.author, NOW, {"page": page}) for page in pages]


def test_many_together_chain_as_one_after_the_other_does(nurse):
    with transaction.atomic():
        for note in notes(nurse, "one", "two", stream="access/single"):
            record(stream=note.stream, kind=note.kind, by=note.by, at=NOW, payload=note.payload)
        record_all(
            [*notes(nurse, "one"), *notes(nurse, "one", stream="access/b"), *notes(nurse, "two")]
        )
        record_all(notes(nurse, "three"))
    told = queries.entries(clinic=nurse.clinic_id, stream="access/test")
    assert [one.payload["page"] for one in told] == ["one", "two", "three"]
    assert [one.ordinal for one in told] == [1, 2, 3]
    assert Head.objects.get(stream="access/test").hash == told[-1].hash
    assert Head.objects.get(stream="access/b").ordinal == 1
    queries.verify()
    queries.rebuild()


def test_all_of_them_stand_or_fall_together(nurse):
    before = Entry.objects.count()
    with pytest.raises(NotPlain), transaction.atomic():
        record_all([*notes(nurse, "one"), *notes(nurse, 1.5)])
    assert Entry.objects.count() == before
    queries.verify()


@pytest.mark.django_db(transaction=True)
def test_many_need_a_transaction_as_one_does(committed):
    with pytest.raises(NoTransaction):
        record_all([])


def test_an_ordinal_that_somebody_took_is_told(nurse, monkeypatch):
    with transaction.atomic():
        record_all(notes(nurse, "one"))
    old = Head(stream="access/test", clinic=nurse.clinic_id, ordinal=0, hash="0" * 64)
    real = actions._next
    monkeypatch.setattr(actions, "_next", lambda head, *rest: real(old, *rest))
    with pytest.raises(SomeoneElseMoved), transaction.atomic():
        record_all(notes(nurse, "two"))
    queries.verify()
