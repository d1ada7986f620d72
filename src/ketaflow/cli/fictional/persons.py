"""Sixty people who do not exist, the same ones from the same seed."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from ketaflow.people.chart import Sex

FEMALE = [
    "Amara",
    "Beatriz",
    "Chiara",
    "Dagny",
    "Eleni",
    "Farah",
    "Greta",
    "Hana",
    "Imani",
    "Jarmila",
    "Katarina",
    "Leilani",
    "Mirela",
    "Noor",
    "Oksana",
    "Priya",
    "Quilla",
    "Rosalind",
    "Sunniva",
    "Tamsin",
    "Ursula",
    "Veronica",
    "Wanda",
    "Xiomara",
    "Yael",
    "Zofia",
    "Anneke",
    "Brigid",
    "Celeste",
    "Dorothea",
]
MALE = [
    "Anselm",
    "Bertrand",
    "Caspian",
    "Diego",
    "Emeka",
    "Florian",
    "Gideon",
    "Hamza",
    "Ivo",
    "Jorge",
    "Kenji",
    "Lucian",
    "Matteo",
    "Nnamdi",
    "Oskar",
    "Piotr",
    "Quentin",
    "Ravi",
    "Stellan",
    "Tobias",
    "Ulrich",
    "Viktor",
    "Wendell",
    "Xavier",
    "Yusuf",
    "Zoltan",
    "Arvid",
    "Bram",
    "Cormac",
    "Dimitri",
]
FAMILY = [
    "Abernathy",
    "Bellweather",
    "Castellane",
    "Drummond",
    "Eastwick",
    "Fairbairn",
    "Goldthwait",
    "Harrowgate",
    "Ivarsen",
    "Jellicoe",
    "Kingsolver",
    "Lindqvist",
    "Marchetti",
    "Northcote",
    "Okonjo",
    "Pemberton",
    "Quillfeather",
    "Ravenscroft",
    "Silverman",
    "Thistlewood",
    "Underhay",
    "Vandermeer",
    "Whitlock",
    "Yarborough",
    "Zielinski",
    "Ashgrove",
    "Birchwood",
    "Coldstream",
    "Dunmore",
    "Elmhurst",
]
STREETS = ["Juniper Lane", "Harbor Road", "Mill Street", "Orchard Way", "Station Road", "Lake View"]


@dataclass(frozen=True)
class Somebody:
    """A made-up person with what a referral would say about the body."""

    number: int
    given: str
    family: str
    sex: Sex
    born_on: date
    weight_kg: float
    height_cm: int
    systolic: int
    diastolic: int

    @property
    def address(self) -> str:
        """A street that is nowhere."""
        return f"{self.number} {STREETS[self.number % len(STREETS)]}, Springfield"


def somebody(number: int, seed: int, today: date) -> Somebody:
    """Person `number` of the fictional clinic."""
    dice = random.Random(f"{seed}/{number}")
    female = number % 2 == 0
    given = (FEMALE if female else MALE)[(number // 2) % 30]
    height = round(dice.gauss(165 if female else 178, 6))
    return Somebody(
        number=number,
        given=given,
        family=FAMILY[(number * 7) % 30],
        sex=Sex.FEMALE if female else Sex.MALE,
        born_on=today - timedelta(days=dice.randint(24 * 365, 62 * 365)),
        weight_kg=round(min(max(dice.gauss(24.5, 2.8), 19), 29.5) * (height / 100) ** 2, 1),
        height_cm=height,
        systolic=dice.randint(108, 134),
        diastolic=dice.randint(66, 84),
    )
