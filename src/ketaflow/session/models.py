from django.db import models

from ketaflow.people.models import Patient, Row, Staff
from ketaflow.protocol.models import Course
from ketaflow.schedule.models import Booking
from ketaflow.session.phases import Phase

OVER = [phase.value for phase in Phase if phase.over]


class Session(Row):
    """What boards and lists show of a session; everything else is the fold of its stream."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="sessions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="sessions")
    booking = models.ForeignKey(
        Booking, on_delete=models.PROTECT, related_name="sessions", null=True
    )
    nurse = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="sessions")
    chair = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    # Ended without any drug: it is not one of the course's sessions, and its number is free again.
    void = models.BooleanField(default=False)
    phase = models.CharField(
        max_length=12, choices=[(one.value, one.label.capitalize()) for one in Phase]
    )
    # As it was ordered when the patient was checked in; amounts as text.
    order = models.JSONField()
    planned_start_at = models.DateTimeField(null=True)
    planned_end_at = models.DateTimeField(null=True)
    checked_in_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    given_mg = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    baseline = models.JSONField(default=dict)
    last_vitals = models.JSONField(default=dict)
    last_reading_at = models.DateTimeField(null=True)
    # The holds that somebody must still answer, in words.
    holds = models.JSONField(default=list)
    # When the spray was begun, as long as its monitoring form is still to be submitted.
    form_owed_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=~models.Q(phase__in=OVER),
                name="session_one_at_a_time_a_patient",
            ),
            models.UniqueConstraint(fields=["booking"], name="session_one_a_booking"),
            models.UniqueConstraint(
                fields=["course", "number"],
                condition=models.Q(void=False),
                name="session_one_a_number_of_a_course",
            ),
            models.CheckConstraint(
                condition=models.Q(started_at=None)
                | models.Q(stopped_at=None)
                | models.Q(started_at__lte=models.F("stopped_at")),
                name="session_stops_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "ended_at"], name="session_board"),
            models.Index(fields=["clinic", "form_owed_since"], name="session_form_owed"),
            models.Index(fields=["clinic", "patient", "checked_in_at"], name="session_patient"),
        ]

    def __str__(self) -> str:
        return f"session {self.number} of {self.course_id}"

    @property
    def stream(self) -> str:
        """The journal stream of what happens in this session."""
        return f"session/{self.id}"

    @property
    def standing(self) -> Phase:
        """Where the session stands."""
        return Phase(self.phase)


class Press(Row):
    """A press that is in the record: whatever arrives under its name again is kept no second time.

    A line that was lost and came back, or a finger that pressed twice, sends the same press again.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="presses")
    name = models.UUIDField()
    ordinal = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "presses"
        constraints = [
            models.UniqueConstraint(fields=["name"], name="session_one_press_once"),
        ]

    def __str__(self) -> str:
        return f"press {self.name}, entry {self.ordinal}"
