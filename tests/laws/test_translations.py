"""The words of the patient's pages: all of them in each language, and plain enough to read."""

import re
import sys
from io import BytesIO
from pathlib import Path

import pytest
import textstat
from babel.messages.mofile import write_mo
from django.utils import translation
from django.utils.translation import gettext

from ketaflow.correspondence import letter
from ketaflow.correspondence.invitation import Purpose
from ketaflow.outcomes.suicidality import crisis_text
from ketaflow.people.consent import consent_texts
from ketaflow.portal.patient import crisis

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import translations

GRADE = 8
SAID = translations.gathered()
PLACE = re.compile(r"%\((\w+)\)|\{(\w+)\}")


def first(message):
    return message if isinstance(message, str) else message[0]


def forms(words):
    return words if isinstance(words, tuple) else (words,)


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_every_word_of_the_patients_pages_is_translated(language):
    words = translations.catalogue(language)
    assert len(SAID) > 200
    for message in SAID:
        known = words.get(first(message))
        assert known is not None, f"run scripts/translations.py update: {message}"
        assert all(forms(known.string)), message
        wanted = set(PLACE.findall("".join(forms(message))))
        assert {place for one in forms(known.string) for place in PLACE.findall(one)} == wanted
        assert not list(known.check(words)), message
    assert {first(one.id) for one in words if one.id} == {first(one) for one in SAID}


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_what_django_reads_is_made_of_the_catalogue_as_it_is(language):
    out = BytesIO()
    write_mo(out, translations.catalogue(language))
    made = translations.where(language).with_suffix(".mo").read_bytes()
    assert made == out.getvalue(), "run scripts/setup"
    with translation.override(language):
        assert gettext("Do you need help now?") != "Do you need help now?"


def test_no_text_of_a_page_stands_outside_the_catalogue():
    for path in sorted((translations.PORTAL / "templates/portal").glob("*.html")):
        text = re.sub(
            r"\{%\s*blocktranslate.*?endblocktranslate\s*%\}", "", path.read_text(), flags=re.S
        )
        text = re.sub(r"\{[%{].*?[%}]\}|<[^>]*>", " ", text, flags=re.S)
        assert not re.search(r"[A-Za-zÀ-ÿ]{2,}", text), (path.name, text.split())


def test_the_words_for_danger_are_those_of_the_safety_pathway():
    for line in ("988", ""):
        for watched in (True, False):
            assert crisis._words(line, watched) == crisis_text(line, watched=watched)


def test_the_patients_pages_are_read_in_the_eighth_grade_or_below():
    told = [re.sub(r"%\(\w+\)s?", "ten", first(one)) for one in SAID]
    sentences = [one for one in told if one.endswith((".", "?"))]
    assert len(sentences) > 70
    assert textstat.flesch_kincaid_grade(" ".join(sentences)) <= GRADE
    # Those for danger name two numbers and a place in one breath, and say them on purpose.
    long = [one for one in sentences if len(one.split()) > 12 and "suicide" not in one]
    hard = {one: grade for one in long if (grade := textstat.flesch_kincaid_grade(one)) > GRADE + 2}
    assert not hard


def test_the_agreements_are_read_in_the_eighth_grade_or_below():
    for text in consent_texts().values():
        told = " ".join(f"{one.heading}. {one.text}" for one in text.statements)
        assert textstat.flesch_kincaid_grade(told) <= GRADE, text.id


@pytest.mark.parametrize("language", ["en", "es", ""])
@pytest.mark.parametrize("purpose", Purpose)
def test_no_message_says_anything_about_health(purpose, language):
    said = letter.invitation(
        link="https://x/p/y/", until="Monday", phone="1", purpose=purpose, language=language
    )
    text = letter.text_message(link=f"https://elm.example.org/p/{'x' * 108}/", language=language)
    assert len(text) <= letter.ONE_TEXT
    for word in ("ketam", "depres", "clinic", "clínic", "treat", "dose", "salud", "health", "phq"):
        assert word not in f"{said.subject} {said.body} {text}".lower()
