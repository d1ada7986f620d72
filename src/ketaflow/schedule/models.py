from django.db import models

from ketaflow.people.models import Patient, Row, Staff
from ketaflow.protocol.models import Course
from ketaflow.schedule.standing import Standing


class Chair(Row):
    """Where a patient is treated."""

    name = models.CharField(max_length=60)
    place = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "name"], name="schedule_one_name_a_chair")
        ]

    def __str__(self) -> str:
        return self.name


class OpeningHours(Row):
    """When the clinic is open on one day of the week, by its own clock."""

    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "weekday"], name="schedule_one_opening_a_weekday"
            ),
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6), name="schedule_seven_weekdays"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.opens} to {self.closes}"


class Preparation(Row):
    """How many minutes the clinic plans before each treatment."""

    minutes = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic"], name="schedule_one_preparation_a_clinic")
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min"


class Shift(Row):
    """Somebody on duty on one day."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="shifts")
    day = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "day"], name="schedule_one_shift_a_day"),
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")),
                name="schedule_shift_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "day"], name="schedule_shift_day")]

    def __str__(self) -> str:
        return f"{self.staff_id} on {self.day}"


class Booking(Row):
    """One visit of a course: when, in which chair, watched by whom."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="bookings")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="bookings")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="bookings")
    nurse = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="bookings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    prepare_min = models.PositiveSmallIntegerField()
    treat_min = models.PositiveSmallIntegerField()
    status = models.CharField(
        max_length=12,
        choices=[(one.value, one.label) for one in Standing],
        default=Standing.BOOKED.value,
    )
    # Which session of the course it became; those still to come are counted when they are read.
    session_number = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=400, blank=True)
    # The last entry of its stream: what a page hands back to prove it is not outdated.
    ordinal = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")),
                name="schedule_booking_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "starts_at"], name="schedule_booking_time"),
            models.Index(fields=["course", "starts_at"], name="schedule_booking_course"),
            models.Index(fields=["patient", "starts_at"], name="schedule_booking_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} at {self.starts_at}"

    @property
    def standing(self) -> Standing:
        """Where the booking stands."""
        return Standing(self.status)

    @property
    def stream(self) -> str:
        """The journal stream of what happens to this booking."""
        return f"booking/{self.id}"


class BookedSlot(Row):
    """A quarter hour a booking holds; the database lets nobody else have it."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="slots")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="+")
    nurse = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    slot = models.DateTimeField()
    # One of as many places as patients a nurse may watch at once.
    place = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chair", "slot"], name="schedule_one_patient_a_chair"),
            models.UniqueConstraint(
                fields=["patient", "slot"], name="schedule_one_place_a_patient"
            ),
            models.UniqueConstraint(
                fields=["nurse", "place", "slot"], name="schedule_one_patient_a_nurse_place"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "slot"], name="schedule_slot_time")]

    def __str__(self) -> str:
        return f"{self.chair_id} at {self.slot}"
