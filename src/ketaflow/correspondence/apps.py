from django.apps import AppConfig


class CorrespondenceConfig(AppConfig):
    """What do we ask the patient at home, and did it arrive?"""

    name = "ketaflow.correspondence"
    label = "correspondence"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.correspondence.projections import PROJECTION
        from ketaflow.journal import projecting

        projecting.register(PROJECTION)
