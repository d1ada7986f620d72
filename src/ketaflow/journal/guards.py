"""The SQL by which the database itself refuses to change or remove an entry."""

REFUSAL = "journal entries are never changed or removed"

SQLITE = {
    "journal_entry_no_update": f"""
        CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    "journal_entry_no_delete": f"""
        CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
}

POSTGRESQL_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION journal_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"""

POSTGRESQL = {
    "journal_entry_no_change": """
        CREATE TRIGGER journal_entry_no_change BEFORE UPDATE OR DELETE ON journal_entry
        FOR EACH ROW EXECUTE FUNCTION journal_entry_refuse()""",
    "journal_entry_no_truncate": """
        CREATE TRIGGER journal_entry_no_truncate BEFORE TRUNCATE ON journal_entry
        FOR EACH STATEMENT EXECUTE FUNCTION journal_entry_refuse()""",
}


def put_up(vendor: str) -> list[str]:
    """The statements that install the guards on a database of `vendor`."""
    if vendor == "postgresql":
        return [POSTGRESQL_FUNCTION, *POSTGRESQL.values()]
    return list(SQLITE.values())


def take_down(vendor: str) -> list[str]:
    """The statements that remove them: for undoing the migration, and for tests that clean up."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {name} ON journal_entry" for name in POSTGRESQL]
    return [f"DROP TRIGGER IF EXISTS {name}" for name in SQLITE]
