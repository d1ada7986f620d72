"""Forms about who a patient is, who sent them, and what the clinic itself found."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from uuid import uuid4, uuid5

from django import forms

from ketaflow.people.chart import ChartItem, Coding, Kind, Sex
from ketaflow.people.registration import PatientDetails
from ketaflow.protocol import slips
from ketaflow.refusals import Refused
from ketaflow.session import vitals
from ketaflow.web.forms import DayInput

SEXES = [(one.value, one.value.capitalize()) for one in Sex]


class PatientForm(forms.Form):
    """Who the patient is."""

    family = forms.CharField(label="Family name", max_length=120)
    given = forms.CharField(label="Given names", max_length=120)
    born_on = forms.DateField(label="Born on", widget=DayInput)
    sex = forms.ChoiceField(label="Sex", choices=SEXES, widget=forms.RadioSelect)
    number = forms.CharField(
        label="Patient number",
        max_length=40,
        help_text="As your clinic numbers its charts.",
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10"}),
    )
    phone = forms.CharField(label="Telephone", max_length=60, required=False)
    email = forms.EmailField(label="E-mail", max_length=254, required=False)
    address = forms.CharField(label="Address", max_length=300, required=False)

    def details(self, identifiers: tuple[tuple[str, str], ...] = ()) -> PatientDetails:
        """What was typed, as the decision reads it."""
        said: dict[str, Any] = {
            name: self.cleaned_data[name] for name in PatientForm.base_fields if name != "sex"
        }
        return PatientDetails(sex=Sex(self.cleaned_data["sex"]), identifiers=identifiers, **said)


class ReferralForm(forms.Form):
    """Who sent the patient and what for; both or neither."""

    referrer = forms.CharField(label="Referred by", max_length=200, required=False)
    referred_for = forms.CharField(
        label="What for",
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        """Half a referral helps nobody."""
        said: dict[str, Any] = super().clean() or {}
        for given, lacking in (("referrer", "referred_for"), ("referred_for", "referrer")):
            if said.get(given) and not said.get(lacking):
                self.add_error(lacking, "Write this too, or leave both empty.")
        return said


class RegisterForm(ReferralForm, PatientForm):
    """A new patient and, when known, who sent them."""


class CorrectForm(PatientForm):
    """A correction names its reason."""

    reason = forms.CharField(
        label="Why is this corrected?",
        max_length=400,
        help_text="The record keeps both what was there and why it changed.",
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)


# What can be noted by hand: how it is called, and for a measurement its code (S48) and unit.
MEASURED = {
    "weight": (Kind.VITAL, "Body weight", "29463-7", "kg"),
    "height": (Kind.VITAL, "Body height", "8302-2", "cm"),
    "systolic": (Kind.VITAL, "Systolic blood pressure", "8480-6", "mm[Hg]"),
    "diastolic": (Kind.VITAL, "Diastolic blood pressure", "8462-4", "mm[Hg]"),
    "heart_rate": (Kind.VITAL, "Heart rate", "8867-4", "/min"),
    "spo2": (Kind.VITAL, "Oxygen saturation", "59408-5", "%"),
}
BODY: dict[str, Callable[[Decimal], Decimal]] = {"weight": slips.weight, "height": slips.height}
WRITTEN = {
    "CONDITION": "A diagnosis",
    "MEDICATION": "A medicine",
    "ALLERGY": "An allergy",
}
UNITS = {
    "mm[Hg]": "mmHg",
    "{score}": "",
    "kg/m2": "kg/m²",
    "10*3/uL": "10³/µL",
    "10*6/uL": "10⁶/µL",
}


def unit_in_words(unit: str) -> str:
    """A UCUM unit as people write it."""
    return UNITS.get(unit, unit)


class FactForm(forms.Form):
    """One fact the clinic found itself."""

    what = forms.ChoiceField(
        label="What is it?",
        choices=[
            *WRITTEN.items(),
            *((key, f"{row[1]}, {unit_in_words(row[3])}") for key, row in MEASURED.items()),
        ],
    )
    text = forms.CharField(
        label="In words",
        max_length=400,
        required=False,
        help_text="For a diagnosis, a medicine with its dose, or an allergy.",
    )
    value = forms.DecimalField(
        label="Measured value",
        required=False,
        min_value=1,
        max_digits=7,
        help_text="For a measurement, in the unit named above.",
        widget=forms.NumberInput(attrs={"class": "govuk-input govuk-input--width-5"}),
    )
    on = forms.DateField(label="Since, or measured on", widget=DayInput)
    # The fact's own number: pressed twice, it is one fact.
    sheet = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def clean(self) -> dict[str, Any]:
        """Words for what is written, a number for what is measured."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("what") in WRITTEN and not said.get("text"):
            self.add_error("text", "Write what it is.")
        if said.get("what") in MEASURED and said.get("value") is None and "value" in said:
            self.add_error("value", "Give the number that was measured.")
        if said.get("what") in MEASURED and said.get("value") is not None:
            self._check_measured(said["what"], said["value"])
        return said

    def _check_measured(self, what: str, value: Decimal) -> None:
        """Name a slip before it stands in the chart, from where doses are worked out."""
        try:
            if what in BODY:
                BODY[what](value)
            else:
                vitals.read({what: str(value)})
        except Refused as slip:
            self.add_error("value", str(slip))

    def item(self) -> ChartItem:
        """What was typed, as an item of the chart."""
        said = self.cleaned_data
        at = datetime.combine(said["on"], time(), tzinfo=UTC)
        same = uuid5(said["sheet"], f"{said['what']}/{said['text']}/{said['value']}/{said['on']}")
        if said["what"] in WRITTEN:
            kind = Kind(said["what"])
            return ChartItem(kind, f"noted/{same}", said["text"], started_at=at)
        kind, text, code, unit = MEASURED[said["what"]]
        return ChartItem(
            kind=kind,
            reference=f"noted/{same}",
            text=text,
            codings=(Coding("LOINC", code),),
            value=said["value"],
            unit=unit,
            started_at=at,
        )


LARGEST_MB = 20
MOST_FILES = 20


class FilesField(forms.FileField):
    """Several files at once, each within bounds."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", FilesInput(attrs={"accept": ".json,.gz,application/json"}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Every file that was chosen."""
        chosen = [super(FilesField, self).clean(one, initial) for one in data or [None]]
        if len(chosen) > MOST_FILES:
            raise forms.ValidationError(
                f"{len(chosen)} files were chosen; send at most {MOST_FILES} at a time."
            )
        for one in chosen:
            if one.size > LARGEST_MB * 1024 * 1024:
                raise forms.ValidationError(
                    f"{one.name} is larger than {LARGEST_MB} MB, as no referral is. "
                    "Nothing was taken in; ask for one patient’s record alone."
                )
        return chosen


class FilesInput(forms.ClearableFileInput):
    """The browser's own way to choose several files."""

    template_name = "django/forms/widgets/file.html"
    allow_multiple_selected = True


class UploadForm(ReferralForm):
    """The files as they came, and the letter's sender and reason when there is one."""

    bundles = FilesField(
        label="FHIR files",
        help_text="Bundles as the hospital sent them, .json or .json.gz, one person in each.",
        error_messages={"required": "Choose at least one file."},
    )
    field_order = ("bundles", "referrer", "referred_for")
