"""What is decided about the pages at home: numbers, what is said before a visit, what is signed."""

from dataclasses import replace

import pytest

from ketaflow.cli.gateways import refused
from ketaflow.correspondence import letter
from ketaflow.correspondence.home.before_visit import (
    MOST_ESCORT,
    MOST_WORDS,
    Said,
    TooLong,
    notices,
)
from ketaflow.correspondence.home.contact import Language, NotANumber, number
from ketaflow.correspondence.home.notice import Kind
from ketaflow.correspondence.invitation import Purpose
from ketaflow.correspondence.outbox import Channel
from ketaflow.people.consent import NotAgreed, Signed, consent_text

TEXT = consent_text("ketamine-infusion")
KEYS = tuple(one.key for one in TEXT.statements)
WHOLE = Signed(TEXT.id, TEXT.sha256, KEYS, "Cy Patient")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("+1 (202) 555-0143", "+12025550143"),
        ("", ""),
        ("  ", ""),
        ("+34/600.000.000", "+34600000000"),
    ],
)
def test_a_number_is_kept_as_gateways_want_it(said, kept):
    assert number(said) == kept


@pytest.mark.parametrize(
    "said", ["0143", "202 555 0143", "+0 123 456 789", "+1234567", "+1" * 9, "+1x"]
)
def test_what_is_no_number_is_not_kept(said):
    with pytest.raises(NotANumber):
        number(said)


def test_what_is_said_before_a_visit_is_kept_within_bounds():
    assert Said(True, "  My \n sister ", " x\x00y ").check() == Said(True, "My sister", "xy")
    assert Said(True, "", "x" * MOST_WORDS).check().words == "x" * MOST_WORDS
    for long in (Said(True, "x" * (MOST_ESCORT + 1)), Said(True, "", "x" * (MOST_WORDS + 1))):
        with pytest.raises(TooLong):
            long.check()


def test_the_clinic_hears_of_what_it_must_act_on_and_of_nothing_else():
    assert notices(Said(True, "My sister")) == ()
    kinds = [kind for kind, _ in notices(Said(False, "", "I have a fever"))]
    assert kinds == [Kind.NOT_COMING, Kind.WROTE]


def test_an_agreement_is_signed_whole_by_name_and_in_the_words_that_were_read():
    assert WHOLE.check() is TEXT
    for changed in ({"name": " "}, {"sha256": "0" * 64}, {"statements": KEYS[1:]}):
        with pytest.raises(NotAgreed):
            replace(WHOLE, **changed).check()


def test_everything_has_a_word_for_the_clinic():
    for kind in (Kind, Language, Purpose, Channel):
        assert all(one.label for one in kind)


def test_a_language_that_is_not_spoken_is_answered_in_english():
    assert letter.words("fr") is letter.words("en") is letter.words("")


@pytest.mark.parametrize(
    ("status", "final", "about_address", "about_us"),
    [
        (400, True, False, False),
        (410, True, True, False),
        (403, False, False, True),
        (503, False, False, True),
    ],
)
def test_what_a_gateway_says_is_about_the_number_the_message_or_us(
    status, final, about_address, about_us
):
    told = refused(status, "no")
    assert (told.final, told.about_address, told.about_us) == (final, about_address, about_us)
