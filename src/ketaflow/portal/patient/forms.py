"""The few fields a patient fills in."""

from typing import Any

from django import forms

from ketaflow.instruments.library import Item


class BirthForm(forms.Form):
    """The date of birth, which the holder of a link says before anything is shown."""

    born_on = forms.DateField(
        label="Your date of birth",
        help_text="This shows that the link reached the right person.",
        widget=forms.DateInput({"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter your date of birth.",
            "invalid": "Enter a date, such as 1984-05-02.",
        },
    )


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
                "required": "Choose an answer, or press “I would rather not answer”.",
                "invalid_choice": "Choose one of the answers.",
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
        return "You would rather not answer"
    return dict(choices(item))[answer]
