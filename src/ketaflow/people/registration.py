"""What must be known to register somebody, and what cannot be right."""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_OID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ketaflow.people.chart import ReceivedChart, Sex
from ketaflow.refusals import Refused

OLDEST_YEARS = 125
LONGEST_IDENTIFIER = 200
LONGEST_WORD = 40


class NotPlausible(Refused):
    """A detail of a person or clinic cannot be right."""


def said(text: str, what: str) -> str:
    """`text` without surrounding space.

    Raises:
        NotPlausible: nothing was said.
    """
    if not text.strip():
        raise NotPlausible(f"Write {what}; an empty line says nothing.")
    return text.strip()


def digest(document: bytes) -> str:
    """The SHA-256 by which a document is known again."""
    return hashlib.sha256(document).hexdigest()


@dataclass(frozen=True)
class ClinicDetails:
    """What a clinic is called, where it is and which clock it keeps."""

    name: str
    address: str
    phone: str
    crisis_line: str
    time_zone: str
    fictional: bool = False

    def as_payload(self) -> dict[str, object]:
        """The details as the journal keeps them.

        Raises:
            NotPlausible: the time zone is not one.
        """
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise NotPlausible(
                f"{self.time_zone} is not a time zone; use a name such as America/New_York."
            ) from None
        return {
            "name": said(self.name, "the clinic's name"),
            "address": self.address,
            "phone": self.phone,
            "crisis_line": self.crisis_line,
            "time_zone": self.time_zone,
            "fictional": self.fictional,
        }


@dataclass(frozen=True)
class PatientDetails:
    """Who a patient is."""

    number: str
    family: str
    given: str
    born_on: date
    sex: Sex
    phone: str = ""
    email: str = ""
    address: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()

    def check(self, today: date) -> None:
        """Refuse details that cannot be right.

        Raises:
            NotPlausible: names the detail.
        """
        said(self.number, "the patient's number")
        said(self.family, "the patient's family name")
        for text in (self.family, self.given):
            if any(mark in text for mark in "<>") or not text.isprintable():
                raise NotPlausible(f"{text!r} is not a name; remove what is not part of it.")
        if self.born_on > today:
            raise NotPlausible(
                f"A birth date of {self.born_on} lies in the future; check the year."
            )
        if today.year - self.born_on.year > OLDEST_YEARS:
            raise NotPlausible(f"A birth date of {self.born_on} is too long ago; check the year.")

    def as_payload(self) -> dict[str, object]:
        """The details as the journal keeps them."""
        return {
            "number": self.number.strip(),
            "family": self.family.strip(),
            "given": self.given.strip(),
            "born_on": self.born_on.isoformat(),
            "sex": self.sex.value,
            "phone": self.phone.strip(),
            "email": self.email.strip(),
            "address": self.address.strip(),
            "identifiers": [list(pair) for pair in self.identifiers],
        }


def from_chart(chart: ReceivedChart) -> PatientDetails:
    """The details a received chart gives, with a number made from the sender's identifier.

    Raises:
        NotPlausible: the chart does not say when the person was born.
    """
    person = chart.person
    if person.born_on is None:
        raise NotPlausible("The file does not say when the patient was born; ask the sender.")
    identifiers = identifiers_of(chart)
    known = sorted(f"{system}|{value}" for system, value in identifiers)
    named = f"{person.family}|{person.given}|{person.born_on}"
    mark = uuid5(NAMESPACE_OID, "\n".join(known) or named).hex
    return PatientDetails(
        number=f"R-{mark[:10].upper()}",
        family=person.family,
        given=person.given,
        born_on=person.born_on,
        sex=person.sex,
        phone=person.phone,
        email=person.email,
        address=person.address,
        identifiers=identifiers,
    )


def identifiers_of(chart: ReceivedChart) -> tuple[tuple[str, str], ...]:
    """The identifiers by which the person may be known again, each once.

    One without a system says nothing: two hospitals may both have a patient 4711.
    """
    pairs = (
        (system[:LONGEST_IDENTIFIER], value[:LONGEST_IDENTIFIER])
        for system, value in chart.person.identifiers
        if system
    )
    return tuple(dict.fromkeys(pairs))


def search_words(*texts: str) -> tuple[str, ...]:
    """The words by which a person is looked for: no capitals, no accents, each once."""
    folded = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    plain = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return tuple(dict.fromkeys(word[:LONGEST_WORD] for word in plain.split()))


def age_on(born_on: date, day: date) -> int:
    """Completed years on `day`."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
