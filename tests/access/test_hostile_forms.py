"""Every field of every form, given what no person would type: refused or kept, never a crash.

The forms are those that the clinic's own pages offer, so a new one is attacked the day it is added.
"""

from itertools import islice

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from ketaflow.cli.fictional import clinic
from ketaflow.journal.models import Entry

from . import stages

FINE = {200, 302, 303, 403, 404, 405, 409, 422, 423}
HOSTILE = {
    "nothing": "",
    "spaces": "   ",
    "a null byte": "a\x00b",
    "100 000 letters": "x" * 100_000,
    "not a number": "NaN",
    "infinite": "Infinity",
    "below zero": "-1",
    "minus zero": "-0",
    "beyond a float": "1e400",
    "a vast exponent": "1e999999",
    "vanishing": "1e-400",
    "5 000 digits": "9" * 5000,
    "25 digits": "9" * 25,
    "30 decimals": "1.234567890123456789012345678901",
    "a decimal comma": "1,5",
    "a superscript": "²",
    "an Arabic digit": "٣",
    "pictures": "\U0001f480\U0001f9d1‍⚕️",
    "turned around": "\u202eevil שלום",
    "a script": "<script>alert(1)</script>\"'><img src=x onerror=1>",
    "a template": "%s%n{0}{{7*7}}{% csrf_token %}",
    "a second header": "a\r\nX-Bad: 1",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "no such time": "24:61",
    "an odd offset": "2026-11-22T10:00:00+23:59",
    "nobody": "00000000-0000-0000-0000-000000000000",
}
EACH_TIME = 1


@pytest.fixture
def team(db):
    return clinic.open_clinic(timezone.now())


@pytest.fixture
def jack(team):
    """Somebody who may do everything, so that no form hides."""
    client = Client()
    client.force_login(stages.jack(team).user)
    return client


def attack(client, forms, each_time):
    """What went wrong, for each form, field and word; each field gets `each_time` words in turn."""
    wrong, turn = [], 0
    for form in forms:
        known = form.answered(stages.TAKEN)
        trials = [("an empty form", "", dict(form.buttons))]
        for name, field in form.fields.items():
            words = [*HOSTILE] * 2
            for word in islice(words, turn % len(HOSTILE), turn % len(HOSTILE) + each_time):
                sent = [HOSTILE[word]]
                trials.append((word, name, known | {name: sent}))
            turn += each_time if field.kind != "hidden" else 1
        for word, name, said in trials:
            wrong += [
                f"{form.url} {name} given {word}: {why}" for why in sent_once(client, form, said)
            ]
    return wrong


def sent_once(client, form, said):
    """Why the answer to a form is not one a person could live with; nothing is kept."""
    with transaction.atomic():
        before = Entry.objects.exclude(kind="chart.read").count()
        answer = client.post(form.url.partition("#")[0], said)
        wrote = Entry.objects.exclude(kind="chart.read").count() - before
        transaction.set_rollback(True)
    if answer.status_code not in FINE:
        yield f"answered {answer.status_code}"
    if answer.status_code >= 400 and wrote:
        yield f"answered {answer.status_code} and wrote {wrote} entries all the same"
    if b"<script>alert(1)" in answer.content:
        yield "gives the script back"


def test_no_word_in_any_field_brings_a_page_down(team, jack):
    forms = stages.found_forms(team, jack)
    assert len(forms) > 40
    assert attack(jack, forms, EACH_TIME) == []


@pytest.mark.deep
def test_none_of_the_words_in_any_field_brings_a_page_down(team, jack):
    assert attack(jack, stages.found_forms(team, jack), len(HOSTILE)) == []
