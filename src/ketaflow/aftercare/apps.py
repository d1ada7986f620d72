from django.apps import AppConfig


class AftercareConfig(AppConfig):
    """What next, and is she safe?"""

    name = "ketaflow.aftercare"
    label = "aftercare"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.aftercare.projections import PROJECTION
        from ketaflow.journal import projecting

        projecting.register(PROJECTION)
