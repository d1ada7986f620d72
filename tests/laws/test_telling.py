"""The SQL by which one database tells and the other need not."""

from ketaflow.journal import telling


def test_postgresql_begins_to_tell_and_ends():
    assert any("pg_notify" in one for one in telling.begin("postgresql"))
    assert all("journal_entry_tell" in one for one in telling.end("postgresql"))


def test_sqlite_is_looked_at():
    assert telling.begin("sqlite") == telling.end("sqlite") == []
