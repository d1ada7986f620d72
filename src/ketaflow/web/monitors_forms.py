"""The forms about monitors: where one stands, and whose the readings are that wait."""

from typing import Any

from django import forms

from ketaflow.session.monitors.arrivals import By


class BindForm(forms.Form):
    """A monitor stands at a chair."""

    monitor = forms.ChoiceField(
        label="Known by",
        choices=[
            (By.PLACE.value, "Its place (PV1-3)"),
            (By.DEVICE.value, "A device (OBX-18, PRT-10 or MSH-3)"),
        ],
    )
    value = forms.CharField(label="Place or identifier, as the monitor sends it", max_length=200)
    chair = forms.TypedChoiceField(label="Chair", coerce=str)

    def __init__(self, *args: Any, chairs: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["chair"].choices = [("", "Choose"), *chairs]  # type: ignore[attr-defined]


class UnbindForm(forms.Form):
    """A monitor is taken away from its chair."""

    monitor = forms.ChoiceField(choices=[(one.value, one.label) for one in By])
    value = forms.CharField(max_length=200)


class WaitingForm(forms.Form):
    """What waits, as far as the person saw it."""

    group = forms.UUIDField(widget=forms.HiddenInput)
    upto = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class AssignForm(WaitingForm):
    """What waits belongs to a session."""

    session = forms.ChoiceField(label="Whose readings these are")
    reason = forms.CharField(label="How you know", max_length=300)

    def __init__(self, *args: Any, sessions: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["session"].choices = [("", "Choose"), *sessions]  # type: ignore[attr-defined]


class DiscardForm(WaitingForm):
    """What waits belongs to nobody."""

    reason = forms.CharField(label="Why they are discarded", max_length=300)


class ConfirmForm(forms.Form):
    """A row of the flowsheet that a monitor charted stands as it is."""

    reading = forms.UUIDField()
    seen = forms.IntegerField(min_value=0, max_value=2**31 - 1)
