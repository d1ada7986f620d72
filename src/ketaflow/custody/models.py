from collections.abc import Sequence
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from ketaflow.custody.container import Status
from ketaflow.custody.movements import WITNESSED, Kind, PlaceKind
from ketaflow.custody.setting.models import Amount, Item, Place, Receipt, Terms
from ketaflow.people.models import Patient, Row

__all__ = [
    "Account", "Amount", "Container", "Count", "Draw", "Incident", "Item", "Movement", "Place",
    "Receipt", "Terms",
]  # fmt: skip


class Container(Row):
    """One vial or nasal device: where it is and what it holds, in mL or devices."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="containers")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+", null=True)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="containers")
    number = models.CharField(max_length=20)
    lot = models.CharField(max_length=40)
    expires_on = models.DateField()
    use_by = models.DateField(null=True)
    serial = models.CharField(max_length=40, blank=True)
    capacity = Amount()
    held = Amount()
    status = models.CharField(max_length=8, choices=[(one.value, one.label) for one in Status])
    received_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    # The last entry of its stream: what a page hands back to prove it is not outdated.
    ordinal = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(held__gte=0), name="custody_never_below_zero"),
            models.CheckConstraint(
                condition=Q(held__lte=F("capacity")), name="custody_never_above_what_it_held"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.GONE.value) | Q(held=0), name="custody_gone_is_empty"
            ),
            models.UniqueConstraint(
                fields=["item", "serial"], condition=~Q(serial=""), name="custody_one_serial"
            ),
        ]
        indexes = [
            # What is there now stays few, however many years of empty vials lie behind it. No
            # partial indexes: SQLite uses none of them where the condition comes as a parameter.
            models.Index(fields=["clinic", "held"], name="custody_held"),
            models.Index(fields=["clinic", "item", "lot"], name="custody_lot"),
        ]

    def __str__(self) -> str:
        return f"{self.number} lot {self.lot}"

    @property
    def stream(self) -> str:
        """The journal stream of what happens to this container."""
        return f"container/{self.id}"

    @property
    def held_mg(self) -> Decimal:
        """Milligrams in it."""
        return self.held * self.item.strength_mg


class Incident(Row):
    """Something does not agree, and somebody must find out why."""

    number = models.PositiveIntegerField()
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", null=True)
    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="+", null=True)
    account = models.UUIDField(null=True)
    count = models.UUIDField(null=True)
    item_name = models.CharField(max_length=120)
    difference_mg = Amount()
    reason = models.CharField(max_length=1000)
    opened_at = models.DateTimeField()
    opened_by_name = models.CharField(max_length=200)
    notice_on = models.DateField(null=True)
    form_on = models.DateField(null=True)
    notified_at = models.DateTimeField(null=True)
    form_at = models.DateTimeField(null=True)
    significant = models.BooleanField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    finding = models.CharField(max_length=1000, blank=True)
    ordinal = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "number"], name="custody_incident_number")
        ]
        indexes = [models.Index(fields=["clinic", "closed_at"], name="custody_unclosed")]

    def __str__(self) -> str:
        return f"incident {self.number}"

    @property
    def stream(self) -> str:
        """The journal stream of what happens about it."""
        return f"incident/{self.id}"


class Account(Row):
    """What was drawn for one session, in milligrams; its id is the session's."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    drug = models.CharField(max_length=40)
    form = models.CharField(max_length=20)
    dose_mg = Amount()
    strength_mg = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    quantity = Amount(null=True)
    drawn = Amount(default=0)
    administered = Amount(default=0)
    wasted = Amount(default=0)
    returned = Amount(default=0)
    lost = Amount(default=0)
    held = Amount(default=0)
    given_mg = Amount(null=True)
    agreement_mg = Amount(null=True)
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    explained = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    drawn=F("administered") + F("wasted") + F("returned") + F("lost") + F("held")
                ),
                name="custody_an_account_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None) | Q(held=0), name="custody_settled_without_residue"
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None)
                | Q(explained=True)
                | Q(
                    given_mg__lte=F("administered") + F("agreement_mg"),
                    administered__lte=F("given_mg") + F("agreement_mg"),
                ),
                name="custody_given_is_what_left",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "settled_at"], name="custody_open")]

    def __str__(self) -> str:
        return f"account of session {self.id}"

    @property
    def stream(self) -> str:
        """The journal stream of this account."""
        return f"account/{self.id}"


