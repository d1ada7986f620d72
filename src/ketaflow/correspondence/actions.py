"""Every write about what a patient was asked to answer at home, and whether the message left."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from ketaflow.correspondence import invitation as invitations
from ketaflow.correspondence import outbox
from ketaflow.correspondence.invitation import LINK_HOLDS, NotToBeSent, Purpose, Standing
from ketaflow.correspondence.models import Contact, Helper, Invitation, Message
from ketaflow.correspondence.outbox import Channel, Refusal, State
from ketaflow.instruments.library import Item
from ketaflow.journal.actions import Note, SomeoneElseMoved, record, record_all
from ketaflow.journal.author import Author
from ketaflow.outcomes import actions as outcomes
from ketaflow.outcomes.sheet import Occasion, Sheet
from ketaflow.people.models import Patient
from ketaflow.people.roles import HELPER, Duty, is_patient, require
from ketaflow.protocol.models import Course
from ketaflow.refusals import Refused


class NotHere(Refused):
    """Nothing of this clinic is known by that identifier."""


class LinkClosed(Refused):
    """The link is used, withdrawn, locked or expired: nothing more is taken through it."""


@dataclass(frozen=True)
class Ask:
    """What a patient is asked; `sheet` is the paper's own number, so that a second press is one."""

    sheet: UUID
    instrument: str
    occasion: Occasion
    course: Course | None = None


@dataclass(frozen=True)
class Link:
    """What a link opens and for whom; `sheet` names the request, so that a second press is one."""

    patient: Patient
    sheet: UUID
    purpose: Purpose
    expires_at: datetime
    ask: Ask | None = None
    helper: Helper | None = None


@dataclass(frozen=True)
class InHand:
    """A message that one sender has taken; nobody else takes it while the lease runs."""

    message: UUID
    invitation: UUID
    channel: Channel
    purpose: Purpose
    language: str
    to: str
    tries: int
    until: datetime


def invite(*, patient: Patient, ask: Ask, by: Author, at: datetime) -> Invitation:
    """Ask a patient to answer one questionnaire at home, and queue the message that says so.

    Raises:
        NotToBeSent: no usable address, the patient has died, the questionnaire is not for home, or
            the same one waits already.
    """
    require(by, Duty.ASSESS)
    if patient.clinic_id != by.clinic:
        raise NotHere("No patient of this clinic is known by that identifier.")
    if ask.course and ask.course.patient_id != patient.id:
        raise NotHere("That course is not this patient's.")
    if earlier := Invitation.objects.filter(patient=patient, sheet=ask.sheet).first():
        return earlier
    invitations.may_be_sent(ask.instrument)
    ways = ways_to(patient, contact_of(patient))
    link = Link(patient, ask.sheet, Purpose.FORM, at + LINK_HOLDS, ask=ask)
    try:
        with transaction.atomic():
            _make_room(patient, ask, by, at)
            return make_link(link, ways, by=by, at=at)
    except IntegrityError:
        raise SomeoneElseMoved(
            "Somebody asked this patient a moment ago. Nothing more was sent: look again."
        ) from None


def contact_of(patient: Patient) -> Contact | None:
    """How the patient said that she wants to be reached."""
    return Contact.objects.filter(patient=patient).first()


def ways_to(patient: Patient, contact: Contact | None) -> tuple[tuple[Channel, str], ...]:
    """By what a message reaches the patient, and where.

    Raises:
        NotToBeSent: by nothing, or the patient has died.
    """
    if patient.deceased:
        raise NotToBeSent("The record says that this patient has died. Nothing was sent.")
    ways = []
    if patient.email:
        ways.append((Channel.EMAIL, checked_email(patient.email)))
    if contact and contact.text_to:
        ways.append((Channel.TEXT, contact.text_to))
    if not ways:
        raise NotToBeSent("No e-mail address is on record. Add it to the patient's details first.")
    return tuple(ways)


def checked_email(address: str) -> str:
    """An address that can be one.

    Raises:
        NotToBeSent: it cannot.
    """
    try:
        validate_email(address)
    except ValidationError:
        raise NotToBeSent(
            "The e-mail address on record cannot be one. Correct the patient's details first."
        ) from None
    return address


def make_link(
    link: Link, ways: tuple[tuple[Channel, str], ...], *, by: Author, at: datetime
) -> Invitation:
    """Write down a link and queue its messages; within the caller's transaction."""
    record_all(list(notes_of(link, ways, by=by, at=at)))
    return Invitation.objects.get(patient=link.patient, sheet=link.sheet)


