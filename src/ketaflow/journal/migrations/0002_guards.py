from django.db import migrations

from ketaflow.journal import guards


def put_up(apps, schema_editor) -> None:  # type: ignore[no-untyped-def]
    for statement in guards.put_up(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def take_down(apps, schema_editor) -> None:  # type: ignore[no-untyped-def]
    for statement in guards.take_down(schema_editor.connection.vendor):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(put_up, take_down)]
