"""A session that a process remembers is never other than its journal says."""

from django.db import transaction

from ketaflow.journal import queries as journal
from ketaflow.session import actions
from ketaflow.session.folds import queries as folds

from .test_session_rows import chair, open_session, policy, spray

__all__ = ["chair", "open_session", "policy", "spray"]


def told(chair, upto=None):
    found = folds.of_stream(clinic=chair.nurse.clinic_id, stream=f"session/{chair.id}", upto=upto)
    return [(one.ordinal, one.kind) for one in found.entries]


def written(chair):
    entries = journal.entries(clinic=chair.nurse.clinic_id, stream=f"session/{chair.id}")
    return [(one.ordinal, one.kind) for one in entries]


def test_what_was_undone_is_forgotten_and_what_came_instead_is_read(chair):
    chair.run()
    assert told(chair) == written(chair)
    with transaction.atomic():
        chair.do(actions.note, 11, text="never kept")
        assert told(chair) == written(chair)
        transaction.set_rollback(True)
    assert told(chair) == written(chair)
    with transaction.atomic():
        chair.do(actions.note, 11, text="never kept")
        assert told(chair)[-1] == written(chair)[-1]
        transaction.set_rollback(True)
    chair.measure(12)
    assert told(chair) == written(chair)
    assert told(chair, upto=3) == written(chair)[:3]
    assert told(chair) == written(chair)


def test_nothing_new_reads_one_entry_and_the_oldest_are_forgotten(
    chair, monkeypatch, django_assert_num_queries
):
    chair.run()
    first = chair.state
    with django_assert_num_queries(1):
        assert chair.state is first
    monkeypatch.setattr(folds, "MOST_ENTRIES", 0)
    monkeypatch.setattr(folds, "_known", type(folds._known)(folds._known))
    folds._known[(chair.nurse.clinic_id, "session/other")] = next(iter(folds._known.values()))
    chair.measure(12)
    assert list(folds._known) == [(chair.nurse.clinic_id, f"session/{chair.id}")]
