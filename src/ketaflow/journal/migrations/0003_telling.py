from django.db import migrations

from ketaflow.journal import telling


def begin(apps, schema_editor) -> None:  # type: ignore[no-untyped-def]
    for statement in telling.begin(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def end(apps, schema_editor) -> None:  # type: ignore[no-untyped-def]
    for statement in telling.end(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_guards")]
    operations = [migrations.RunPython(begin, end)]
