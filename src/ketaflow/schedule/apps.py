from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    """When, where, with whom?"""

    name = "ketaflow.schedule"
    label = "schedule"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.journal import projecting
        from ketaflow.schedule.projections import PROJECTION

        projecting.register(PROJECTION)
