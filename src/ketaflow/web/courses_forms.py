"""The forms by which a course is planned, changed, reviewed and ended."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from ketaflow.people.chart import Sex
from ketaflow.people.registration import age_on
from ketaflow.protocol.actions import Plan
from ketaflow.protocol.course import Decision
from ketaflow.protocol.dosing import Choice
from ketaflow.protocol.library import Protocol, Route
from ketaflow.protocol.preparation import Preparation
from ketaflow.protocol.weight import Basis, Body

if TYPE_CHECKING:
    from ketaflow.people.models import Patient

BASES = [
    ("", "As the rule proposes"),
    (Basis.TOTAL.value, "Measured weight"),
    (Basis.IDEAL.value, "Ideal weight (Devine)"),
    (Basis.ADJUSTED.value, "Adjusted weight"),
    (Basis.ENTERED.value, "Entered by the prescriber"),
]


def _number(label: str, *, unit: str, required: bool = False, hint: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=f"{label} ({unit})",
        help_text=hint,
        required=required,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "govuk-input--width-5"}),
    )


DECISIONS = [
    (Decision.CONTINUE.value, "Continue as ordered"),
    (Decision.CHANGE_DOSE.value, "Continue with another dose"),
    (Decision.STOP.value, "Stop the course"),
]


class DoseForm(forms.Form):
    """Everything a dose is worked out from."""

    weight_kg = _number("Weight", unit="kg", hint="Measured, on the day or as the policy allows.")
    height_cm = _number("Height", unit="cm")
    previous_weight_kg = forms.DecimalField(required=False, widget=forms.HiddenInput)
    amount = _number("Dose", unit="in the protocol's unit", hint="Leave empty for the usual dose.")
    basis = forms.ChoiceField(label="Dose by which weight", choices=BASES, required=False)
    entered_kg = _number("Dosing weight, if entered", unit="kg")
    duration_min = _number("Duration", unit="min", hint="Leave empty for the protocol's.")
    strength_mg_ml = forms.TypedChoiceField(
        label="Vial strength",
        choices=[("", "Choose"), ("10", "10 mg/mL"), ("50", "50 mg/mL"), ("100", "100 mg/mL")],
        coerce=Decimal,
        empty_value=None,
        required=False,
    )
    bag_ml = _number("Bag volume, drug included", unit="mL", hint="For the pump's rate in mL/h.")
    sessions = forms.IntegerField(label="Sessions", min_value=1, max_value=60)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, protocol: Protocol, number: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.protocol, self.number = protocol, number
        dose = protocol.dose_at(number)
        if protocol.route is Route.NASAL:
            self._by_device(dose.steps if dose else ())
        elif dose:
            self.fields["amount"].label = f"Dose ({dose.figure.unit})"
            self.fields["weight_kg"].required = dose.figure.unit != "mg/h"
            self.fields["strength_mg_ml"].required = True

    def _by_device(self, steps: tuple[Decimal, ...]) -> None:
        """A spray comes in devices: nothing to weigh, draw up or run."""
        for name in set(self.fields) - {"sessions", "shown", "reason", "seen"}:
            del self.fields[name]
        if len(steps) > 1:
            self.fields["amount"] = forms.TypedChoiceField(
                label="Dose",
                choices=[("", "As the label proposes"), *((str(mg), f"{mg} mg") for mg in steps)],
                coerce=Decimal,
                empty_value=None,
                required=False,
            )

    def plan(self, patient: "Patient", today: date) -> Plan:
        """The plan these fields describe."""
        said: Callable[[str], Any] = self.cleaned_data.get
        body = Body(
            weight_kg=said("weight_kg"),
            height_cm=said("height_cm"),
            sex=Sex(patient.sex),
            age_years=Decimal(age_on(patient.born_on, today)),
            previous_weight_kg=said("previous_weight_kg"),
        )
        choice = Choice(
            session_number=self.number,
            amount=said("amount"),
            duration_min=said("duration_min"),
            basis=Basis(said("basis")) if said("basis") else None,
            entered_kg=said("entered_kg"),
        )
        nasal = self.protocol.route is Route.NASAL
        preparation = None if nasal else Preparation(said("strength_mg_ml"), said("bag_ml"))
        return Plan(self.protocol.id, body, said("sessions"), choice, preparation)


class ChangeForm(DoseForm):
    """A change of dose, with its reason."""

    reason = forms.CharField(label="Why the dose changes", max_length=1000)
    seen = forms.IntegerField(widget=forms.HiddenInput)


class ReviewForm(forms.Form):
    """Go on, change, or stop: decided by a prescriber, with the reason."""

    decision = forms.ChoiceField(
        label="Decision",
        choices=DECISIONS,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label="Why", max_length=1000, widget=forms.Textarea({"rows": 3}))


class EndForm(forms.Form):
    """The end of a course."""

    completed = forms.ChoiceField(
        label="The course is",
        choices=[("yes", "completed"), ("no", "stopped early")],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label="Why", max_length=1000, widget=forms.Textarea({"rows": 3}))


class StretchForm(forms.Form):
    """Leave for a course to take longer."""

    reason = forms.CharField(
        label="Why it takes longer",
        help_text="For instance an illness, or a session that had to be called off.",
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
    )
