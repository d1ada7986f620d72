from django.apps import AppConfig


class SessionConfig(AppConfig):
    """The infusion itself."""

    name = "ketaflow.session"
    label = "session"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.journal import projecting
        from ketaflow.session.projections import PROJECTION

        projecting.register(PROJECTION)
