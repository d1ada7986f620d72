from django.db import models

from ketaflow.people.models import Patient, Row


class Answer(Row):
    """What the interview was last told; an empty value means that it is not known any more."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="answers")
    key = models.CharField(max_length=60)
    value = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField()
    by_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "key"], name="screening_one_answer_a_key")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.value or 'not known'}"


class TreatmentTrial(Row):
    """One antidepressant tried: how, how long, and what it brought."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="trials")
    drug = models.CharField(max_length=200)
    dose = models.CharField(max_length=200, blank=True)
    started_on = models.DateField(null=True)
    stopped_on = models.DateField(null=True)
    ongoing = models.BooleanField(default=False)
    adequate_dose = models.CharField(max_length=10)
    outcome = models.CharField(max_length=20)
    stopped_because = models.CharField(max_length=400, blank=True)
    recorded_at = models.DateTimeField()
    by_name = models.CharField(max_length=200)
    in_error = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(started_on=None)
                | models.Q(stopped_on=None)
                | models.Q(stopped_on__gte=models.F("started_on")),
                name="screening_trial_stops_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(ongoing=False) | models.Q(stopped_on=None),
                name="screening_trial_goes_on_or_stopped",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient"], name="screening_trial_patient")]

    def __str__(self) -> str:
        return f"{self.drug} {self.dose}".strip()


class WorkupDone(Row):
    """The day on which an item of the work-up was last done, where the chart does not show it."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="workup")
    item = models.CharField(max_length=60)
    done_on = models.DateField()
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "item"], name="screening_one_day_an_item")
        ]

    def __str__(self) -> str:
        return f"{self.item} on {self.done_on}"


class Assessment(Row):
    """What screening said on one day, for one protocol, and on what it rested."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="assessments")
    protocol = models.CharField(max_length=40)
    verdict = models.CharField(max_length=10)
    assessed_at = models.DateTimeField()
    by_name = models.CharField(max_length=200)
    findings = models.JSONField(default=list)
    missing = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(
                fields=["clinic", "patient", "protocol", "assessed_at"], name="screening_assessed"
            )
        ]

    def __str__(self) -> str:
        return f"{self.protocol}: {self.verdict}"


class Clearance(Row):
    """Why one named person would treat in spite of one finding."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="clearances")
    rule = models.CharField(max_length=40)
    severity = models.CharField(max_length=10)
    reason = models.TextField()
    by_name = models.CharField(max_length=200)
    by_roles = models.CharField(max_length=200)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="screening_clearance_has_a_reason"
            )
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "given_at"], name="screening_clearance_given")
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}"
