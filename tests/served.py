"""The clinic as `ketaflow serve` serves it, but in this process: a test can move its clock."""

import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from django.test import Client
from playwright.sync_api import Browser, Page

from ketaflow.config.asgi import application
from tests.browser import DESK

# Django's ASGI handler leaves the body and the file of a request unclosed whose line was cut.
CUT_LINES = (
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),
)


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    """The address of a running clinic; on leaving it is gone, like one that was switched off."""
    door = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        application, log_level="error", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        door.close()
        # It looks at the record until it notices that nobody listens; the record goes before that.
        for one in threading.enumerate():
            if one.name == "ketaflow-watch":
                one.join(10)
        gc.collect()  # what a cut line left open in Django's own handler, while it may


def sit_down(chromium: Browser, address: str, staff, path: str, viewport=DESK) -> Page:
    """A browser of one person's own, signed in, at `path`; its clock may be moved."""
    client = Client()
    client.force_login(staff.user)
    room = chromium.new_context(base_url=address, viewport=viewport)
    room.set_default_timeout(10_000)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    room.add_cookies([{**cookie, "domain": "127.0.0.1", "path": "/"}])
    page = room.new_page()
    page.goto(path)
    return page