class Draw(Row):
    """What was drawn from one container for one session, and what became of it."""

    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="draws")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="draws")
    ordinal = models.PositiveIntegerField()
    quantity = Amount()
    administered = Amount(default=0)
    wasted = Amount(default=0)
    returned = Amount(default=0)
    lost = Amount(default=0)
    held = Amount()
    drawn_on = models.DateField()
    usable_until = models.DateField()
    place_kind = models.CharField(max_length=12)
    drawn_at = models.DateTimeField()
    drawn_by_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["container", "ordinal"], name="custody_one_draw"),
            models.CheckConstraint(
                condition=Q(
                    quantity=F("administered") + F("wasted") + F("returned") + F("lost") + F("held")
                ),
                name="custody_a_draw_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    quantity__gte=0,
                    administered__gte=0,
                    wasted__gte=0,
                    returned__gte=0,
                    lost__gte=0,
                    held__gte=0,
                ),
                name="custody_no_part_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(drawn_on__lte=F("usable_until")), name="custody_nothing_expired_drawn"
            ),
            models.CheckConstraint(
                condition=~Q(place_kind=PlaceKind.QUARANTINE.value),
                name="custody_nothing_quarantined_drawn",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "account"], name="custody_draw_account")]

    def __str__(self) -> str:
        return f"draw {self.ordinal} of {self.container_id}"

    @property
    def parts(self) -> tuple[Decimal, ...]:
        """Drawn, and what became of it."""
        return self.quantity, self.administered, self.wasted, self.returned, self.held


def _values(kinds: Sequence[Kind] | frozenset[Kind]) -> list[str]:
    return sorted(kind.value for kind in kinds)


class Movement(Row):
    """One thing that happened to a container: what reports and reconstructions read."""

    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="movements")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    ordinal = models.PositiveIntegerField()
    kind = models.CharField(max_length=30, choices=[(one.value, one.label) for one in Kind])
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=200)
    witness = models.UUIDField(null=True)
    witness_name = models.CharField(max_length=200, blank=True)
    witness_s = models.IntegerField(null=True)
    # What was handled; what the container holds more or less for it; what it holds after it.
    quantity = Amount()
    change = Amount()
    balance = Amount()
    mg = Amount()
    account = models.UUIDField(null=True)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", null=True)
    # Who drew it: the law asks for whoever dispensed it, not for whoever closed the session.
    drawn_by_name = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    reverses = models.PositiveIntegerField(null=True)
    reversed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["container", "ordinal"], name="custody_one_movement"),
            models.UniqueConstraint(fields=["container", "reverses"], name="custody_one_reversal"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, balance__gte=0), name="custody_movement_amounts"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=_values(WITNESSED)) | Q(witness__isnull=False),
                name="custody_not_alone",
            ),
            models.CheckConstraint(
                condition=Q(witness=None) | ~Q(witness=F("by")), name="custody_another_person"
            ),
            models.CheckConstraint(
                condition=Q(witness=None) | Q(witness_s__gte=0, witness_s__lte=120),
                name="custody_witness_was_there",
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False)
                | ~Q(kind__in=[Kind.DRAWN.value, Kind.ADMINISTERED.value, Kind.RETURNED.value]),
                name="custody_drawn_for_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "at"], name="custody_movement_time"),
            models.Index(fields=["clinic", "container", "ordinal"], name="custody_history"),
            models.Index(fields=["clinic", "account"], name="custody_movement_account"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.ordinal} of {self.container_id}"


class Count(Row):
    """One blind count of a place, or an inventory of all of them."""

    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="counts", null=True)
    lines = models.JSONField()
    agrees = models.BooleanField()
    counted_at = models.DateTimeField()
    counted_by_name = models.CharField(max_length=200)
    witness_name = models.CharField(max_length=200, blank=True)
    # An inventory says of which moment of the day it is and how open containers were counted.
    moment = models.CharField(max_length=10, blank=True)
    method = models.CharField(max_length=10, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "place", "counted_at"], name="custody_count_place"),
            models.Index(fields=["clinic", "counted_at"], name="custody_count_time"),
            models.Index(fields=["clinic", "moment"], name="custody_inventory"),
        ]

    def __str__(self) -> str:
        return f"count at {self.counted_at}"
