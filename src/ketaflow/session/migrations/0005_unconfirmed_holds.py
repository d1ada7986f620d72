from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("session", "0004_holds")]

    operations = [
        migrations.AddField(
            model_name="session", name="held", field=models.JSONField(default=dict)
        ),
    ]
