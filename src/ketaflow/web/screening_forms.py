"""Forms of screening: the interview, an antidepressant trial, a reason, a day of the work-up."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms

from ketaflow.screening.actions import ToldTrial
from ketaflow.screening.interview import UNKNOWN, Answer, Kind, Question
from ketaflow.screening.resistance import Response, Told, Trial
from ketaflow.web.forms import DayInput

NOT_KNOWN = (UNKNOWN, "Not known")
TOLD = [(Told.YES.value, "Yes"), (Told.NO.value, "No"), (Told.UNKNOWN.value, "Not known")]
OUTCOMES = {
    Response.NONE: "No response",
    Response.PARTIAL: "Partial response",
    Response.RESPONSE: "Response",
    Response.REMISSION: "Remission",
    Response.NOT_TOLERATED: "Not tolerated",
    Response.UNKNOWN: "Not known",
}


class InterviewForm(forms.Form):
    """The questions that bear on this patient; none must be answered today."""

    def __init__(
        self, *args: Any, questions: Iterable[Question], told: Mapping[str, Answer], **kwargs: Any
    ) -> None:
        kwargs["initial"] = {**told, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.asked = tuple(questions)
        self.told = told
        for one in self.asked:
            self.fields[one.key] = _field(one)

    def given(self) -> dict[str, object]:
        """The answers, as the action takes them; what was left open is not touched."""
        found = {one.key: self.cleaned_data.get(one.key) for one in self.asked}
        return {
            key: UNKNOWN if value in (None, "") else _text(value)
            for key, value in found.items()
            if value not in (None, "") or key in self.told
        }

    def open_fields(self) -> list[forms.BoundField]:
        """The questions nobody has answered so that it settles them."""
        return [self[one.key] for one in self.asked if not self._settled(one)]

    def answered_fields(self) -> list[forms.BoundField]:
        """The questions that are answered."""
        return [self[one.key] for one in self.asked if self._settled(one)]

    def _settled(self, question: Question) -> bool:
        told = self.told.get(question.key)
        return told is not None and told not in question.settles_nothing


def _text(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else f"{value}"


def _field(question: Question) -> forms.Field:
    if question.kind is Kind.DATE:
        return forms.DateField(label=question.text, required=False, widget=DayInput)
    if question.kind is Kind.NUMBER:
        return forms.DecimalField(
            label=question.text,
            required=False,
            min_value=0,
            help_text=question.unit,
            widget=forms.NumberInput(attrs={"class": "govuk-input govuk-input--width-5"}),
        )
    return forms.ChoiceField(
        label=question.text,
        required=False,
        choices=[*question.choices, NOT_KNOWN],
        widget=forms.RadioSelect,
    )


class TrialForm(forms.Form):
    """One antidepressant: how it was taken and what it brought."""

    drug = forms.CharField(label="Antidepressant", max_length=200)
    dose = forms.CharField(
        label="Highest dose taken",
        max_length=200,
        required=False,
        help_text="For example 40 mg a day.",
    )
    started_on = forms.DateField(
        label="Started on",
        required=False,
        widget=DayInput,
        help_text="The best guess is better than nothing.",
    )
    ongoing = forms.BooleanField(label="Still taken", required=False)
    stopped_on = forms.DateField(label="Stopped on", required=False, widget=DayInput)
    adequate_dose = forms.ChoiceField(
        label="Was the dose adequate?",
        choices=TOLD,
        initial=Told.UNKNOWN.value,
        widget=forms.RadioSelect,
        help_text="Your judgement, by the drug’s own label.",
    )
    outcome = forms.ChoiceField(
        label="What did it bring?",
        choices=[(one.value, words) for one, words in OUTCOMES.items()],
        initial=Response.UNKNOWN.value,
        widget=forms.RadioSelect,
    )
    stopped_because = forms.CharField(label="Why was it stopped?", max_length=400, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def told(self) -> ToldTrial:
        """What was typed, as the action takes it."""
        said = self.cleaned_data
        trial = Trial(
            drug=said["drug"],
            dose=said["dose"],
            started_on=said["started_on"],
            stopped_on=said["stopped_on"],
            ongoing=said["ongoing"],
            adequate_dose=Told(said["adequate_dose"]),
            outcome=Response(said["outcome"]),
        )
        return ToldTrial(trial, said["stopped_because"])


class CorrectTrialForm(TrialForm):
    """A correction names its reason."""

    in_error = forms.BooleanField(label="This trial never took place: leave it out", required=False)
    reason = forms.CharField(
        label="Why is it corrected?",
        max_length=400,
        help_text="The record keeps both what was there and why it changed.",
    )


class ReasonForm(forms.Form):
    """A named person's reason to treat in spite of a finding."""

    reason = forms.CharField(
        label="Why does this not stop treatment of this patient?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="It stays in the record with your name and the time.",
    )
    severity = forms.CharField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput)


class WorkupForm(forms.Form):
    """The day on which something of the work-up was done."""

    done_on = forms.DateField(label="Done on", widget=DayInput)
    note = forms.CharField(
        label="Result or note",
        max_length=400,
        required=False,
        help_text="What it showed, and where the report is.",
    )
