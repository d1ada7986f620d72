from django.apps import AppConfig


class ScreeningConfig(AppConfig):
    """May this person be treated?"""

    name = "ketaflow.screening"
    label = "screening"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.journal import projecting
        from ketaflow.screening.projections import PROJECTION

        projecting.register(PROJECTION)
