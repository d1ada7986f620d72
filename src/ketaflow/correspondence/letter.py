"""What a message says: that something waits, and nothing about anybody's health.

No name of the patient, of the clinic, of a questionnaire or of a treatment: whoever reads over a
shoulder, or has the mailbox, learns that a page waits and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ketaflow.correspondence.invitation import Purpose

# The longest text message that goes out as one, in letters that need no wider alphabet.
ONE_TEXT = 160


@dataclass(frozen=True)
class Letter:
    """A message, ready to be sent."""

    subject: str
    body: str


@dataclass(frozen=True)
class Words:
    """How one language says it."""

    hello: str
    subjects: Mapping[Purpose, str]
    waits: Mapping[Purpose, str]
    until: str
    once: str
    unexpected: str
    call: str
    replies: str
    text: str


ENGLISH = Words(
    hello="Hello,",
    subjects=MappingProxyType(
        {
            Purpose.FORM: "A form is waiting for you",
            Purpose.PAGES: "A page is waiting for you",
            Purpose.HELPER: "Somebody asks for your help",
        }
    ),
    waits=MappingProxyType(
        {
            Purpose.FORM: "a short form is waiting for you. Open this page to answer it:",
            Purpose.PAGES: "something on your page is waiting for you. Open it here:",
            Purpose.HELPER: "somebody you know asks you to help with appointments. Open this page:",
        }
    ),
    until="The link is for you alone. It works until {until}.",
    once="You can send the form once.",
    unexpected="Did you not expect this? Then please delete this message.",
    call="Or call {phone}.",
    replies="Nobody reads replies to this address.",
    text="Your page is waiting: {link}",
)
SPANISH = Words(
    hello="Hola:",
    subjects=MappingProxyType(
        {
            Purpose.FORM: "Le espera un formulario",
            Purpose.PAGES: "Le espera una página",
            Purpose.HELPER: "Alguien le pide ayuda",
        }
    ),
    waits=MappingProxyType(
        {
            Purpose.FORM: "le espera un formulario corto. Abra esta página para contestarlo:",
            Purpose.PAGES: "algo le espera en su página. Ábrala aquí:",
            Purpose.HELPER: "alguien que usted conoce le pide ayuda con sus citas. Abra esta "
            "página:",
        }
    ),
    until="El enlace es solo para usted. Funciona hasta el {until}.",
    once="Puede enviar el formulario una sola vez.",
    unexpected="¿No esperaba este mensaje? Entonces bórrelo, por favor.",
    call="O llame al {phone}.",
    replies="Nadie lee las respuestas a esta dirección.",
    text="Le espera su página: {link}",
)
LANGUAGES = MappingProxyType({"en": ENGLISH, "es": SPANISH})


def words(language: str) -> Words:
    """How `language` says it; English where nobody has said which."""
    return LANGUAGES.get(language, ENGLISH)


def invitation(
    *, link: str, until: str, phone: str, purpose: Purpose = Purpose.FORM, language: str = ""
) -> Letter:
    """Ask somebody to open `link`, which works until `until`.

    Args:
        link: the whole address of the page.
        until: a day and time in words.
        phone: the number to call with questions, or an empty string.
        purpose: what the link opens.
        language: "en" or "es"; anything else is English.
    """
    said = words(language)
    once = f" {said.once}" if purpose is Purpose.FORM else ""
    call = f" {said.call.format(phone=phone)}" if phone.strip() else ""
    lines = [
        said.hello,
        said.waits[purpose],
        link,
        f"{said.until.format(until=until)}{once}",
        f"{said.unexpected}{call}",
        said.replies,
    ]
    return Letter(said.subjects[purpose], "\n\n".join(lines) + "\n")


def text_message(*, link: str, language: str = "") -> str:
    """The same as a text message: where to look, and nothing else."""
    return words(language).text.format(link=link)
