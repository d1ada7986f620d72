"""A patient at home: a link that was sent, a phone's browser, and answers."""

import re
from datetime import date
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from ketaflow.correspondence import actions, queries
from ketaflow.correspondence.actions import Ask
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people import actions as people
from ketaflow.people import queries as peoples
from ketaflow.people.chart import Sex
from ketaflow.people.models import Patient
from ketaflow.people.registration import PatientDetails

EMAIL = "cy@example.org"
CALM = {str(number): 1 for number in range(1, 9)} | {"9": 0, "function": 0}


def with_email(patient, *, by, at, email=EMAIL):
    """The patient once an address is on record."""
    if patient.email == email:
        return patient
    kept = ("number", "family", "given", "born_on", "sex", "phone", "address")
    known = {name: getattr(patient, name) for name in kept} | {"sex": Sex(patient.sex)}
    identifiers = peoples.identifiers(clinic=by.clinic, patient=patient.id)
    details = PatientDetails(**known, email=email, identifiers=identifiers)
    people.amend(patient=patient, details=details, reason="Gave an address.", by=by, at=at)
    return Patient.objects.get(id=patient.id)


def invited(patient, *, by, at, instrument="phq-9"):
    """An invitation for a patient, whose address is put on record first."""
    patient = with_email(patient, by=by, at=at)
    ask = Ask(uuid4(), instrument, Occasion.FOLLOW_UP)
    return actions.invite(patient=patient, ask=ask, by=by, at=at)


def address(invitation, page="start", **more):
    """The address of one page behind the link of an invitation."""
    link = queries.link(clinic=invitation.clinic_id, invitation=invitation.id)
    return reverse(f"portal_{page}", kwargs={"link": link, **more})


def phone(invitation, born_on: date | None = None):
    """A browser that opened the link and said a date of birth; by default the right one."""
    client = Client()
    born_on = born_on or invitation.patient.born_on
    client.post(address(invitation), {"born_on": born_on.isoformat()})
    return client


def give(client, invitation, answers=CALM):
    """Answer questions one after another; None is a question left out on purpose."""
    for item, answer in answers.items():
        said = {"skip": "yes"} if answer is None else {"answer": answer}
        got = client.post(address(invitation, "question", item=item), said)
        assert got.status_code == 302, (item, got.status_code)
    return got


def send_in(client, invitation):
    """Press “Send my answers”."""
    return client.post(address(invitation, "check"), follow=True)


def link_in(words):
    """The link in a message."""
    return re.search(r"https?://\S+/p/(\S+)/", words)[1]
