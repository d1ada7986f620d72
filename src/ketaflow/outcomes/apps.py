from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    """Did it help?"""

    name = "ketaflow.outcomes"
    label = "outcomes"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries; read licensed wording."""
        import logging

        from django.conf import settings

        from ketaflow.instruments import licensed
        from ketaflow.journal import projecting
        from ketaflow.outcomes.projections import PROJECTION

        projecting.register(PROJECTION)
        # A file that does not fit must not keep the clinic closed: totals are taken as before.
        for refusal in licensed.adopt(settings.DATA / "instruments"):
            logging.getLogger("ketaflow").warning(refusal)
