from django.db import models
from django.db.models import Q

from ketaflow.correspondence import invitation
from ketaflow.correspondence.invitation import Life, Standing
from ketaflow.correspondence.outbox import State
from ketaflow.outcomes.models import Answered
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.models import Patient, Row
from ketaflow.protocol.models import Course


class Invitation(Row):
    """One questionnaire that a patient was asked to answer at home, and the answers so far."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="invitations")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="+", null=True)
    instrument = models.CharField(max_length=40)
    occasion = models.CharField(max_length=20, choices=[(one.value, one.label) for one in Occasion])
    sheet = models.UUIDField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    # By question; null for one that was left out on purpose.
    given = models.JSONField(default=dict)
    # The safety task that an answer opened before the form was sent in.
    task = models.UUIDField(null=True)
    answered = models.ForeignKey(Answered, on_delete=models.PROTECT, related_name="+", null=True)
    submitted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    wrong_births = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "sheet"], name="correspondence_one_invitation_a_sheet"
            ),
            models.UniqueConstraint(
                fields=["patient", "instrument"],
                condition=Q(submitted_at=None, withdrawn_at=None),
                name="correspondence_one_open_invitation",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None, answered=None)
                | Q(submitted_at__isnull=False, answered__isnull=False),
                name="correspondence_sent_in_is_recorded",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "made_at"], name="correspondence_patient")
        ]

    def __str__(self) -> str:
        return f"{self.instrument} for {self.patient_id}"

    @property
    def stream(self) -> str:
        """The journal stream of this invitation."""
        return f"invitation/{self.id}"

    def standing(self, at) -> Standing:
        """What its link is good for."""
        life = Life(self.expires_at, self.submitted_at, self.withdrawn_at, self.wrong_births)
        return invitation.standing(life, at=at)


class Message(Row):
    """One e-mail that asks a patient to open a link, and how far it has come."""

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="messages")
    to = models.CharField(max_length=254)
    state = models.CharField(
        max_length=12,
        choices=[(one.value, one.label) for one in State],
        default=State.QUEUED.value,
    )
    tries = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    state_at = models.DateTimeField()
    words = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="SENDING") | Q(taken_at__isnull=False),
                name="correspondence_sending_says_since_when",
            )
        ]
        indexes = [
            models.Index(fields=["clinic", "state", "try_at"], name="correspondence_due"),
        ]

    def __str__(self) -> str:
        return f"message {self.id}"

    @property
    def stream(self) -> str:
        """The journal stream of this message."""
        return f"message/{self.id}"
