"""MLLP: where one message begins and ends in a stream of bytes, and what is none.

A block is a vertical tab, the message, a file separator and a carriage return. Not every monitor
sends the last of them.
"""

from dataclasses import dataclass, field

BEGIN, END, RETURN = b"\x0b", b"\x1c", b"\r"
MOST_BYTES = 256 * 1024
# Noise on the line before a message is passed over; somebody who sends only noise is cut off.
MOST_NOISE = 4 * 1024


class NotFramed(Exception):
    """What comes is no MLLP, or a message larger than any monitor's: the line is closed."""


@dataclass
class Frames:
    """Collects bytes as they come and hands out whole messages; holds at most `most_bytes`."""

    most_bytes: int = MOST_BYTES
    noise: int = 0
    held: bytearray = field(default_factory=bytearray)
    begun: bool = False

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes.

        Raises:
            NotFramed: too much noise, or a message that does not end.
        """
        found = []
        while data:
            if not self.begun:
                data = self._pass_over(data)
                continue
            body, ended, rest = data.partition(END)
            self._hold(body)
            if ended:
                found.append(self._whole())
            data = rest
        return found

    def _pass_over(self, data: bytes) -> bytes:
        noise, began, rest = data.partition(BEGIN)
        self.noise += len(noise.strip())
        if self.noise > MOST_NOISE:
            raise NotFramed("what comes is not framed as MLLP")
        self.begun = bool(began)
        return rest

    def _hold(self, body: bytes) -> None:
        # A new beginning within a message: the one before was cut off and is worth nothing.
        *_, last = parts = body.split(BEGIN)
        if len(parts) > 1:
            self.held.clear()
        self.held += last
        if len(self.held) > self.most_bytes:
            raise NotFramed(f"a message is longer than {self.most_bytes} bytes")

    def _whole(self) -> bytes:
        whole = bytes(self.held)
        self.held.clear()
        self.begun, self.noise = False, 0
        return whole


def framed(message: str) -> bytes:
    """`message` as it goes over the line."""
    return BEGIN + message.encode() + END + RETURN