def notes_of(
    link: Link, ways: tuple[tuple[Channel, str], ...], *, by: Author, at: datetime
) -> Iterator[Note]:
    """What is written for a link and its messages.

    The same request makes the same identifiers, so that whoever writes it twice is refused.
    """
    ask = link.ask
    made = uuid5(link.sheet, str(link.patient.id))
    payload = {
        "patient": str(link.patient.id),
        "course": str(ask.course.id) if ask and ask.course else None,
        "instrument": ask.instrument if ask else "",
        "occasion": Occasion(ask.occasion).value if ask else "",
        "sheet": str(link.sheet),
        "expires_at": link.expires_at.isoformat(),
        "purpose": link.purpose.value,
        "helper": str(link.helper.id) if link.helper else None,
    }
    yield Note(f"invitation/{made}", "invitation.made", by, at, payload)
    for channel, to in ways:
        queued = {"invitation": str(made), "to": to, "channel": channel.value}
        yield Note(f"message/{uuid5(made, channel)}", "message.queued", by, at, queued)


def give(
    *, invitation: UUID, item: str, answer: int | None, by: Author, at: datetime
) -> Invitation:
    """Keep one answer as it is given; one about suicide opens a safety task in the same moment.

    Giving the same answer again changes nothing.

    Raises:
        LinkClosed: the form was sent in meanwhile, or the link no longer holds.
        NoSuchQuestion, AnswerOutOfRange: the answer cannot be one.
    """
    with transaction.atomic():
        row = _own(invitation, by)
        _check_open(row, at)
        asked = _checked(row, item, answer)
        if item in row.given and row.given[item] == answer:
            return row
        task = (
            outcomes.alarm(
                patient=row.patient,
                said=(row.instrument, item, answer),
                by=by,
                at=at,
            )
            if asked.suicidality
            else None
        )
        payload = {"item": item, "answer": answer, "task": str(task.id) if task else None}
        record(stream=row.stream, kind="invitation.answer_given", by=by, at=at, payload=payload)
    return Invitation.objects.get(id=row.id)


def send_in(*, invitation: UUID, by: Author, at: datetime) -> Invitation:
    """Record the answers given so far as one sheet and close the link; a second press is the same.

    Raises:
        LinkClosed: the link no longer holds.
        NothingAnswered: not one question was answered.
    """
    with transaction.atomic():
        row = _own(invitation, by)
        if row.submitted_at:
            return row
        _check_open(row, at)
        taken = outcomes.answer(
            patient=row.patient, sheet=_sheet(row), by=by, at=at, opened=row.task
        )
        task = taken.task.id if taken.task else row.task
        payload = {"answered": str(taken.answered.id), "task": str(task) if task else None}
        record(stream=row.stream, kind="invitation.sent_in", by=by, at=at, payload=payload)
    return Invitation.objects.get(id=row.id)


def withdraw(*, invitation: UUID, by: Author, at: datetime) -> Invitation:
    """Close a link; answers that were given stay in the record.

    Raises:
        LinkClosed: it was sent in, or withdrawn, before.
    """
    require(by, Duty.ASSESS)
    with transaction.atomic():
        row = _locked(invitation, by)
        if row.submitted_at or row.withdrawn_at:
            raise LinkClosed("This link is closed already. Look at the list again.")
        record(stream=row.stream, kind="invitation.withdrawn", by=by, at=at, payload={})
    return Invitation.objects.get(id=row.id)


def recognise(*, invitation: UUID, born_on: date, by: Author, at: datetime) -> bool:
    """Whether the date of birth is the patient's; the fifth wrong one closes the link.

    A helper says it too: it shows that the link reached somebody who knows the patient.

    Raises:
        LinkClosed: the link no longer holds.
    """
    with transaction.atomic():
        row = _opened(invitation, by)
        _check_open(row, at)
        if row.patient.born_on == born_on:
            return True
        record(stream=row.stream, kind="invitation.birth_wrong", by=by, at=at, payload={})
    return False


