from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The patient's face."""

    name = "ketaflow.portal"
    label = "portal"
