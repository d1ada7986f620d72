from django.apps import AppConfig


class JournalConfig(AppConfig):
    """What happened: append-only, hash-chained, attributed."""

    name = "ketaflow.journal"
    label = "journal"
