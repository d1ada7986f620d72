from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Who: clinics, staff, patients, referrals, consent."""

    name = "ketaflow.people"
    label = "people"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.journal import projecting
        from ketaflow.people.projections import PROJECTION

        projecting.register(PROJECTION)