def take(*, message: UUID, by: Author, at: datetime) -> InHand | None:
    """Take a message in hand before it goes to the server; None when somebody else has it.

    A link that no longer holds is not sent: the message is given up.
    """
    with transaction.atomic():
        row = _message(message, by)
        state = State(row.state)
        if not outbox.may_be_taken(state, try_at=row.try_at, taken_at=row.taken_at, at=at):
            return None
        asked = row.invitation
        if (now := asked.standing(at)) is not Standing.OPEN:
            _note(row, outbox.Outcome(State.GIVEN_UP, f"Not sent. {now.label}."), by, at)
            return None
        record(stream=row.stream, kind="message.taken", by=by, at=at, payload={})
    contact = contact_of(asked.patient)
    return InHand(
        message=row.id,
        invitation=asked.id,
        channel=Channel(row.channel),
        purpose=Purpose(asked.purpose),
        language=contact.language if contact else "",
        to=row.to,
        tries=row.tries + 1,
        until=asked.expires_at,
    )


def note_try(*, held: InHand, refusal: Refusal | None, by: Author, at: datetime) -> Message:
    """Write down what the server said; only a server that took it makes a message handed over."""
    outcome = outbox.after(refusal, tries=held.tries, at=at, until=held.until)
    with transaction.atomic():
        row = _message(held.message, by)
        # Another sender took it over when our lease ran out; what we know is still true.
        if row.state == State.SENDING or outcome.state is State.HANDED_OVER:
            _note(row, outcome, by, at)
    return Message.objects.get(id=held.message)


def note_bounce(*, message: UUID, words: str, by: Author, at: datetime) -> Message:
    """Write down that a message came back after the server had taken it.

    Raises:
        Refused: no server had taken it.
    """
    with transaction.atomic():
        row = _message(message, by)
        if row.state != State.HANDED_OVER:
            raise Refused("Only a message that the mail server took can come back.")
        _note(row, outbox.Outcome(State.BOUNCED, words.strip() or "It came back."), by, at)
    return Message.objects.get(id=message)


def _make_room(patient: Patient, ask: Ask, by: Author, at: datetime) -> None:
    """Close an earlier link for the same questionnaire that ran out; refuse while one holds."""
    found = Invitation.objects.select_for_update().filter(
        patient=patient, instrument=ask.instrument, submitted_at=None, withdrawn_at=None
    )
    for row in found:
        if row.standing(at) is Standing.OPEN:
            until = f"{localtime(row.expires_at):%d %b %Y, %H:%M}"
            raise NotToBeSent(
                f"The same questionnaire waits for this patient until {until}. "
                "Withdraw it first, or wait."
            )
        record(stream=row.stream, kind="invitation.withdrawn", by=by, at=at, payload={})


def _checked(row: Invitation, item: str, answer: int | None) -> Item:
    asked = invitations.question(invitations.may_be_sent(row.instrument), item)
    invitations.check_answer(asked, answer)
    return asked


def _sheet(row: Invitation) -> Sheet:
    asked = invitations.may_be_sent(row.instrument)
    return Sheet(
        id=row.sheet,
        instrument=row.instrument,
        occasion=Occasion(row.occasion),
        answers=invitations.in_order(asked, row.given),
        course=row.course_id,
    )


def _own(id: UUID, by: Author) -> Invitation:
    row = _locked(id, by)
    if not is_patient(by, row.patient_id):
        raise NotHere("This form is somebody else's.")
    return row


def _opened(id: UUID, by: Author) -> Invitation:
    """The link that `by` holds: the patient's own, or that of the helper it was made for."""
    row = _locked(id, by)
    if row.helper_id and by.roles == (HELPER,) and by.id == row.helper_id:
        return row
    return _own(id, by)


def _check_open(row: Invitation, at: datetime) -> None:
    if row.standing(at) is not Standing.OPEN:
        raise LinkClosed("This link no longer works. Nothing was changed.")


def _locked(id: UUID, by: Author) -> Invitation:
    found = Invitation.objects.select_for_update(of=("self",)).select_related("patient")
    row = found.filter(clinic_id=by.clinic, id=id).first()
    if row is None:
        raise NotHere("No invitation of this clinic is known by that identifier.")
    return row


def _message(id: UUID, by: Author) -> Message:
    found = Message.objects.select_for_update(of=("self",)).select_related("invitation")
    row = found.filter(clinic_id=by.clinic, id=id).first()
    if row is None:
        raise NotHere("No message of this clinic is known by that identifier.")
    return row


def _note(row: Message, outcome: outbox.Outcome, by: Author, at: datetime) -> None:
    payload = {
        "state": outcome.state.value,
        "words": outcome.words[:300],
        "try_at": outcome.try_at.isoformat() if outcome.try_at else None,
    }
    record(stream=row.stream, kind="message.tried", by=by, at=at, payload=payload)
