"""Every read about what patients were asked to answer at home, and how far the messages came."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import Q

from ketaflow.correspondence import outbox
from ketaflow.correspondence.models import Invitation, Message
from ketaflow.correspondence.outbox import NOT_REACHED, State

MOST_INVITATIONS = 20
MOST_MESSAGES = 100
# A dot needs no escaping in an address and ends no word in a mail program.
_signer = Signer(salt="ketaflow.correspondence.invitation", sep=".")


def link(*, clinic: UUID, invitation: UUID) -> str:
    """The part of an address that opens an invitation: signed, so that nobody can make one up.

    It is made when it is needed and kept nowhere: the record holds no key to itself.
    """
    return _signer.sign(f"{clinic.hex}{invitation.hex}")


def invited(link: str) -> Invitation | None:
    """The invitation that a signed link opens, with patient and clinic; None for a forged one."""
    try:
        said = _signer.unsign(link)
        clinic, id = UUID(said[:32]), UUID(said[32:])
    except (BadSignature, ValueError):
        return None
    found = Invitation.objects.filter(clinic_id=clinic, id=id)
    return found.select_related("patient__contact", "clinic", "helper").first()


def invitations(*, clinic: UUID, patient: UUID) -> Sequence[Invitation]:
    """What a patient was asked, newest first, with the messages."""
    found = Invitation.objects.filter(clinic_id=clinic, patient_id=patient)
    found = found.select_related("helper")
    return list(found.prefetch_related("messages").order_by("-made_at")[:MOST_INVITATIONS])


def invitation(*, clinic: UUID, id: UUID) -> Invitation | None:
    """One invitation."""
    found = Invitation.objects.filter(clinic_id=clinic, id=id)
    return found.select_related("patient").first()


def to_send(*, clinic: UUID, at: datetime, limit: int = MOST_MESSAGES) -> Sequence[UUID]:
    """The messages that may be taken in hand now, the oldest first."""
    lost = at - outbox.LEASE
    due = Q(state=State.QUEUED) & (Q(try_at=None) | Q(try_at__lte=at))
    due |= Q(state=State.SENDING, taken_at__lte=lost)
    found = Message.objects.filter(due, clinic_id=clinic).order_by("state_at", "id")
    return list(found.values_list("id", flat=True)[:limit])


def messages(*, clinic: UUID, limit: int = MOST_MESSAGES) -> Sequence[Message]:
    """The outbox: what did not reach anybody first, then what waits, then the newest."""
    found = Message.objects.filter(clinic_id=clinic)
    lost = found.filter(state__in=NOT_REACHED).order_by("-state_at")[:limit]
    others = found.exclude(state__in=NOT_REACHED).order_by("-state_at")[:limit]
    return [*lost, *others][:limit]
