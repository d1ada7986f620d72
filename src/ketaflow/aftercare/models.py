from django.db import models
from django.db.models import Q

from ketaflow.people.models import Patient, Row
from ketaflow.protocol.models import Course


class Plan(Row):
    """A version of what follows after a course, signed by a prescriber."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="aftercare_plans")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    card = models.JSONField(default=dict)
    interval_weeks = models.PositiveIntegerField(null=True)
    next_on = models.DateField(null=True)
    reason = models.CharField(max_length=1000, blank=True)
    sessions_given = models.PositiveIntegerField()
    signed_by = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "version"], name="aftercare_one_plan_a_version"
            )
        ]

    def __str__(self) -> str:
        return f"aftercare {self.version} of {self.course_id}"


class CheckInDue(Row):
    """Something a signed plan asks for on a day; done when somebody says so."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="check_ins")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="check_ins")
    kind = models.CharField(max_length=40)
    what = models.CharField(max_length=400)
    rhythm = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "kind"],
                condition=Q(done_at=None),
                name="aftercare_one_open_check_a_kind",
            )
        ]
        indexes = [
            models.Index(fields=["clinic", "done_at", "due_at"], name="aftercare_due"),
            models.Index(
                fields=["clinic", "course", "done_at", "due_at"], name="aftercare_due_course"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.course_id}"
