"""Roles, and what each may do. One table; faces and actions both ask it."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from ketaflow.journal.author import Author
from ketaflow.refusals import Refused


class Role(StrEnum):
    """What a member of staff is in the clinic."""

    PRESCRIBER = "PRESCRIBER"
    NURSE = "NURSE"
    FRONT_DESK = "FRONT_DESK"
    CUSTODIAN = "CUSTODIAN"
    MEDICAL_DIRECTOR = "MEDICAL_DIRECTOR"
    ADMINISTRATOR = "ADMINISTRATOR"

    @property
    def label(self) -> str:
        """The role in words."""
        return LABELS[self]


LABELS = {
    Role.PRESCRIBER: "Prescriber",
    Role.NURSE: "Nurse",
    Role.FRONT_DESK: "Front desk",
    Role.CUSTODIAN: "Custodian of controlled drugs",
    Role.MEDICAL_DIRECTOR: "Medical director",
    Role.ADMINISTRATOR: "Administrator",
}


class Duty(StrEnum):
    """Something that only some roles may do."""

    SEE_BOARD = "see the board"
    SEE_PATIENTS = "see the list of patients"
    SEE_CHART = "read a chart"
    REGISTER = "register and refer patients"
    IMPORT = "take in a referral bundle"
    SCREEN = "record screening facts"
    REVIEW = "review a relative finding"
    OVERRIDE = "override an absolute finding"
    CONSENT = "record consent"
    PRESCRIBE = "plan a course and set its dose"
    BOOK = "book, move and cancel"
    PREPARE = "check a patient in and prepare a session"
    TREAT = "run a session"
    ASSESS = "record questionnaires"
    ANSWER_SAFETY = "answer a safety task"
    SIGN_AFTERCARE = "sign an aftercare plan"
    SIGN_POLICY = "sign the clinic's policy"
    SEE_CUSTODY = "see the custody of controlled drugs"
    HANDLE_DRUGS = "draw, waste, return and count controlled drugs"
    WITNESS_DRUGS = "witness what happens to controlled drugs"
    KEEP_DRUGS = "keep the stock of controlled drugs"
    SEE_RECORD = "read the journal"
    MANAGE_STAFF = "manage staff and their credentials"


P, N, F = Role.PRESCRIBER, Role.NURSE, Role.FRONT_DESK
C, M, A = Role.CUSTODIAN, Role.MEDICAL_DIRECTOR, Role.ADMINISTRATOR

MAY: dict[Duty, frozenset[Role]] = {
    Duty.SEE_BOARD: frozenset({P, N, F, C, M, A}),
    Duty.SEE_PATIENTS: frozenset({P, N, F, M}),
    Duty.SEE_CHART: frozenset({P, N, M}),
    Duty.REGISTER: frozenset({P, N, F, M}),
    Duty.IMPORT: frozenset({P, N, F, M}),
    Duty.SCREEN: frozenset({P, N, M}),
    Duty.REVIEW: frozenset({P, M}),
    Duty.OVERRIDE: frozenset({M}),
    Duty.CONSENT: frozenset({P, N, M}),
    Duty.PRESCRIBE: frozenset({P, M}),
    Duty.BOOK: frozenset({P, N, F, M}),
    Duty.PREPARE: frozenset({P, N, M}),
    Duty.TREAT: frozenset({P, N, M}),
    Duty.ASSESS: frozenset({P, N, M}),
    Duty.ANSWER_SAFETY: frozenset({P, N, M}),
    Duty.SIGN_AFTERCARE: frozenset({P, M}),
    Duty.SIGN_POLICY: frozenset({M}),
    Duty.SEE_CUSTODY: frozenset({P, N, C, M}),
    Duty.HANDLE_DRUGS: frozenset({P, N, C, M}),
    Duty.WITNESS_DRUGS: frozenset({P, N, C, M}),
    Duty.KEEP_DRUGS: frozenset({C, M}),
    Duty.SEE_RECORD: frozenset({M, A}),
    Duty.MANAGE_STAFF: frozenset({M, A}),
}


# The operator of the installation, at its command line: sets clinics up, takes files in.
OPERATOR = "SYSTEM"
OPERATOR_MAY = frozenset({Duty.MANAGE_STAFF, Duty.IMPORT, Duty.REGISTER})


# Somebody who answers about themselves: never a role of staff, and never about anybody else.
PATIENT = "PATIENT"
# Somebody whom a patient named to help with appointments: answers about nothing else.
HELPER = "HELPER"


class NotYours(Refused):
    """This person's roles do not include what they tried to do."""


class RunOut(Refused):
    """The licence that a signature rests on has run out."""


# What a member of staff may hold that runs out; signatures rest on the first.
LICENCE = "Licence"
CREDENTIALS = (LICENCE, "ACLS", "Esketamine certification")
SOON_DAYS = 60  # time enough to book a course and sit it


class Validity(StrEnum):
    """How a credential stands on a day."""

    VALID = "valid"
    SOON = "soon"
    EXPIRED = "expired"


def validity(expires_on: date, *, on: date) -> Validity:
    """How a credential that runs out after `expires_on` stands on a day."""
    if on > expires_on:
        return Validity.EXPIRED
    return Validity.SOON if (expires_on - on).days <= SOON_DAYS else Validity.VALID


def may(roles: tuple[str, ...], duty: Duty) -> bool:
    """Whether somebody with `roles` may do `duty`."""
    if OPERATOR in roles and duty in OPERATOR_MAY:
        return True
    return any(role in MAY[duty] for role in roles)


def is_patient(author: Author, patient: UUID) -> bool:
    """Whether `author` is that patient, writing from home."""
    return author.roles == (PATIENT,) and author.id == patient


def require(author: Author, duty: Duty) -> None:
    """Refuse unless `author` may do `duty`.

    Raises:
        NotYours: names who may.
    """
    if not may(author.roles, duty):
        who = " or ".join(sorted(role.label.lower() for role in MAY[duty]))
        raise NotYours(f"Only a {who} may {duty}. Nothing was saved.")


def require_valid_licence(author: Author, expires_on: date, *, on: date) -> None:
    """Refuse a signature that rests on a licence which has run out.

    Raises:
        RunOut: says since when, and what to do.
    """
    if validity(expires_on, on=on) is Validity.EXPIRED:
        raise RunOut(
            f"The licence of {author.name} ran out after {expires_on:%d %b %Y}, so their signature "
            f"does not count. Nothing was saved. Somebody else signs, or the licence is renewed "
            f"under Staff."
        )
