"""The SQL by which PostgreSQL tells every process what was written the moment it is committed.

SQLite has no such thing, and needs none: it has one machine, where looking is cheap.
"""

CHANNEL = "ketaflow_journal"

POSTGRESQL_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION journal_entry_tell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('{CHANNEL}', concat_ws(' ', NEW.clinic, NEW.kind, NEW.stream));
        RETURN NULL;
    END $$"""
POSTGRESQL_TRIGGER = """
    CREATE TRIGGER journal_entry_tell AFTER INSERT ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION journal_entry_tell()"""


def begin(vendor: str) -> list[str]:
    """The statements that make a database of `vendor` tell; none where it cannot."""
    return [POSTGRESQL_FUNCTION, POSTGRESQL_TRIGGER] if vendor == "postgresql" else []


def end(vendor: str) -> list[str]:
    """The statements that make it silent again."""
    if vendor != "postgresql":
        return []
    return [
        "DROP TRIGGER IF EXISTS journal_entry_tell ON journal_entry",
        "DROP FUNCTION IF EXISTS journal_entry_tell",
    ]
