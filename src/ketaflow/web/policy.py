"""The clinic's own numbers: shown with what the evidence saw, set and signed by its director."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.evidence.sources import cite
from ketaflow.people.roles import Duty
from ketaflow.protocol import actions, limits, queries
from ketaflow.refusals import Refused
from ketaflow.web import policy_holds
from ketaflow.web.forms import answer, refuse
from ketaflow.web.gate import StaffRequest, duty


class PolicyForm(forms.Form):
    """One field for each number that only the clinic can choose."""

    note = forms.CharField(
        label="What changes in this version, and why", max_length=400, required=False
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, limit in limits.limits().items():
            self.fields[key] = forms.DecimalField(
                label=limit.label,
                help_text=f"{limit.unit}. {limit.why_local}",
                required=True,
                widget=forms.TextInput(
                    attrs={"inputmode": "decimal", "class": "govuk-input--width-5"}
                ),
            )
        policy_holds.add_fields(self)

    def clean(self) -> dict[str, Any]:
        """Put what cannot be right beside its own field."""
        cleaned: dict[str, Any] = super().clean() or {}
        for key, limit in limits.limits().items():
            value = cleaned.get(key)
            if value is not None and (wrong := limits.implausibility(limit, value)):
                self.add_error(key, wrong)
        policy_holds.check(self, cleaned)
        return cleaned

    @property
    def values(self) -> dict[str, Decimal]:
        """The numbers as the decision reads them."""
        return {key: self.cleaned_data[key] for key in limits.limits()}

    def holds(self) -> Iterator[policy_holds.HoldRow]:
        """The hold rules."""
        return policy_holds.rows(self)

    def groups(self) -> list[tuple[str, list[tuple[limits.Limit, Any, Any]]]]:
        """The fields by group, each with its limit and sources."""
        ordered = groupby(limits.limits().items(), key=lambda pair: pair[1].group)
        return [
            (group, [(limit, self[key], cite(limit.sources)) for key, limit in rows])
            for group, rows in ordered
        ]


@duty(Duty.SEE_BOARD, change=Duty.SIGN_POLICY)
def policy(request: StaffRequest) -> HttpResponse:
    """Show the policy in force; the medical director signs a new version."""
    signed = queries.signed_policy(clinic=request.clinic.id)
    holds = policy_holds.initial(signed.holds) if signed else {}
    initial = {
        **(signed.values if signed else {}),
        **holds,
        "seen": signed.version if signed else 0,
    }
    form = PolicyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.sign_policy(
                values=form.values,
                holds=policy_holds.choices(form.cleaned_data),
                note=form.cleaned_data["note"],
                seen=form.cleaned_data["seen"],
                by=request.author,
                at=timezone.now(),
            )
            messages.success(request, "The policy is signed and in force.")
            return redirect("policy")
        except Refused as refusal:
            refuse(form, refusal)
    history = queries.policies(clinic=request.clinic.id)
    in_force = f"In force: version {signed.version}" if signed else ""
    context = {"form": form, "signed": signed, "history": history, "in_force": in_force}
    return answer(request, "protocol/policy.html", context, form)


@duty(Duty.SEE_BOARD)
def library(request: StaffRequest) -> HttpResponse:
    """Show every protocol with its evidence for and against."""
    from ketaflow.protocol.library import protocols

    return render(request, "protocol/library.html", {"protocols": protocols().values()})
