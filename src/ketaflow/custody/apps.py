from django.apps import AppConfig


class CustodyConfig(AppConfig):
    """Where is every milligram?"""

    name = "ketaflow.custody"
    label = "custody"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.custody.projections import PROJECTION
        from ketaflow.journal import projecting

        projecting.register(PROJECTION)
