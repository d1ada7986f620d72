from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from ketaflow.custody.items import Form
from ketaflow.custody.movements import PlaceKind
from ketaflow.people.models import Row


class Amount(models.BigIntegerField):
    """An exact amount, kept as a whole number of hundred-thousandths.

    SQLite would reckon a decimal column in floats, and a constraint over floats proves nothing.
    """

    SCALE = 100_000

    # For the type checker: what is given to it, and what it gives.
    _pyi_private_set_type: Decimal | int  # type: ignore[assignment]
    _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def from_db_value(self, value: Any, *_: Any) -> Decimal | None:
        """The amount as everybody reads it."""
        return None if value is None else Decimal(int(value)) / self.SCALE

    def to_python(self, value: Any) -> Decimal | None:
        """The amount from whatever was given."""
        return None if value is None else Decimal(value)

    def get_prep_value(self, value: Any) -> int | None:
        """The amount as it is kept; one with more decimals is a fault of the program."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        scaled = Decimal(value) * self.SCALE
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more decimals than are kept.")
        return int(scaled)


class Terms(Row):
    """How the clinic keeps custody, as its medical director signed it."""

    version = models.PositiveIntegerField()
    jurisdiction = models.CharField(max_length=40)
    agreement_mg = Amount()
    count_every_h = models.PositiveIntegerField()
    open_vial_days = models.PositiveIntegerField()
    # Percentages as text, by signal.
    limits = models.JSONField(default=dict)
    signed_by_name = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "version"], name="custody_one_terms_a_version"
            )
        ]

    def __str__(self) -> str:
        return f"terms {self.version}"


class Item(Row):
    """A drug in one form, strength and size."""

    drug = models.CharField(max_length=40)
    form = models.CharField(max_length=20, choices=[(one.value, one.label) for one in Form])
    strength_mg = models.DecimalField(max_digits=8, decimal_places=2)
    each = Amount()
    schedule = models.CharField(max_length=10)
    ndc = models.CharField(max_length=20, blank=True)
    gtin = models.CharField(max_length=14, blank=True)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "gtin"], condition=~Q(gtin=""), name="custody_one_item_a_gtin"
            ),
            models.UniqueConstraint(fields=["clinic", "name"], name="custody_one_item_a_name"),
            models.CheckConstraint(
                condition=Q(strength_mg__gt=0, each__gt=0), name="custody_item_holds_something"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def unit(self) -> str:
        """What is counted in it."""
        return Form(self.form).unit


class Place(Row):
    """Where containers are kept."""

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=[(one.value, one.label) for one in PlaceKind])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "name"], name="custody_one_place_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class Receipt(Row):
    """What came with one invoice."""

    supplier = models.CharField(max_length=200)
    supplier_address = models.CharField(max_length=300)
    supplier_registration = models.CharField(max_length=40)
    invoice = models.CharField(max_length=60)
    containers = models.PositiveIntegerField()
    received_at = models.DateTimeField()
    received_by_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "supplier", "invoice"], name="custody_one_receipt_an_invoice"
            )
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.invoice}"
