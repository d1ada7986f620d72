"""What somebody at home says before a visit: coming or not, who comes along, what has changed."""

from dataclasses import dataclass

from ketaflow.correspondence.home.notice import Kind
from ketaflow.refusals import Refused

MOST_ESCORT = 200
MOST_WORDS = 5000


class TooLong(Refused):
    """More than can be kept, or read in time."""


@dataclass(frozen=True)
class Said:
    """The answers as they were given."""

    coming: bool
    escort: str = ""
    words: str = ""

    def check(self) -> "Said":
        """The answers without blanks at the ends.

        Raises:
            TooLong: says how long they may be.
        """
        escort, words = " ".join(self.escort.split()), self.words.strip()
        if len(escort) > MOST_ESCORT or len(words) > MOST_WORDS:
            raise TooLong(
                f"That is too long: {MOST_ESCORT} letters for who comes along and {MOST_WORDS} "
                "for the rest. Shorten it, or call us."
            )
        return Said(self.coming, escort, words.replace("\x00", ""))


def notices(said: Said) -> tuple[tuple[Kind, str], ...]:
    """What somebody at the clinic must know of these answers."""
    found = []
    if not said.coming:
        found.append((Kind.NOT_COMING, "Please call and find another time."))
    if said.words:
        found.append((Kind.WROTE, said.words))
    return tuple(found)
