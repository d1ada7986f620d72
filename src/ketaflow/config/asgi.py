"""The ASGI application that `ketaflow serve` runs."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("KETAFLOW_POOL", "20")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ketaflow.config.settings")
application = get_asgi_application()
