"""Every write that a patient, or a helper, makes on the pages at home, and the links to them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from ketaflow.correspondence.actions import (
    Link,
    NotHere,
    checked_email,
    contact_of,
    make_link,
    notes_of,
    ways_to,
)
from ketaflow.correspondence.home import before_visit
from ketaflow.correspondence.home.before_visit import Said
from ketaflow.correspondence.home.contact import Language, number
from ketaflow.correspondence.home.notice import Kind
from ketaflow.correspondence.home.queries import Coming, coming, reminder_sheet
from ketaflow.correspondence.invitation import LINK_HOLDS, NotToBeSent, Purpose
from ketaflow.correspondence.models import Contact, Helper, Invitation, Notice, Readiness
from ketaflow.correspondence.outbox import Channel
from ketaflow.journal.actions import Note, SomeoneElseMoved, record, record_all
from ketaflow.journal.author import Author
from ketaflow.outcomes import actions as outcomes
from ketaflow.people import actions as people
from ketaflow.people.agreement import actions as agreement
from ketaflow.people.consent import Signed
from ketaflow.people.models import Clinic, Consent, Patient
from ketaflow.people.registration import said as needed
from ketaflow.people.roles import HELPER, Duty, NotYours, is_patient, require
from ketaflow.protocol.models import Course
from ketaflow.schedule.models import Booking
from ketaflow.schedule.standing import Standing

AT_ONCE = 250
# A helper's name for the record, and no more than fits a line.
MOST_NAME = 200
WITHDRAWN_AT_HOME = "Withdrawn by the patient at home; a reason need not be given."


@dataclass
class Reminded:
    """What a round of reminders did: visits reminded of, and those whose patient has no address."""

    queued: int = 0
    unreachable: int = 0


def helping(helper: Helper, patient: Patient) -> Author:
    """Somebody whom the patient named, as the author of what they answer for her."""
    return Author(patient.clinic_id, helper.id, f"{helper.name}, helping {patient.name}", (HELPER,))


def send_pages(*, patient: Patient, sheet: UUID, by: Author, at: datetime) -> Invitation:
    """Send a patient the link to the own pages; the same `sheet` again is the same link.

    Raises:
        NotToBeSent: no usable address, or the patient has died.
    """
    require(by, Duty.ASSESS)
    people.check_ours(patient, by)
    ways = ways_to(patient, contact_of(patient))
    link = Link(patient, sheet, Purpose.PAGES, at + LINK_HOLDS)
    return _once(link, ways, by, at)


def sign(*, patient: Patient, course: Course, signed: Signed, by: Author, at: datetime) -> None:
    """The patient agrees at home, and signs; the clinic is told. Signing again changes nothing.

    Raises:
        NotAgreed, NotYours: as `agreement.actions.sign` says.
        NotHere: the course is not this patient's, or has ended.
    """
    if course.patient_id != patient.id or course.ended_at:
        raise NotHere("There is nothing to sign for this course.")
    with transaction.atomic():
        if agreement.sign(patient=patient, course=course.id, signed=signed, by=by, at=at):
            _tell(patient, Kind.CONSENT_GIVEN, f"Signed as {signed.name.strip()}.", by, at)


def withdraw_consent(*, consent: Consent, reason: str, by: Author, at: datetime) -> None:
    """The patient no longer agrees: no session of the course may start, and the clinic is told.

    Doing it again changes nothing.
    """
    patient = consent.patient
    if not is_patient(by, patient.id):
        raise NotYours("Only the patient may withdraw this here. Nothing was changed.")
    why = reason.strip()[: before_visit.MOST_WORDS]
    with transaction.atomic():
        held = Consent.objects.select_for_update().get(id=consent.id)
        if held.withdrawn_at:
            return
        agreement.withdraw(consent=consent, reason=why or WITHDRAWN_AT_HOME, by=by, at=at)
        _tell(patient, Kind.CONSENT_WITHDRAWN, why or "No reason was given.", by, at)
        outcomes.hear(patient=patient, text=why, by=by, at=at)


def set_contact(
    *, patient: Patient, text_to: str, language: Language, by: Author, at: datetime
) -> None:
    """Keep the language, and the number for text messages; an empty one means none.

    Raises:
        NotANumber: it cannot be one.
        NotYours: neither the patient nor somebody who registers patients.
    """
    if not is_patient(by, patient.id):
        require(by, Duty.REGISTER)
    people.check_ours(patient, by)
    payload = {"text_to": number(text_to), "language": Language(language).value}
    with transaction.atomic():
        known = Contact.objects.filter(patient=patient).first()
        if known and (known.text_to, known.language) == tuple(payload.values()):
            return
        stream = f"contact/{patient.id}"
        record(stream=stream, kind="contact.said", by=by, at=at, payload=payload)


def name_helper(*, patient: Patient, name: str, email: str, by: Author, at: datetime) -> Helper:
    """The patient names somebody who may see her appointments and answer about them.

    A link goes to the helper; whoever helped before no longer does. The same again sends nothing.

    Raises:
        NotYours: only the patient may.
        NotToBeSent: the address cannot be one.
    """
    if not is_patient(by, patient.id):
        raise NotYours("Only the patient may name a helper. Nothing was saved.")
    name = needed(name, "the name of who helps you")[:MOST_NAME]
    address = checked_email(email.strip())
    try:
        with transaction.atomic():
            held = Helper.objects.select_for_update().filter(patient=patient, ended_at=None).first()
            if held and (held.name, held.email) == (name, address):
                return held
            if held:
                _end(held, by, at)
            made = uuid4()
            payload = {"patient": str(patient.id), "name": name, "email": address}
            record(stream=f"helper/{made}", kind="helper.named", by=by, at=at, payload=payload)
            helper = Helper.objects.get(id=made)
            link = Link(patient, made, Purpose.HELPER, at + LINK_HOLDS, helper=helper)
            make_link(link, ((Channel.EMAIL, address),), by=by, at=at)
            _tell(patient, Kind.HELPER, f"{name} may now answer about appointments.", by, at)
            return helper
    except IntegrityError:
        raise SomeoneElseMoved("You named somebody a moment ago. Look at the page again.") from None


def end_helper(*, patient: Patient, by: Author, at: datetime) -> None:
    """Nobody helps any more, from now on; a second press changes nothing."""
    if not is_patient(by, patient.id):
        require(by, Duty.REGISTER)
    people.check_ours(patient, by)
    with transaction.atomic():
        for held in Helper.objects.select_for_update().filter(patient=patient, ended_at=None):
            _end(held, by, at)
            _tell(patient, Kind.HELPER, f"{held.name} no longer helps.", by, at)


def answer_visit(
    *, patient: Patient, booking: UUID, said: Said, by: Author, at: datetime
) -> Readiness:
    """Keep what the patient or the helper says before a visit; the same again changes nothing.

    Text that speaks of suicide opens a safety task in the same moment, whoever wrote it.

    Raises:
        NotHere: the visit is not this patient's, or no longer ahead.
        NotYours: neither the patient nor the helper.
        TooLong: more than can be kept.
    """
    require_home(patient, by)
    said = said.check()
    with transaction.atomic():
        visit = Booking.objects.select_for_update().filter(id=booking, patient=patient).first()
        if visit is None or visit.status != Standing.BOOKED or visit.ends_at <= at:
            raise NotHere("This visit is over, or was moved. Look at your appointments again.")
        known = Readiness.objects.filter(booking=visit).first()
        if known and Said(known.coming, known.escort, known.words) == said:
            return known
        payload = {"patient": str(patient.id), **asdict(said)}
        record(stream=f"ready/{visit.id}", kind="visit.answered", by=by, at=at, payload=payload)
        for kind, words in before_visit.notices(said):
            _tell(patient, kind, words, by, at)
        outcomes.hear(patient=patient, text=f"{said.words} {said.escort}", by=by, at=at)
        return Readiness.objects.get(booking=visit)


def see_notice(*, notice: UUID, by: Author, at: datetime) -> None:
    """Somebody has read a notice and deals with it; a second press changes nothing."""
    require(by, Duty.ANSWER_SAFETY)
    with transaction.atomic():
        row = Notice.objects.select_for_update().filter(clinic_id=by.clinic, id=notice).first()
        if row is None:
            raise NotHere("No notice of this clinic is known by that identifier.")
        if row.seen_at is None:
            record(stream=row.stream, kind="notice.seen", by=by, at=at, payload={})


def require_home(patient: Patient, by: Author) -> None:
    """Refuse unless `by` is the patient, or the helper whom she named and did not dismiss.

    Raises:
        NotYours: somebody else.
    """
    helps = Helper.objects.filter(patient=patient, ended_at=None).values_list("id", flat=True)
    if not (is_patient(by, patient.id) or (by.roles == (HELPER,) and by.id in helps)):
        raise NotYours("Only the patient, or the helper she named, may answer this.")


def remind(*, clinic: Clinic, ahead: timedelta, by: Author, at: datetime) -> Reminded:
    """Queue a reminder of each visit that begins within `ahead`; each visit once.

    A batch stands or falls together, and a link carries the name of its visit: whoever is killed
    between two batches goes on where it stopped. A visit that is moved is reminded of again.
    """
    tally, last = Reminded(), None
    while batch := coming(clinic=clinic.id, at=at, until=at + ahead, after=last, limit=AT_ONCE):
        _remind(batch, tally, by, at)
        last = batch[-1]
    return tally


def _remind(batch: Sequence[Coming], tally: Reminded, by: Author, at: datetime) -> None:
    sheets = {one: reminder_sheet(one) for one in batch}
    notes: list[Note] = []
    with transaction.atomic():
        found = Invitation.objects.filter(
            patient_id__in=[one.patient.id for one in batch], sheet__in=list(sheets.values())
        )
        done = set(found.values_list("sheet", flat=True))
        sheets = {one: sheet for one, sheet in sheets.items() if sheet not in done}
        for one, sheet in sheets.items():
            try:
                notes += _reminder(one, sheet, by, at)
                tally.queued += 1
            except NotToBeSent:
                tally.unreachable += 1
        # Those of a kind stand together, and links before the messages about them.
        record_all(sorted(notes, key=lambda note: note.kind))


def _reminder(visit: Coming, sheet: UUID, by: Author, at: datetime) -> Iterator[Note]:
    ways = ways_to(visit.patient, visit.contact)
    until = max(at + LINK_HOLDS, visit.ends_at)
    return notes_of(Link(visit.patient, sheet, Purpose.PAGES, until), ways, by=by, at=at)


def _once(
    link: Link, ways: tuple[tuple[Channel, str], ...], by: Author, at: datetime
) -> Invitation:
    known = Invitation.objects.filter(patient=link.patient, sheet=link.sheet).first()
    if known:
        return known
    try:
        with transaction.atomic():
            return make_link(link, ways, by=by, at=at)
    except (IntegrityError, SomeoneElseMoved):
        return Invitation.objects.get(patient=link.patient, sheet=link.sheet)


def _end(held: Helper, by: Author, at: datetime) -> None:
    record(stream=f"helper/{held.id}", kind="helper.ended", by=by, at=at, payload={})
    for row in Invitation.objects.filter(helper=held, withdrawn_at=None):
        record(stream=row.stream, kind="invitation.withdrawn", by=by, at=at, payload={})


def _tell(patient: Patient, kind: Kind, words: str, by: Author, at: datetime) -> None:
    payload = {"patient": str(patient.id), "kind": kind.value, "words": words}
    record(stream=f"notice/{uuid4()}", kind="notice.raised", by=by, at=at, payload=payload)
