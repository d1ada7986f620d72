from django.apps import AppConfig


class WebConfig(AppConfig):
    """The clinician's face."""

    name = "ketaflow.web"
    label = "web"
