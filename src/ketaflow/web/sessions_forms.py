"""What is entered at the chair: large fields, few of them, and words beside every number."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from ketaflow.instruments.library import instrument
from ketaflow.protocol.library import Route
from ketaflow.session import checklist, discharge, events, vitals
from ketaflow.session.wishes import Departure, DoseRead, Taken
from ketaflow.web.presses import PressForm, WhenForm, count, number


class TickForm(PressForm):
    """The checklist as one form: ticked, saved once."""

    def arrange(self) -> None:
        """One box for each line this order asks for, and a note where the line wants one."""
        prepared, policy = self.room.state.preparation, self.room.policy
        today = checklist.circumstances(prepared, policy) if policy else frozenset()
        self.items = checklist.asked(prepared.order, today=today)
        for item in self.items:
            tick = prepared.checklist.get(item.key)
            self.fields[item.key] = forms.BooleanField(
                label=item.text, required=False, initial=bool(tick and tick.done)
            )
            if item.note:
                self.fields[f"{item.key}-note"] = forms.CharField(
                    label=item.note,
                    required=False,
                    max_length=300,
                    initial=tick.note if tick else "",
                )

    def said(self) -> dict[str, Any]:
        """Every line with its note."""
        told = self.cleaned_data
        return {
            "ticks": {
                one.key: (told[one.key], told.get(f"{one.key}-note", "")) for one in self.items
            }
        }


class VitalsFields(WhenForm):
    """A full set of vital signs."""

    def arrange(self) -> None:
        """One box for each sign, in the order of the flowsheet; then the time."""
        for sign in vitals.signs().values():
            box = number(sign.label.removesuffix(" pressure"), sign.unit)
            # What cannot grow by a digit any more is whole: the keypad goes on to the next box.
            box.widget.attrs |= {"data-high": str(sign.high.value), "enterkeyhint": "next"}
            self.fields[sign.name] = box
        self.order_fields([*vitals.signs(), "sedation", "dissociation", "pain"])

    def measured(self) -> Mapping[str, Decimal | None]:
        """The signs that were entered."""
        return {name: self.cleaned_data[name] for name in vitals.signs()}


class BaselineForm(VitalsFields):
    """The vital signs before the drug."""

    when = None  # type: ignore[assignment]

    def said(self) -> dict[str, Any]:
        """The signs."""
        return {"vitals": self.measured()}


class RoundForm(VitalsFields):
    """One round at the chair: vital signs and scales in one form."""

    sedation = forms.TypedChoiceField(
        label="Sedation (MOAA/S)", required=False, coerce=int, empty_value=None
    )
    dissociation = count("CADSS-6", 0, 24)
    pain = count("Pain", 0, 10)

    def arrange(self) -> None:
        """The answers of the sedation scale in words, most awake first."""
        super().arrange()
        scale = instrument("moaa-s")
        labels = list(enumerate(scale.items[0].labels, start=scale.items[0].low))
        said = [(str(value), f"{value}: {words}") for value, words in reversed(labels)]
        self.fields["sedation"].choices = [("", "Not taken"), *said]  # type: ignore[attr-defined]

    def said(self) -> dict[str, Any]:
        """The round, and when it was taken."""
        told = self.cleaned_data
        taken = Taken(self.measured(), told["sedation"], told["dissociation"], told["pain"])
        return {"taken": taken, "happened_at": self.happened_at()}


class DoseForm(PressForm):
    """The second person's check: what they read, and that both are who they say."""

    waits = False
    dose_mg = number("Dose drawn up", "mg", required=True)
    rate_mg_min = number("Rate set on the pump", "mg/min", required=True)
    devices = forms.IntegerField(
        label="Nasal devices",
        widget=forms.NumberInput({"class": "govuk-input govuk-input--width-4"}),
    )
    email = forms.EmailField(
        label="Second person's e-mail address",
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    password = forms.CharField(
        label="Second person's password",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )
    own_password = forms.CharField(
        label="Your own password, who prepared it",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )

    def arrange(self) -> None:
        """A spray has no rate, an infusion no devices."""
        nasal = self.room.protocol.route is Route.NASAL
        del self.fields["rate_mg_min" if nasal else "devices"]
        if nasal:
            self.fields["dose_mg"].label = "Dose in the devices"

    def said(self) -> dict[str, Any]:
        """What the second person read, and who prepared it."""
        told = self.cleaned_data
        read = DoseRead(told["dose_mg"], told.get("rate_mg_min"), told.get("devices"))
        return {"read": read, "prepared_by": self.author}


class StartForm(PressForm):
    """The pump is running: never before the record has said that it may."""

    waits = False
    rate_mg_min = number("Rate the pump shows", "mg/min", required=True)


class DeviceForm(PressForm):
    """One nasal device was emptied."""

    lot = forms.CharField(label="Lot number on the device", max_length=60)

    def arrange(self) -> None:
        """The first device starts the session, and nothing starts before the record allows it."""
        self.waits = bool(self.room.state.devices)


class RateForm(PressForm):
    """Another rate, with the reason."""

    rate_mg_min = number("New rate", "mg/min", required=True)
    reason = forms.CharField(label="Why", max_length=300)


class ReasonForm(PressForm):
    """A reason and nothing else."""

    reason = forms.CharField(label="Why", max_length=300)


class ResumeForm(PressForm):
    """The drug goes on."""

    rate_mg_min = number("Rate, if another than before", "mg/min")

    def arrange(self) -> None:
        """A spray has no rate."""
        if self.room.protocol.route is Route.NASAL:
            self.fields["rate_mg_min"].widget = forms.HiddenInput()


class StopForm(WhenForm):
    """The drug has ended."""

    reason = forms.ChoiceField(
        label="Why it ended",
        choices=[
            ("complete", "All of it is in"),
            ("side effect", "A side effect"),
            ("the patient's wish", "The patient's wish"),
            ("vital signs", "Vital signs"),
            ("sedation", "Too sedated"),
            ("technical", "The pump, the line or the device"),
        ],
    )
    field_order = ("reason", "when")

    def said(self) -> dict[str, Any]:
        """The reason, and when."""
        return {"reason": self.cleaned_data["reason"], "happened_at": self.happened_at()}


class EffectForm(PressForm):
    """A side effect from the list."""

    effect = forms.ChoiceField(label="What")
    severity = forms.TypedChoiceField(
        label="How bad",
        coerce=int,
        choices=[("1", "1 (mild)"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5 (gravest)")],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label="Note", required=False, max_length=300)

    def arrange(self) -> None:
        """The list, in its order."""
        listed = [(one.key, one.label) for one in events.side_effects().values()]
        self.fields["effect"].choices = [("", "Choose"), *listed]  # type: ignore[attr-defined]

    def said(self) -> dict[str, Any]:
        """What was found."""
        return {"found": super().said()}


class RescueForm(PressForm):
    """A rescue medicine, as it was given. What sources name is offered; anything can be written."""

    medicine = forms.CharField(label="Medicine", max_length=100)
    dose = forms.CharField(label="Dose with its unit", max_length=60)
    route = forms.CharField(label="Route", max_length=60)
    reason = forms.CharField(label="Why", max_length=300)

    def arrange(self) -> None:
        """The names that sources give, as suggestions of the browser."""
        self.suggested = tuple(events.rescues().values())
        self.fields["medicine"].widget.attrs["list"] = "rescue-medicines"

    def said(self) -> dict[str, Any]:
        """What was given."""
        return {"given": super().said()}


class NoteForm(PressForm):
    """A note."""

    text = forms.CharField(label="Note", max_length=2000, widget=forms.Textarea({"rows": 3}))


class ScoreForm(PressForm):
    """A discharge score, item by item."""

    instrument = ""

    def arrange(self) -> None:
        """One row of answers for each item."""
        for item in instrument(self.instrument).items:
            whole = [(str(value), str(value)) for value in range(item.high, item.low - 1, -1)]
            self.fields[item.key] = forms.TypedChoiceField(
                label=item.text, coerce=int, choices=whole, widget=forms.RadioSelect
            )

    def said(self) -> dict[str, Any]:
        """The answers, in the order of the instrument."""
        answers = [self.cleaned_data[item.key] for item in instrument(self.instrument).items]
        return {"instrument": self.instrument, "answers": answers}


class AldreteForm(ScoreForm):
    """The modified Aldrete score."""

    instrument = "modified-aldrete"


class MpadssForm(ScoreForm):
    """The MPADSS."""

    instrument = "mpadss"


class HomeForm(PressForm):
    """The patient goes home: only when the record agrees."""

    waits = False

    done = forms.MultipleChoiceField(
        label="Before the patient leaves", required=False, widget=forms.CheckboxSelectMultiple
    )
    escort = forms.CharField(label="Who takes the patient home", max_length=200)
    shortened = forms.CharField(
        label="Medical director: why earlier than the clock says", required=False, max_length=300
    )

    def arrange(self) -> None:
        """The list for this route, and the escort named at check-in."""
        listed = discharge.always_for(self.room.protocol.route)
        self.fields["done"].choices = [(one.key, one.text) for one in listed]  # type: ignore[attr-defined]
        named = self.room.state.checklist.get("escort")
        self.fields["escort"].initial = named.note if named else ""
        if "MEDICAL_DIRECTOR" not in self.author.roles:
            del self.fields["shortened"]

    def said(self) -> dict[str, Any]:
        """How the patient leaves."""
        told = self.cleaned_data
        left = Departure(frozenset(told["done"]), told["escort"], told.get("shortened", ""))
        return {"departure": left}


class TransferForm(PressForm):
    """The patient is sent on."""

    to = forms.CharField(label="Where to", max_length=200)
    reason = forms.CharField(label="Why", max_length=300)


class WalkInForm(forms.Form):
    """A patient without a booking: which chair, and who watches."""

    chair = forms.ChoiceField(label="Chair")
    nurse = forms.ChoiceField(label="Nurse")

    def __init__(self, *args: Any, chairs: list[str], nurses: list[tuple[str, str]], **more: Any):
        super().__init__(*args, **more)
        self.fields["chair"].choices = [(one, one) for one in chairs]  # type: ignore[attr-defined]
        self.fields["nurse"].choices = nurses  # type: ignore[attr-defined]
