"""What a clinic keeps: a drug in one form, strength and size."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ketaflow.custody.amounts import amount, plain
from ketaflow.protocol import slips
from ketaflow.protocol.figures import show
from ketaflow.protocol.library import Drug
from ketaflow.refusals import Refused

SCHEDULES = ("CIII", "CII", "2", "8", "1")


class NotAnItem(Refused):
    """No such drug is kept in such a form."""


class Form(StrEnum):
    """How the drug comes."""

    VIAL = "VIAL"
    NASAL_DEVICE = "NASAL_DEVICE"

    @property
    def label(self) -> str:
        """The form in words."""
        return {Form.VIAL: "vial", Form.NASAL_DEVICE: "nasal device"}[self]

    @property
    def unit(self) -> str:
        """What is counted in it."""
        return {Form.VIAL: "mL", Form.NASAL_DEVICE: "device"}[self]


@dataclass(frozen=True)
class Details:
    """One kind of container; `strength_mg` is for each mL or each device, `each` mL or 1 device."""

    drug: Drug
    form: Form
    strength_mg: Decimal
    each: Decimal
    schedule: str
    ndc: str = ""
    gtin: str = ""

    @property
    def name(self) -> str:
        """The item as it is written on its box.

        >>> Details(Drug.KETAMINE, Form.VIAL, Decimal(50), Decimal(10), "CIII").name
        'ketamine 50 mg/mL, vial of 10 mL'
        """
        if self.form is Form.NASAL_DEVICE:
            return f"{self.drug.value} {show(self.strength_mg)} mg, nasal device"
        return f"{self.drug.value} {show(self.strength_mg)} mg/mL, vial of {show(self.each)} mL"

    def check(self) -> None:
        """Refuse what nobody could keep.

        Raises:
            NotAnItem, NotAnAmount, Slip: names the detail.
        """
        amount(self.strength_mg, "mg", what="strength")
        if self.strength_mg != round(self.strength_mg, 2):
            raise NotAnItem("A strength has at most two decimals. Copy it from the label.")
        amount(self.each, self.form.unit, what="content of one container")
        if self.form is Form.NASAL_DEVICE and self.each != 1:
            raise NotAnItem("A nasal device is counted one by one: its content is 1 device.")
        if self.form is Form.VIAL:
            slips.strength(self.strength_mg)
        if self.schedule not in SCHEDULES:
            known = ", ".join(SCHEDULES)
            raise NotAnItem(f"Choose the schedule from {known} (got {self.schedule}).")

    def as_payload(self) -> dict[str, object]:
        """The item as the journal keeps it."""
        return {
            "drug": self.drug.value,
            "form": self.form.value,
            "strength_mg": plain(self.strength_mg),
            "each": plain(self.each),
            "schedule": self.schedule,
            "ndc": self.ndc.strip(),
            "gtin": self.gtin.strip(),
        }
