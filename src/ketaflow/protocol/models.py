from decimal import Decimal

from django.db import models

from ketaflow.people.models import Patient, Row
from ketaflow.protocol.course import Decision


class SignedPolicy(Row):
    """A version of the numbers the clinic must choose, signed by its medical director."""

    version = models.PositiveIntegerField()
    values = models.JSONField()
    holds = models.JSONField(default=list)
    note = models.CharField(max_length=400, blank=True)
    signed_by = models.UUIDField(null=True)
    signed_by_name = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "version"], name="protocol_one_policy_a_version"
            )
        ]

    def __str__(self) -> str:
        return f"policy {self.version}"


class Course(Row):
    """A protocol for one patient, with her own dose and number of sessions."""

    class Status(models.TextChoices):
        """Where a course stands."""

        PLANNED = "PLANNED", "Planned"
        UNDER_WAY = "UNDER_WAY", "Under way"
        COMPLETED = "COMPLETED", "Completed"
        STOPPED = "STOPPED", "Stopped"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    protocol = models.CharField(max_length=40)
    protocol_version = models.CharField(max_length=20)
    indication = models.CharField(max_length=200)
    drug = models.CharField(max_length=40)
    route = models.CharField(max_length=20)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PLANNED)
    # What was ordered, as `dosing.Proposal` said it and a prescriber confirmed it; amounts as text.
    order = models.JSONField()
    dose_mg = models.DecimalField(max_digits=8, decimal_places=2)
    sessions_planned = models.PositiveIntegerField()
    sessions_given = models.PositiveIntegerField(default=0)
    given_mg = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    first_given_at = models.DateTimeField(null=True)
    last_given_at = models.DateTimeField(null=True)
    # When each session was given, session to ISO text: the protocol's spacing counts them all.
    given_at = models.JSONField(default=dict)
    # How many sessions after induction a signed aftercare plan allows so far.
    maintenance_sessions = models.PositiveIntegerField(default=0)
    # Why the course may take longer than its protocol says; empty while it may not.
    stretched = models.TextField(default="", blank=True)
    planned_by = models.CharField(max_length=200)
    planned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "status", "planned_at"], name="protocol_course_status"),
            models.Index(fields=["clinic", "ended_at"], name="protocol_course_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} for {self.patient_id}"

    @property
    def sessions_allowed(self) -> int:
        """How many sessions there may be: those of induction, and those signed for after it."""
        return self.sessions_planned + self.maintenance_sessions

    @property
    def stream(self) -> str:
        """The journal stream of what happens to this course."""
        return f"course/{self.id}"


class CourseReview(Row):
    """A prescriber's decision to go on, change or stop, with the reason."""

    class Said(models.TextChoices):
        """The decision in words."""

        CONTINUE = Decision.CONTINUE.value, "Continue"
        CHANGE_DOSE = Decision.CHANGE_DOSE.value, "Continue, another dose"
        STOP = Decision.STOP.value, "Stop"

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="reviews")
    after_session = models.PositiveIntegerField()
    decision = models.CharField(max_length=20, choices=Said.choices)
    reason = models.CharField(max_length=1000)
    decided_by = models.CharField(max_length=200)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "after_session"], name="protocol_one_review_a_session"
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision} after session {self.after_session}"
