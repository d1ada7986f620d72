from django.db import models

from ketaflow.people.models import Patient, Row, Staff
from ketaflow.protocol.models import Course
from ketaflow.schedule.models import Booking, Chair
from ketaflow.session.monitors.arrivals import By
from ketaflow.session.monitors.inbox import Standing
from ketaflow.session.monitors.routing import Why
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
    # For each rule that raised a hold, the last reading that did: what goes on raises no second.
    held = models.JSONField(default=dict)
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


class MonitorBinding(Row):
    """The chair at which a monitor stands: by the place it names, or by a device's identifier."""

    by = models.CharField(max_length=6, choices=[(one.value, one.label) for one in By])
    value = models.CharField(max_length=200)
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="monitors")
    bound_at = models.DateTimeField()
    bound_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "by", "value"], name="session_one_chair_a_monitor"
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.value}"


class MonitorMessage(Row):
    """One message of a monitor: where it went, or why it waits for a person.

    The identifier follows from what makes a message the same when it is sent again, so the key
    itself refuses a second one.
    """

    sender = models.CharField(max_length=200)
    control_id = models.CharField(max_length=200)
    # The first moment measured in it.
    taken_at = models.DateTimeField()
    received_at = models.DateTimeField()
    standing = models.CharField(max_length=9, choices=[(one.value, one.label) for one in Standing])
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="+", null=True)
    why = models.CharField(
        max_length=16, choices=[(one.value, one.label) for one in Why], blank=True
    )
    # Messages that wait for the same answer: the same monitor, patient and reason.
    group = models.UUIDField()
    # What it says, as long as a person has to decide about it.
    said = models.JSONField(default=dict)
    ordinal = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["clinic", "group", "ordinal"],
                condition=models.Q(standing=Standing.WAITING.value),
                name="session_inbox",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.control_id}"


class MonitorWaiting(Row):
    """Messages that wait for one answer; the identifier is their group, `said` the newest's words.

    Kept so that the page about them need not read through them.
    """

    why = models.CharField(max_length=16, choices=[(one.value, one.label) for one in Why])
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    upto = models.PositiveIntegerField()
    said = models.JSONField()

    class Meta:
        verbose_name_plural = "monitors waiting"
        indexes = [models.Index(fields=["clinic", "upto"], name="session_monitor_waiting")]

    def __str__(self) -> str:
        return f"{self.count} messages"


class MonitorReading(Row):
    """What a monitor measured at one moment of a session; not yet confirmed until a nurse does.

    The identifier follows from session, sender and moment: that there is one row is its key's work.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="+")
    sender = models.CharField(max_length=200)
    taken_at = models.DateTimeField()
    received_at = models.DateTimeField()
    # Minutes since 1970, so that one reading of each can be found without reading them all.
    minute = models.PositiveIntegerField()
    with_pressure = models.BooleanField()
    vitals = models.JSONField()
    # The monitor sent other values for this moment before.
    corrected = models.BooleanField(default=False)
    confirmed = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["session", "minute", "with_pressure", "taken_at"],
                name="session_monitor_minute",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sender} at {self.taken_at}"
