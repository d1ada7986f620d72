"""The forms by which aftercare is signed and checked upon."""

from collections.abc import Sequence
from typing import Any

from django import forms

from ketaflow.aftercare.actions import CheckIn, Thoughts
from ketaflow.aftercare.crisis import CrisisCard
from ketaflow.aftercare.induction import LONGEST_WEEKS, Chosen
from ketaflow.aftercare.notes import kinds

THOUGHTS = [
    (Thoughts.NO.value, "Asked: no"),
    (Thoughts.YES.value, "Asked: yes"),
    (Thoughts.NO_ANSWER.value, "Asked, and not answered"),
    (Thoughts.NOT_ASKED.value, "Not asked this time"),
]


class SignForm(forms.Form):
    """What the prescriber signs: the interval and the patient's crisis card."""

    weeks = forms.IntegerField(
        label="Weeks until the next session",
        required=False,
        min_value=1,
        max_value=LONGEST_WEEKS,
        help_text="Leave it empty for no further session.",
        widget=forms.NumberInput(
            attrs={"class": "govuk-input govuk-input--width-3", "unit": "weeks"}
        ),
    )
    reason = forms.CharField(
        label="Why it differs from the proposal",
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 2}),
    )
    shown = forms.CharField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, card: CrisisCard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = card.lines
        for line in card.lines:
            self.fields[f"card-{line.key}"] = forms.CharField(
                label=line.label,
                required=False,
                max_length=300,
                initial=line.says,
            )

    def card_fields(self) -> list[Any]:
        """The fields of the crisis card, in its order."""
        return [self[f"card-{line.key}"] for line in self.lines]

    def chosen(self) -> Chosen:
        """What these fields say."""
        said = self.cleaned_data
        card = {line.key: said[f"card-{line.key}"] for line in self.lines}
        return Chosen(said["weeks"], said["reason"], card)


class CheckInForm(forms.Form):
    """A call or a visit after induction: what was done, and how the patient is."""

    done = forms.MultipleChoiceField(
        label="What was done", required=False, widget=forms.CheckboxSelectMultiple
    )
    thoughts = forms.ChoiceField(
        label="Thoughts of suicide", choices=THOUGHTS, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label="What the patient said: mood, side effects, bladder, sleep",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, waiting: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        done: Any = self.fields["done"]
        done.choices = [(one.kind, one.what) for one in waiting]
        if not waiting:
            del self.fields["done"]

    def check(self) -> CheckIn:
        """What these fields say."""
        said = self.cleaned_data
        return CheckIn(tuple(said.get("done", ())), Thoughts(said["thoughts"]), said["note"])


class RelapseForm(forms.Form):
    """An event that is a relapse by itself."""

    what = forms.CharField(
        label="What happened",
        help_text="An admission, a suicide attempt, or another event that matters clinically.",
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )


class NoteForm(forms.Form):
    """A sign of misuse, a referral or something else."""

    kind = forms.ChoiceField(
        label="What",
        choices=[(one.key, one.label) for one in kinds().values()],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label="What was seen or done", max_length=1000, widget=forms.Textarea({"rows": 3})
    )
