from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    """Did it help?"""

    name = "ketaflow.outcomes"
    label = "outcomes"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.journal import projecting
        from ketaflow.outcomes.projections import PROJECTION

        projecting.register(PROJECTION)
