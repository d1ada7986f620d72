"""A patient agrees to a course, at the clinic or at home, and takes it back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ketaflow.journal.actions import record, record_once
from ketaflow.journal.author import Author
from ketaflow.people.actions import check_ours
from ketaflow.people.consent import ConsentText, Signed, consent_text
from ketaflow.people.models import Consent, Patient
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, NotYours, is_patient, require


def agree(
    *,
    patient: Patient,
    course: UUID,
    text_id: str,
    statements: tuple[str, ...],
    by: Author,
    at: datetime,
) -> None:
    """Record that the patient agreed, statement by statement, to a consent text for one course.

    Raises:
        Refused: a statement of the text was not ticked.
    """
    require(by, Duty.CONSENT)
    check_ours(patient, by)
    text = consent_text(text_id)
    text.check_complete(statements)
    payload = _agreed(course, text, statements)
    with transaction.atomic():
        record_once(stream=patient.stream, kind="consent.given", by=by, at=at, payload=payload)


def sign(*, patient: Patient, course: UUID, signed: Signed, by: Author, at: datetime) -> bool:
    """Record that the patient agreed at home, and signed; nobody else may, not even a helper.

    Returns:
        False when the same words were signed for this course before and still hold.

    Raises:
        NotAgreed: something is not ticked or signed, or the text is not the one that was read.
        NotYours: it is not the patient who signs.
    """
    if not is_patient(by, patient.id):
        raise NotYours("Only the patient may sign this. Nothing was saved.")
    check_ours(patient, by)
    text = signed.check()
    payload = _agreed(course, text, signed.statements) | {"signed": signed.name.strip()[:200]}
    with transaction.atomic():
        # Two presses at once: the second waits here, and then sees what the first one signed.
        Patient.objects.select_for_update().get(id=patient.id)
        held = Consent.objects.filter(patient=patient, course=course, withdrawn_at=None)
        if held.filter(text_sha256=text.sha256).exists():
            return False
        record(stream=patient.stream, kind="consent.given", by=by, at=at, payload=payload)
    return True


def _agreed(course: UUID, text: ConsentText, statements: tuple[str, ...]) -> dict[str, object]:
    return {
        "course": str(course),
        "text": text.id,
        "version": text.version,
        "sha256": text.sha256,
        "statements": list(statements),
    }


def withdraw(*, consent: Consent, reason: str, by: Author, at: datetime) -> None:
    """Record that the patient no longer agrees; no session of the course may start after this."""
    if not is_patient(by, consent.patient_id):
        require(by, Duty.CONSENT)
    check_ours(consent.patient, by)
    payload = {"consent": str(consent.id), "reason": said(reason, "a reason")}
    with transaction.atomic():
        record_once(
            stream=consent.patient.stream, kind="consent.withdrawn", by=by, at=at, payload=payload
        )
