import uuid
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

from ketaflow.journal.author import Author
from ketaflow.people.chart import Kind, Sex
from ketaflow.people.roles import Role


class UserManager(BaseUserManager["User"]):
    """Makes users who sign in with an e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        """Make a user; the password is hashed."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    """How somebody signs in. Secrets live here and nowhere in the journal."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[misc,assignment]

    def __str__(self) -> str:
        return self.email


class Row(models.Model):
    """A row that follows from the journal and belongs to one clinic."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey("people.Clinic", on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Clinic(models.Model):
    """One place of treatment, or one of a network's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    crisis_line = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    fictional = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone."""
        return ZoneInfo(self.time_zone)


class Staff(Row):
    """A member of staff of one clinic."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="staff")
    name = models.CharField(max_length=200)
    roles = models.CharField(max_length=200)
    active = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "name"], name="people_staff_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def author(self) -> Author:
        """This person as the author of an entry."""
        return Author(self.clinic_id, self.id, self.name, tuple(self.roles.split(" ")))

    @property
    def role_labels(self) -> str:
        """The roles in words."""
        return ", ".join(Role(role).label for role in self.roles.split(" "))


class Credential(Row):
    """A certificate or licence that runs out."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="credentials")
    kind = models.CharField(max_length=40)
    number = models.CharField(max_length=80, blank=True)
    expires_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "kind"], name="people_one_credential_a_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} until {self.expires_on}"


class Patient(Row):
    """Somebody who is, was or may be treated."""

    number = models.CharField(max_length=40)
    family = models.CharField(max_length=120)
    given = models.CharField(max_length=120)
    born_on = models.DateField()
    sex = models.CharField(max_length=10, choices=[(one.value, one.name.title()) for one in Sex])
    phone = models.CharField(max_length=60, blank=True)
    email = models.CharField(max_length=254, blank=True)
    address = models.CharField(max_length=300, blank=True)
    registered_at = models.DateTimeField()
    deceased = models.BooleanField(default=False)
    died_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "number"], name="people_one_number_a_clinic")
        ]
        indexes = [
            models.Index(fields=["clinic", "family", "given", "id"], name="people_patient_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"

    @property
    def stream(self) -> str:
        """The journal stream of what happens to this chart."""
        return f"patient/{self.id}"


class PatientWord(Row):
    """A word by which a patient is looked for, so that a search reads an index and no more."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="words")
    word = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "word"], name="people_one_word_a_patient")
        ]
        indexes = [
            # PostgreSQL finds the start of a word in an index only when it is in order of bytes.
            models.Index(
                fields=["clinic", "word"],
                name="people_word_start",
                opclasses=["uuid_ops", "varchar_pattern_ops"],
            ),
        ]

    def __str__(self) -> str:
        return self.word


class PatientIdentifier(Row):
    """An identifier by which another system knows the patient."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers")
    system = models.CharField(max_length=200)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "system", "value"], name="people_one_owner_an_identifier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.value}"


class Referral(Row):
    """Who sent the patient, and what for."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="referrals")
    referrer = models.CharField(max_length=200)
    reason = models.CharField(max_length=400)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["clinic", "patient", "received_at"], name="people_referral_patient"
            )
        ]

    def __str__(self) -> str:
        return f"{self.referrer}: {self.reason}"


class ReceivedDocument(Row):
    """A file as it was received; the bytes are in the journal entry that names its digest."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="documents")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    not_used = models.JSONField(default=dict)
    ordinal = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "sha256"], name="people_one_document_once")
        ]

    def __str__(self) -> str:
        return self.name


class ChartFact(Row):
    """One fact of the chart, from another clinic's record or our own."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="facts")
    kind = models.CharField(max_length=12, choices=[(one.value, one.value.title()) for one in Kind])
    reference = models.CharField(max_length=200)
    text = models.CharField(max_length=400)
    codings = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    value = models.CharField(max_length=60, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    said = models.CharField(max_length=400, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "reference"], name="people_one_fact_a_reference"
            )
        ]
        indexes = [models.Index(fields=["patient", "kind", "started_at"], name="people_fact_kind")]

    def __str__(self) -> str:
        return self.text


class Consent(Row):
    """What the patient agreed to, in which words, for which course."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    course = models.UUIDField()
    text_id = models.CharField(max_length=60)
    text_version = models.CharField(max_length=20)
    text_sha256 = models.CharField(max_length=64)
    agreed_at = models.DateTimeField()
    taken_by = models.CharField(max_length=200)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "course"], name="people_consent_course")]

    def __str__(self) -> str:
        return f"{self.text_id} {self.text_version}"
