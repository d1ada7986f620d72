"""What every press at the chair carries, and the boxes that a thumb can hit."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils import timezone

from ketaflow.journal.author import Author
from ketaflow.schedule.hours import last_shown
from ketaflow.session.gates import SOON
from ketaflow.session.queries import Room
from ketaflow.session.wishes import Press

CARRIED = ("seen", "page", "key", "age")
MOST_AGE_S = 12 * 60 * 60  # no sign-in lasts longer


def number(label: str, unit: str = "", **more: Any) -> forms.DecimalField:
    """A number with a point, in a box that a thumb can hit."""
    attrs = {"class": "govuk-input govuk-input--width-4", **({"unit": unit} if unit else {})}
    return forms.DecimalField(
        label=label, required=more.pop("required", False), max_digits=12,
        widget=forms.NumberInput(attrs), **more,
    )  # fmt: skip


def count(label: str, low: int, high: int) -> forms.IntegerField:
    """A whole number from `low` to `high`."""
    return forms.IntegerField(
        label=f"{label} ({low} to {high})",
        required=False,
        min_value=low,
        max_value=high,
        widget=forms.NumberInput({"class": "govuk-input govuk-input--width-4"}),
    )


class PressForm(forms.Form):
    """What every press carries: the last entry on the page, the names of page and press, its age.

    `waits` says whether the page may keep it until a lost line is back.
    """

    seen = forms.IntegerField(widget=forms.HiddenInput)
    page = forms.UUIDField(required=False, widget=forms.HiddenInput)
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    # Seconds since it was pressed: no two clocks agree, but a minute is a minute on both.
    age = forms.FloatField(
        required=False, min_value=0, max_value=MOST_AGE_S, widget=forms.HiddenInput
    )
    waits = True

    def __init__(
        self, *args: Any, room: Room, author: Author, page: UUID | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.fields["seen"].initial = room.state.last_ordinal
        self.fields["page"].initial = page or uuid4()
        self.fields["key"].initial = uuid4()
        self.room, self.author = room, author
        self.arrange()

    def press(self, at: datetime) -> Press:
        """The press as the action takes it."""
        told = self.cleaned_data
        age = told["age"]
        then = at - timedelta(seconds=round(age)) if age else None
        return Press(told["seen"], told["key"], told["page"], then)

    def arrange(self) -> None:
        """Fit the fields to this session."""

    def said(self) -> dict[str, Any]:
        """What was entered, as the action takes it."""
        return {name: value for name, value in self.cleaned_data.items() if name not in CARRIED}


class WhenForm(PressForm):
    """Something that may have happened a while ago."""

    when = forms.TimeField(
        label="Time, if not now",
        required=False,
        widget=forms.TimeInput(
            {"type": "time", "class": "govuk-input govuk-input--width-5"}, format="%H:%M"
        ),
    )

    def happened_at(self) -> datetime | None:
        """The last moment at which the clinic's clock showed what was entered."""
        clock = self.cleaned_data["when"]
        if clock is None:
            return None
        zone = self.room.session.clinic.zone
        return last_shown(clock, until=timezone.now() + SOON, zone=zone)
