"""How somebody at home is reached: a language, and a number for text messages if they want them."""

import re
from enum import StrEnum

from ketaflow.refusals import Refused

# E.164: a country and at most fifteen digits in all.
NUMBER = re.compile(r"\+[1-9]\d{7,14}")
BETWEEN = re.compile(r"[\s().\-/]")


class NotANumber(Refused):
    """What was given cannot be a telephone number."""


class Language(StrEnum):
    """The languages that the patient's pages speak."""

    ENGLISH = "en"
    SPANISH = "es"

    @property
    def label(self) -> str:
        """Its own name for itself."""
        return LABELS[self]


LABELS = {Language.ENGLISH: "English", Language.SPANISH: "Español"}


def number(said: str) -> str:
    """A telephone number as gateways want it; an empty string stays empty.

    Raises:
        NotANumber: says how a number is written.

    Source:
        ITU-T E.164: a plus sign, the country, and at most fifteen digits.

    Example:
        >>> number("+1 (202) 555-0143")
        '+12025550143'
    """
    plain = BETWEEN.sub("", said)
    if plain and not NUMBER.fullmatch(plain):
        raise NotANumber("Write the number with its country, such as +1 202 555 0143.")
    return plain
