"""Ports for servers that are killed and come back to the same one."""

import random
import socket

# Below the ports that the system hands to callers: one that calls while nobody listens may be given
# the very port it calls, is then connected with itself, and holds it for a minute.
OURS = range(20_000, 32_000)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has now and no caller will be given."""
    for port in random.sample(OURS, 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("a hundred ports are taken")
