"""What serves pages lends its connections out and gets every one of them back."""

import os
import subprocess
import sys

import pytest
from django.db import connection

SCRIPT = """
import django; django.setup()
from threading import Thread
from django.db import close_old_connections, connection, connections
from ketaflow.journal.queries import Ear

def request():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    close_old_connections()

ear = Ear()
ear.close()
close_old_connections()
for _ in range(5):
    every = [Thread(target=request) for _ in range(8)]
    [one.start() for one in every]
    [one.join(20) for one in every]
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM pg_listening_channels()")
    listening = cursor.fetchone()[0]
close_old_connections()
told = connection.pool.get_stats()
print(told["pool_size"] <= 4, told["pool_size"] == told["pool_available"], listening)
connection.close_pool()
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lends nothing out")
def test_forty_requests_leave_no_connection_behind(db):
    environment = os.environ | {
        "KETAFLOW_POOL": "4",
        "DJANGO_SETTINGS_MODULE": "ketaflow.config.settings",
        "PYTHONWARNINGS": "",
    }
    command = [sys.executable, "-c", SCRIPT]
    told = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.split() == ["True", "True", "0"]
