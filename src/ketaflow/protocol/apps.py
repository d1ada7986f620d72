from django.apps import AppConfig


class ProtocolConfig(AppConfig):
    """What will we give, and why?"""

    name = "ketaflow.protocol"
    label = "protocol"

    def ready(self) -> None:
        """Tell the journal which rows follow from this stage's entries."""
        from ketaflow.journal import projecting
        from ketaflow.protocol.projections import PROJECTION

        projecting.register(PROJECTION)
