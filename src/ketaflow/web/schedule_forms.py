"""The forms by which the clinic sets its hours and books its visits."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from ketaflow.schedule.hours import WEEKDAYS, Hours, NoSuchHours, clock_shown
from ketaflow.schedule.openings import Seat, Wish
from ketaflow.web.forms import DayInput

ANY = ""
YEARS = range(2000, 2200)
LONGEST_AHEAD = timedelta(days=366)
WEEKDAY_CHOICES = [(str(number), name) for number, name in enumerate(WEEKDAYS)]


class ClockInput(forms.TimeInput):
    """A time on the clinic's wall."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(
            {"class": "govuk-input govuk-input--width-5", "step": "900"}, format="%H:%M"
        )


class MomentField(forms.Field):
    """An instant, as the list of free times hands it out."""

    def to_python(self, value: Any) -> datetime | None:
        """Read the instant; whatever else was sent is not one of the times."""
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or moment.year not in YEARS:
            raise forms.ValidationError("Choose a time from the list.")
        return moment.astimezone(UTC)


class TimeField(MomentField):
    """One of the times that are free; one that has gone since is refused by name, not by form."""

    widget = forms.Select

    def offer(self, seats: Iterable[Seat], zone: ZoneInfo) -> None:
        """Fill the list."""
        self.widget.choices = [("", "Choose a time"), *time_choices(seats, zone)]


def time_choices(seats: Iterable[Seat], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Each time with when it ends, for a list."""
    return [
        (
            seat.span.starts_at.isoformat(),
            f"{clock_shown(seat.span.starts_at, zone)} to {clock_shown(seat.span.ends_at, zone)}",
        )
        for seat in seats
    ]


class BookForm(forms.Form):
    """A time that is free, and a chair or nurse where it matters."""

    starts_at = TimeField(label="Time")
    chair = forms.ChoiceField(
        label="Chair",
        required=False,
        error_messages={"invalid_choice": "Choose a chair that is in use."},
    )
    nurse = forms.ChoiceField(
        label="Nurse",
        required=False,
        error_messages={"invalid_choice": "Choose a nurse who is on duty that day."},
    )

    def __init__(
        self,
        *args: Any,
        seats: Sequence[Seat],
        chairs: Iterable[Any],
        nurses: Iterable[Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        times = self.fields["starts_at"]
        assert isinstance(times, TimeField)
        times.offer(seats, timezone.get_current_timezone())
        for name, known, any_one in (
            ("chair", chairs, "Any that is free"),
            ("nurse", nurses, "Whoever watches fewest"),
        ):
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = [(ANY, any_one), *((str(one.id), one.name) for one in known)]

    @property
    def wish(self) -> Wish:
        """What was chosen."""
        said = self.cleaned_data
        chair, nurse = (UUID(said[name]) if said[name] else None for name in ("chair", "nurse"))
        return Wish(said["starts_at"], chair, nurse)


class MoveForm(BookForm):
    """Another time for a visit, as long as nobody else changed it."""

    seen = forms.IntegerField(widget=forms.HiddenInput)


class CancelForm(forms.Form):
    """Why a visit will not be."""

    reason = forms.CharField(label="Why it is cancelled", max_length=400)
    seen = forms.IntegerField(widget=forms.HiddenInput)


class MissedForm(forms.Form):
    """What is known about a patient who did not come."""

    reason = forms.CharField(label="What is known", max_length=400, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput)


class ComingDayField(forms.DateField):
    """A day from today until a year from now."""

    widget = DayInput

    def clean(self, value: Any) -> Any:
        """Refuse a day nobody plans for."""
        day, today = super().clean(value), timezone.localdate()
        if day and not today <= day <= today + LONGEST_AHEAD:
            raise forms.ValidationError("Choose a day from today until a year from now.")
        return day


class WholeCourseForm(forms.Form):
    """From which day, at about what time, and how often."""

    first_on = ComingDayField(label="From")
    around = forms.TimeField(label="At about", widget=ClockInput)
    per_week = forms.TypedChoiceField(
        label="Times a week",
        choices=[("", "As often as the protocol allows"), ("1", "1"), ("2", "2"), ("3", "3")],
        coerce=int,
        empty_value=None,
        required=False,
    )


class ChairForm(forms.Form):
    """A chair to add."""

    name = forms.CharField(label="Name of the chair", max_length=60)
    place = forms.CharField(label="Where it stands", max_length=120, required=False)


class ChairUseForm(forms.Form):
    """A chair to take out of use, or to bring back."""

    chair = forms.UUIDField()
    active = forms.TypedChoiceField(
        choices=[("yes", "In use"), ("no", "Out of use")], coerce=lambda said: said == "yes"
    )


class _HoursFields(forms.Form):
    opens = forms.TimeField(label="From", widget=ClockInput)
    closes = forms.TimeField(label="Until (00:00 is midnight)", widget=ClockInput)

    def clean(self) -> dict[str, Any]:
        """Make the two times hours, or say why they are none."""
        said = super().clean() or {}
        opens, closes = said.get("opens"), said.get("closes")
        if isinstance(opens, time) and isinstance(closes, time):
            try:
                said["hours"] = Hours(opens, closes)
            except NoSuchHours as refusal:
                raise forms.ValidationError(str(refusal)) from None
        return said


class HoursForm(_HoursFields):
    """Opening hours for some days of the week."""

    weekdays = forms.TypedMultipleChoiceField(
        label="On", choices=WEEKDAY_CHOICES, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    field_order = ("weekdays", "opens", "closes")


class CloseForm(forms.Form):
    """A day of the week to close."""

    weekdays = forms.TypedMultipleChoiceField(choices=WEEKDAY_CHOICES, coerce=int)


class OffDutyForm(forms.Form):
    """A shift to take back."""

    staff = forms.UUIDField()
    day = forms.DateField()


class PreparationForm(forms.Form):
    """How long preparation takes."""

    minutes = forms.IntegerField(
        label="Preparation before each treatment",
        help_text="Check-in, baseline vital signs, checklist and second check.",
        widget=forms.NumberInput({"unit": "min", "class": "govuk-input govuk-input--width-3"}),
    )


class DutyForm(_HoursFields):
    """Who is on duty, on which days of the coming weeks."""

    staff = forms.ChoiceField(label="Who")
    first_on = ComingDayField(label="First day")
    weekdays = forms.TypedMultipleChoiceField(
        label="On", choices=WEEKDAY_CHOICES, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    weeks = forms.IntegerField(
        label="For how many weeks",
        min_value=1,
        max_value=12,
        initial=4,
        widget=forms.NumberInput({"class": "govuk-input govuk-input--width-3"}),
    )
    field_order = ("staff", "first_on", "weekdays", "weeks", "opens", "closes")

    def __init__(self, *args: Any, people: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["staff"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [(str(one.id), f"{one.name} ({one.role_labels})") for one in people]

    @property
    def days(self) -> tuple[Any, ...]:
        """The days that are meant."""
        said = self.cleaned_data
        all_days = (said["first_on"] + timedelta(days=ahead) for ahead in range(7 * said["weeks"]))
        return tuple(day for day in all_days if day.weekday() in said["weekdays"])
