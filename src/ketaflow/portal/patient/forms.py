"""The few fields a patient fills in."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as later

from ketaflow.correspondence.home.before_visit import MOST_ESCORT, MOST_WORDS, Said
from ketaflow.instruments.library import Item


class BirthForm(forms.Form):
    """The date of birth, which the holder of a link says before anything is shown."""

    born_on = forms.DateField(
        label=later("Your date of birth"),
        help_text=later("This shows that the link reached the right person."),
        widget=forms.DateInput({"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        error_messages={
            "required": later("Enter your date of birth."),
            "invalid": later("Enter a date, such as 1984-05-02."),
        },
    )

    def __init__(self, *args: Any, helping: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if helping:
            field = self.fields["born_on"]
            field.label = _("The date of birth of the person you help")
            field.error_messages["required"] = _("Enter the date of birth.")


class QuestionForm(forms.Form):
    """One question and its answers."""

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = forms.TypedChoiceField(
            label=item.text,
            coerce=int,
            choices=choices(item),
            widget=forms.RadioSelect,
            error_messages={
                "required": _("Choose an answer, or press “I would rather not answer”."),
                "invalid_choice": _("Choose one of the answers."),
            },
        )


class VisitForm(forms.Form):
    """What to say before a visit."""

    coming = forms.TypedChoiceField(
        label=later("Will you come?"),
        choices=[("yes", later("Yes")), ("no", later("No, I cannot come"))],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
        error_messages={
            "required": later("Choose yes or no."),
            "invalid_choice": later("Choose yes or no."),
        },
    )
    escort = forms.CharField(
        label=later("Who takes you home? Name and phone number"),
        required=False,
        max_length=MOST_ESCORT,
        error_messages={"max_length": later("This is too long. Shorten it, or call us.")},
    )
    words = forms.CharField(
        label=later("Has anything changed? A new illness, a new medicine, anything we should know"),
        help_text=later("Somebody reads this when the clinic is open, not at once."),
        required=False,
        max_length=MOST_WORDS,
        widget=forms.Textarea({"rows": 4}),
        error_messages={"max_length": later("This is too long. Shorten it, or call us.")},
    )

    def said(self) -> Said:
        """The answers."""
        return Said(**self.cleaned_data)


class ContactForm(forms.Form):
    """How to be reached."""

    language = forms.ChoiceField(
        label=later("Language of your pages and messages"),
        choices=[("en", "English"), ("es", "Español")],
        widget=forms.RadioSelect,
        error_messages={
            "required": later("Choose a language."),
            "invalid_choice": later("Choose a language."),
        },
    )
    text_to = forms.CharField(
        label=later("Your mobile number, if you want text messages too"),
        help_text=later(
            "With the country, such as +1 202 555 0143. Leave it empty if you want none. "
            "A message only says that your page is waiting."
        ),
        required=False,
        max_length=30,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        error_messages={"max_length": later("This cannot be a phone number.")},
    )

    def __init__(self, *args: Any, texts: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not texts:
            del self.fields["text_to"]


class HelperForm(forms.Form):
    """Whom the patient lets help."""

    name = forms.CharField(
        label=later("Name of the person who helps you"),
        max_length=MOST_ESCORT,
        error_messages={"required": later("Enter a name.")},
    )
    email = forms.EmailField(
        label=later("Their e-mail address"),
        error_messages={
            "required": later("Enter an e-mail address."),
            "invalid": later("Enter an e-mail address, such as name@example.org."),
        },
    )


def choices(item: Item) -> list[tuple[int, str]]:
    """The answers a question allows, with their words."""
    if item.labels:
        return list(enumerate(item.labels, start=item.low))
    return [(value, str(value)) for value in range(item.low, item.high + 1)]


def in_words(item: Item, answer: int | None) -> str:
    """An answer as the patient saw it."""
    if answer is None:
        return _("You would rather not answer")
    return dict(choices(item))[answer]
