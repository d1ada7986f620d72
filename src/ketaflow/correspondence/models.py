from django.db import models
from django.db.models import Q

from ketaflow.correspondence import invitation
from ketaflow.correspondence.home.contact import Language
from ketaflow.correspondence.home.notice import Kind
from ketaflow.correspondence.invitation import Life, Purpose, Standing
from ketaflow.correspondence.outbox import Channel, State
from ketaflow.outcomes.models import Answered
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.models import Patient, Row
from ketaflow.protocol.models import Course
from ketaflow.schedule.models import Booking


class Helper(Row):
    """Whom a patient lets see her appointments and answer about them."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="helpers")
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    named_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(ended_at=None),
                name="correspondence_one_helper",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Invitation(Row):
    """One link that was sent home: for a questionnaire with the answers so far, or for pages."""

    purpose = models.CharField(
        max_length=10,
        choices=[(one.value, one.label) for one in Purpose],
        default=Purpose.FORM.value,
    )
    helper = models.ForeignKey(Helper, on_delete=models.PROTECT, related_name="+", null=True)

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="invitations")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="+", null=True)
    # Of a questionnaire; a link to pages names none.
    instrument = models.CharField(max_length=40, blank=True)
    occasion = models.CharField(
        max_length=20, choices=[(one.value, one.label) for one in Occasion], blank=True
    )
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
                condition=Q(submitted_at=None, withdrawn_at=None, purpose="FORM"),
                name="correspondence_one_open_invitation",
            ),
            models.CheckConstraint(
                condition=Q(purpose="HELPER", helper__isnull=False)
                | ~Q(purpose="HELPER") & Q(helper=None),
                name="correspondence_a_helper_has_a_name",
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
    """One e-mail or text message that asks to open a link, and how far it has come."""

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="messages")
    channel = models.CharField(
        max_length=6,
        choices=[(one.value, one.label) for one in Channel],
        default=Channel.EMAIL.value,
    )
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


class Contact(Row):
    """How a patient wants to be reached: the language, and whether by text message too."""

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="contact")
    # Empty: no text messages. Only a number that the patient gave for this is ever used.
    text_to = models.CharField(max_length=20, blank=True)
    language = models.CharField(
        max_length=5, choices=[(one.value, one.label) for one in Language], default="en"
    )
    said_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"contact of {self.patient_id}"


class Readiness(Row):
    """What was said from home before a visit; the latest word counts."""

    booking = models.OneToOneField(Booking, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    coming = models.BooleanField()
    escort = models.CharField(max_length=200, blank=True)
    words = models.TextField(blank=True)
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=220)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "patient", "said_at"], name="correspondence_ready")
        ]

    def __str__(self) -> str:
        return f"before visit {self.booking_id}"


class Notice(Row):
    """Something that a patient did at home and somebody at the clinic must know."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20, choices=[(one.value, one.label) for one in Kind])
    words = models.TextField()
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "seen_at", "raised_at"], name="corr_notice_open")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.patient_id}"

    @property
    def stream(self) -> str:
        """The journal stream of this notice."""
        return f"notice/{self.id}"
