from typing import Any

from django.db import models
from django.db.models import Q

from ketaflow.outcomes.safety import Outcome, Standing
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.models import Patient, Row
from ketaflow.protocol.models import Course


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(one.value, one.label) for one in values]


class Answered(Row):
    """One questionnaire as it was answered, and what it came to."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="answered")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="answered", null=True)
    session_number = models.PositiveIntegerField(null=True)
    sheet = models.UUIDField()
    instrument = models.CharField(max_length=40)
    version = models.CharField(max_length=20, blank=True)
    occasion = models.CharField(max_length=20, choices=_choices(Occasion))
    answers = models.JSONField(default=list)
    total = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    band = models.CharField(max_length=60, blank=True)
    complete = models.BooleanField()
    flags = models.JSONField(default=list)
    answered_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "sheet"], name="outcomes_one_sheet_once"),
            models.CheckConstraint(
                condition=Q(complete=True) | Q(total=None), name="outcomes_no_total_of_part"
            ),
        ]
        indexes = [
            models.Index(
                fields=["clinic", "patient", "instrument", "answered_at"],
                name="outcomes_answered_when",
            )
        ]

    def __str__(self) -> str:
        return f"{self.instrument} of {self.patient_id}"


class SafetyTask(Row):
    """An answer about suicide that somebody must follow up, until a named person closes it."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="safety_tasks")
    answered = models.ForeignKey(
        Answered, on_delete=models.PROTECT, related_name="safety_tasks", null=True
    )
    because = models.CharField(max_length=600)
    asks = models.CharField(max_length=200)
    # What the Columbia screener came to; empty while nobody has asked it.
    level = models.CharField(max_length=20, blank=True)
    triage_because = models.CharField(max_length=600, blank=True)
    triaged_at = models.DateTimeField(null=True)
    triaged_by = models.CharField(max_length=200, blank=True)
    must_act_by = models.DateTimeField()
    due_words = models.CharField(max_length=200)
    # How often it went on to the next person, and to whom it went last.
    step = models.PositiveSmallIntegerField(default=0)
    escalated_to = models.CharField(max_length=100, blank=True)
    escalated_at = models.DateTimeField(null=True)
    status = models.CharField(
        max_length=12,
        choices=[(one.value, one.value.capitalize()) for one in Standing],
        default=Standing.OPEN.value,
    )
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=200)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=20, blank=True, choices=_choices(Outcome))
    safety_plan = models.BooleanField(null=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="CLOSED", closed_at__isnull=False) & ~Q(outcome="")
                | ~Q(status="CLOSED") & Q(closed_at=None),
                name="outcomes_closed_says_how",
            ),
            models.CheckConstraint(
                condition=~Q(status="ACKNOWLEDGED") | Q(acknowledged_at__isnull=False),
                name="outcomes_acknowledged_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "status", "must_act_by"], name="outcomes_task_due"),
            models.Index(fields=["clinic", "status", "closed_at"], name="outcomes_task_closed"),
            models.Index(fields=["clinic", "patient", "status"], name="outcomes_task_patient"),
        ]

    def __str__(self) -> str:
        return f"safety task of {self.patient_id}"

    @property
    def stream(self) -> str:
        """The journal stream of this task."""
        return f"safety/{self.id}"
