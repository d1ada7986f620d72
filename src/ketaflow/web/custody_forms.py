"""What is entered about controlled drugs: few fields, units beside them, and a box to scan."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from ketaflow.custody.answers.reports import REPORTS, Asked, Name
from ketaflow.custody.answers.signals import SIGNALS
from ketaflow.custody.counts import Method, Moment
from ketaflow.custody.items import SCHEDULES, Form
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.profiles import Terms, profiles
from ketaflow.custody.setting.delivery import Delivered
from ketaflow.protocol.library import Drug
from ketaflow.web.forms import DayInput
from ketaflow.web.presses import number

Choices = Sequence[tuple[str, str]]


def words(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    """A line of words."""
    return forms.CharField(label=label, max_length=400, required=required, help_text=help_text)


def scanned() -> forms.CharField:
    """Where a scanner types; it ends with Enter, which sends the form."""
    return forms.CharField(
        label="Scan the box",
        required=False,
        max_length=200,
        help_text="The square code on the box, or leave it empty and choose below.",
        widget=forms.TextInput({"autocomplete": "off", "class": "govuk-input--width-20"}),
    )


class SeenForm(forms.Form):
    """What every press carries: the last entry that was on the page."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10**8)


class WitnessForm(SeenForm):
    """Somebody else stands by and signs with their own password."""

    reason = words("Why")
    email = forms.EmailField(
        label="Witness's e-mail address", widget=forms.EmailInput({"autocomplete": "off"})
    )
    password = forms.CharField(
        label="Witness's password",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )


