import json
from typing import Any

from django.db import models
from django.utils.functional import cached_property

from ketaflow.journal.author import Author
from ketaflow.journal.chain import Link


class Entry(models.Model):
    """One thing that happened. Never changed, never removed: the database refuses both."""

    clinic = models.UUIDField()
    stream = models.CharField(max_length=100)
    ordinal = models.PositiveIntegerField()
    kind = models.CharField(max_length=60)
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=200)
    by_roles = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    # Text, not a JSON column: the hash is over these very bytes, which no database may reorder.
    payload_json = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["stream", "ordinal"], name="journal_one_ordinal_once"),
            models.CheckConstraint(condition=models.Q(ordinal__gte=1), name="journal_from_one"),
        ]
        indexes = [models.Index(fields=["clinic", "at"], name="journal_clinic_at")]

    def __str__(self) -> str:
        return f"{self.stream} #{self.ordinal} {self.kind}"

    @cached_property
    def payload(self) -> dict[str, Any]:
        """What happened, as it was written."""
        read: dict[str, Any] = json.loads(self.payload_json)
        return read

    @property
    def author(self) -> Author:
        """Who wrote it, as they were then."""
        return Author(
            self.clinic, self.by, self.by_name, tuple(filter(None, self.by_roles.split(" ")))
        )

    @property
    def link(self) -> Link:
        """The entry as the chain sees it."""
        return Link(
            clinic=self.clinic,
            stream=self.stream,
            ordinal=self.ordinal,
            kind=self.kind,
            by=self.by,
            by_name=self.by_name,
            by_roles=self.by_roles,
            at=self.at,
            payload=self.payload_json,
            previous=self.previous,
            hash=self.hash,
        )


class Head(models.Model):
    """The last entry of a stream: the lock two writers meet at, and proof that none was cut off."""

    stream = models.CharField(max_length=100, primary_key=True)
    clinic = models.UUIDField()
    ordinal = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.stream} #{self.ordinal}"
