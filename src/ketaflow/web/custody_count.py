"""Blind counts, inventories, and the incidents that follow from them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.custody import queries
from ketaflow.custody.counting import actions
from ketaflow.custody.counting import queries as counting
from ketaflow.custody.counts import CountMoved, Found, Line, Method, Moment
from ketaflow.custody.witness import Witness
from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.web import custody_forms as entering
from ketaflow.web.custody_acts import Deed, Page, press, show
from ketaflow.web.errors import status_of
from ketaflow.web.forms import refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.presses import number
from ketaflow.web.second_person import proved


class CountForm(forms.Form):
    """One box for each line; what is expected is on no page until the count is in."""

    def __init__(self, *args: Any, lines: Sequence[Line], **more: Any) -> None:
        super().__init__(*args, **more)
        self.lines = tuple(lines)
        for place, line in enumerate(self.lines):
            self.fields[f"found-{place}"] = number(
                f"{line.name}, lot {line.lot}{', open' if line.open else ''}", line.unit,
                required=True,
            )  # fmt: skip
            for name, value in (("key", line.key), ("mark", line.mark)):
                self.fields[f"{name}-{place}"] = forms.CharField(
                    widget=forms.HiddenInput, initial=value, max_length=120
                )

    def found(self) -> dict[str, Found]:
        """What was found, with the marks of the sheet that was handed out."""
        told = self.cleaned_data
        return {
            told[f"key-{place}"]: Found(told[f"found-{place}"], _mark(told[f"mark-{place}"]))
            for place in range(len(self.lines))
        }


def _mark(said: str) -> int:
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 12 else -1


@duty(Duty.HANDLE_DRUGS)
def count(request: StaffRequest, place: UUID) -> HttpResponse:
    """Count one place blind."""
    clinic = request.clinic.id
    found = queries.place(clinic=clinic, id=place)
    if found is None:
        raise Http404
    lines = counting.sheet(clinic=clinic, place=place)
    form = CountForm(request.POST if request.method == "POST" else None, lines=lines)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            sheet = actions.Sheet(place, form.found())
            try:
                actions.count(sheet=sheet, by=request.author, at=timezone.now())
                last = counting.counts(clinic=clinic, place=place)[0]
                return redirect("custody_counted", count=last.id)
            except Refused as refusal:
                form, status = _again(form, lines, refusal)
    context = {"place": found, "form": form, "lines": lines}
    return render(request, "custody/count.html", context, status=status)


def _again(form: CountForm, lines: Sequence[Line], refusal: Refused) -> tuple[CountForm, int]:
    """The form with what was typed; a sheet that was overtaken is handed out anew and empty."""
    refuse(form, refusal)
    if isinstance(refusal, CountMoved):
        typed = form.data.copy()  # type: ignore[attr-defined]
        for place, line in enumerate(lines):
            typed[f"mark-{place}"], typed[f"key-{place}"] = str(line.mark), line.key
            typed[f"found-{place}"] = ""
        form.data = typed
    return form, status_of(refusal)


@duty(Duty.KEEP_DRUGS)
def inventory(request: StaffRequest) -> HttpResponse:
    """Take an inventory of everything, signed by two."""
    clinic = request.clinic.id
    lines = counting.sheet(clinic=clinic, place=None)
    sent = request.POST if request.method == "POST" else None
    form, how, status = CountForm(sent, lines=lines), entering.InventoryForm(sent), 200
    if sent is not None:
        status = 422
        if form.is_valid() and how.is_valid():
            try:
                _take(request, form, how.cleaned_data)
                messages.success(request, "The inventory is signed.")
                return redirect("custody")
            except Refused as refusal:
                form, status = _again(form, lines, refusal)
    context = {"form": form, "how": how, "lines": lines, "last": _last(clinic)}
    return render(request, "custody/inventory.html", context, status=status)


def _last(clinic: UUID) -> Any:
    return counting.last_inventory(clinic=clinic)


def _take(request: StaffRequest, form: CountForm, told: Mapping[str, Any]) -> None:
    witness = Witness(proved(request, told["email"], told["password"]), timezone.now())
    actions.take_inventory(
        sheet=actions.Sheet(None, form.found()),
        taken=actions.Taken(Moment(told["moment"]), Method(told["method"])),
        witness=witness,
        by=request.author,
        at=timezone.now(),
    )


@duty(Duty.SEE_CUSTODY)
def counted(request: StaffRequest, count: UUID) -> HttpResponse:
    """Show what was found beside what was expected, now that the count is in."""
    found = counting.count(clinic=request.clinic.id, id=count)
    if found is None:
        raise Http404
    lines = [
        {**one, "difference": Decimal(one["found"]) - Decimal(one["expected"])}
        for one in found.lines
    ]
    return render(request, "custody/counted.html", {"count": found, "lines": lines})


def _page(request: StaffRequest, incident: UUID) -> Page:
    clinic = request.clinic.id
    row = queries.incident(clinic=clinic, id=incident)
    if row is None:
        raise Http404

    def context() -> dict[str, Any]:
        now = queries.incident(clinic=clinic, id=incident)
        assert now is not None
        again = counting.reconstruction(clinic=clinic, incident=now)
        return {"incident": now, "again": again, "today": timezone.localdate()}

    def offered() -> dict[str, dict[str, Any]]:
        now = queries.incident(clinic=clinic, id=incident)
        if now is None or now.closed_at:
            return {}
        seen = {"initial": {"seen": now.ordinal}}
        return {"judge": seen, "report": seen, "close": seen}

    url = ("custody_incident", {"incident": incident})
    return Page("custody/incident.html", url, context, DEEDS, offered, incident)


def _judge(request: StaffRequest, incident: UUID, told: Mapping[str, Any]) -> None:
    actions.judge(
        incident=incident, significant=told["significant"] == "yes", reason=told["reason"],
        seen=told["seen"], by=request.author, at=timezone.now(),
    )  # fmt: skip


def _report(request: StaffRequest, incident: UUID, told: Mapping[str, Any]) -> None:
    actions.report(
        incident=incident, what=told["what"], reference=told["reference"], seen=told["seen"],
        by=request.author, at=timezone.now(),
    )  # fmt: skip


def _close(request: StaffRequest, incident: UUID, told: Mapping[str, Any]) -> None:
    actions.close(
        incident=incident, finding=told["finding"], seen=told["seen"], by=request.author,
        at=timezone.now(),
    )  # fmt: skip


KEEP = Duty.KEEP_DRUGS
DEEDS = {
    "judge": Deed(entering.JudgeForm, _judge, "Judged.", "Judge the loss", KEEP),
    "report": Deed(entering.ReportForm, _report, "Recorded.", "Record what was reported", KEEP),
    "close": Deed(entering.CloseForm, _close, "Closed.", "Close with what was found", KEEP),
}


@duty(Duty.SEE_CUSTODY)
def incident(request: StaffRequest, incident: UUID) -> HttpResponse:
    """Show an incident with its clocks, and every movement in which the cause must lie."""
    return show(request, _page(request, incident))


@duty(Duty.SEE_CUSTODY, change=Duty.KEEP_DRUGS)
def incident_do(request: StaffRequest, incident: UUID, deed: str) -> HttpResponse:
    """Judge, report or close an incident."""
    return press(request, _page(request, incident), deed)