class DrawForm(forms.Form):
    """Which container, and what was measured."""

    scan = scanned()
    container = forms.ChoiceField(
        label="Container", required=False, choices=(), widget=forms.RadioSelect
    )
    quantity = number("Drawn", required=True)

    def __init__(self, *args: Any, containers: Choices, unit: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["container"].choices = containers  # type: ignore[attr-defined]
        self.fields["quantity"].widget.attrs["unit"] = unit

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two ways to say which container it is."""
        told: dict[str, Any] = super().clean() or {}
        if not told.get("scan") and not told.get("container") and "container" not in self.errors:
            self.add_error("container", "Scan the box, or choose the container it came from.")
        return told


class WasteForm(WitnessForm):
    """What is wasted of a draw or of an open vial."""

    quantity = number("Wasted", required=True)
    field_order = ("quantity", "reason", "email", "password")


class LoseForm(WitnessForm):
    """What was spilt, broken or cannot be found."""

    quantity = number("Lost", required=True)
    field_order = ("quantity", "reason", "email", "password")


class WhereForm(SeenForm):
    """Where it goes, and why."""

    place = forms.ChoiceField(label="To")
    reason = words("Why", required=False, help_text="Needed unless it has expired.")

    def __init__(self, *args: Any, places: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["place"].choices = places  # type: ignore[attr-defined]


class ReleaseForm(WitnessForm):
    """Back from quarantine."""

    place = forms.ChoiceField(label="To")
    field_order = ("place", "reason", "email", "password")

    def __init__(self, *args: Any, places: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["place"].choices = places  # type: ignore[attr-defined]


class DestroyForm(WitnessForm):
    """Destroyed so that nothing can be retrieved."""

    reference = words("Form or certificate number", required=False)


class SendBackForm(SeenForm):
    """Sent to a reverse distributor."""

    to = words("Distributor: name, address, registration number")
    reference = words("Number of the shipment")


class ReverseForm(WitnessForm):
    """A movement that was written wrongly."""

    ordinal = forms.IntegerField(
        label="Entry to take back (its number in the list)", min_value=1, max_value=10**6
    )
    field_order = ("ordinal", "reason", "email", "password")


class AdjustForm(WitnessForm):
    """What two people found, after an incident explained it."""

    found = number("Found", required=True)
    incident = forms.ChoiceField(label="Explained by")
    field_order = ("found", "incident", "reason", "email", "password")

    def __init__(self, *args: Any, incidents: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["incident"].choices = incidents  # type: ignore[attr-defined]


class ReceiveForm(forms.Form):
    """Who sent it, where it went, and a box to scan into the lines below."""

    supplier = words("Supplier")
    address = words("Supplier's address")
    registration = words("Supplier's registration number")
    invoice = words("Invoice")
    place = forms.ChoiceField(label="Locked into")
    scan = forms.CharField(
        label="Scan each box",
        required=False,
        max_length=200,
        help_text="The square code. Enter puts it on the list below; a second box of the same lot "
        "makes its line one more.",
        widget=forms.TextInput({"autocomplete": "off", "class": "govuk-input--width-20"}),
    )

    def __init__(self, *args: Any, places: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["place"].choices = places  # type: ignore[attr-defined]


class LineForm(forms.Form):
    """One line of an invoice: all of it, or nothing."""

    item = forms.ChoiceField(label="Item", required=False)
    lot = forms.CharField(label="Lot", max_length=40, required=False)
    expires_on = forms.DateField(label="Expires on", required=False, widget=DayInput)
    containers = forms.IntegerField(
        label="Containers", min_value=1, max_value=500, required=False,
        widget=forms.NumberInput({"class": "govuk-input govuk-input--width-4"}),
    )  # fmt: skip
    serials = forms.CharField(widget=forms.HiddenInput, required=False, max_length=25_000)

    def __init__(self, *args: Any, items: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["item"].choices = [("", "–"), *items]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for what a line that was begun still lacks."""
        told: dict[str, Any] = super().clean() or {}
        for name in ("item", "lot", "expires_on", "containers"):
            if self.has_changed() and not told.get(name) and name not in self.errors:
                self.add_error(name, f"Enter the {self.fields[name].label} of this line.")
        return told

    @property
    def delivered(self) -> Delivered | None:
        """The line; None where nothing was entered."""
        told = self.cleaned_data
        if not told.get("item"):
            return None
        serials = tuple(told["serials"].split())
        return Delivered(
            UUID(told["item"]), told["lot"], told["expires_on"], told["containers"], serials
        )


class TermsForm(SeenForm):
    """How the clinic keeps custody."""

    jurisdiction = forms.ChoiceField(
        label="Rules of", choices=[(key, one.name) for key, one in profiles().items()]
    )
    agreement_mg = number(
        "Drawn and given may lie apart",
        "mg",
        required=True,
        help_text="A volume is drawn to 0.01 mL, which is 0.5 mg at 50 mg/mL, and a pump's time is "
        "pressed by hand. No source settles it: the clinic does.",
    )
    count_every_h = forms.IntegerField(label="Count every place after (hours)")
    open_vial_days = forms.IntegerField(
        label="Use an opened vial for (days more)",
        help_text="0: on the day it is opened. 28 days is often said and is UNVERIFIED here.",
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, signal in SIGNALS.items():
            self.fields[f"limit_{name}"] = number(
                f"Mark “{signal.title}” above", "%", help_text="Empty: shown, never marked."
            )

    @property
    def terms(self) -> Terms:
        """The terms as they were filled in."""
        told = self.cleaned_data
        limits = {name: told[f"limit_{name}"] for name in SIGNALS}
        return Terms(
            told["jurisdiction"], told["agreement_mg"], told["count_every_h"],
            told["open_vial_days"],
            {name: limit for name, limit in limits.items() if limit is not None},
        )  # fmt: skip


class ItemForm(forms.Form):
    """A drug in one form, strength and size."""

    drug = forms.ChoiceField(label="Drug", choices=[(one.value, one.value) for one in Drug])
    form = forms.ChoiceField(label="Form", choices=[(one.value, one.label) for one in Form])
    strength_mg = number("Strength (mg in each mL, or in each device)", "mg", required=True)
    each = number("Content of one (mL, or 1 device)", required=True)
    schedule = forms.ChoiceField(label="Schedule", choices=[(one, one) for one in SCHEDULES])
    ndc = forms.CharField(label="NDC", max_length=20, required=False)
    gtin = forms.CharField(label="GTIN (14 digits, or scan it)", max_length=200, required=False)


class PlaceForm(forms.Form):
    """Where containers can be."""

    name = forms.CharField(label="Name", max_length=60)
    kind = forms.ChoiceField(label="Kind", choices=[(one.value, one.label) for one in PlaceKind])


class MoveForm(forms.Form):
    """Which containers go where; a container's value carries the entry that was seen."""

    containers = forms.MultipleChoiceField(label="Containers", widget=forms.CheckboxSelectMultiple)
    to = forms.ChoiceField(label="To")

    def __init__(self, *args: Any, containers: Choices, places: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["containers"].choices = containers  # type: ignore[attr-defined]
        self.fields["to"].choices = places  # type: ignore[attr-defined]


class InventoryForm(forms.Form):
    """How an inventory was taken, and who stood by."""

    moment = forms.ChoiceField(label="Of the", choices=[(one.value, one.label) for one in Moment])
    method = forms.ChoiceField(
        label="Open containers", choices=[(one.value, one.value.lower()) for one in Method]
    )
    email = WitnessForm.base_fields["email"]
    password = WitnessForm.base_fields["password"]


class JudgeForm(SeenForm):
    """Whether a loss is significant."""

    significant = forms.ChoiceField(
        label="Is the loss significant?",
        choices=[("yes", "Yes"), ("no", "No")],
        widget=forms.RadioSelect,
    )
    reason = words("Why")


class ReportForm(SeenForm):
    """What the authority was told; nothing is sent from here."""

    what = forms.ChoiceField(
        label="Sent", choices=[("notice", "The written notice"), ("form", "The form")]
    )
    reference = words("How, and under which number")


class CloseForm(SeenForm):
    """What was found."""

    finding = words("What was found")


class PeriodForm(forms.Form):
    """Which days."""

    first = forms.DateField(label="From", widget=DayInput)
    last = forms.DateField(label="To", widget=DayInput)


class SignalsForm(PeriodForm):
    """Which days, and which drug."""

    drug = forms.ChoiceField(
        label="Drug", required=False,
        choices=[("", "All"), *((one.value, one.value) for one in Drug)],
    )  # fmt: skip

    @property
    def asked(self) -> Asked:
        """Which days, and which drug."""
        return Asked(**self.cleaned_data)


class ReportsForm(SignalsForm):
    """Which report, and which part of it."""

    report = forms.ChoiceField(
        label="Report",
        choices=[(name.value, one.title) for name, one in REPORTS.items()],
    )  # fmt: skip
    person = forms.CharField(label="Who (full name)", required=False, max_length=200)
    field_order = ("report", "first", "last", "drug", "person")

    @property
    def name(self) -> Name:
        """The report that was chosen."""
        return Name(self.cleaned_data["report"])

    @property
    def asked(self) -> Asked:
        """Which part of it."""
        told = self.cleaned_data
        return Asked(told["first"], told["last"], told["drug"], told["person"].strip())


def marked(id: UUID, seen: int) -> str:
    """A container as a choice carries it, with the entry that was seen."""
    return f"{id}:{seen}"


def unmarked(value: str) -> tuple[UUID, int]:
    """The container and the entry that was seen."""
    id, _, seen = value.partition(":")
    return UUID(id), int(seen)
