"""The record itself: what happened to one chart and who read it; the clinic's newest entries."""

import json
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from ketaflow.journal import queries as journal
from ketaflow.people import actions, queries
from ketaflow.people.roles import Duty
from ketaflow.protocol import queries as protocol
from ketaflow.refusals import DoesNotVerify
from ketaflow.schedule import queries as schedule
from ketaflow.session import queries as session
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.patients import find

PAGE = 50
# Entries that are looked through for one page, and the kinds of which a row of them is one line.
MOST_READ = 5_000
FOLDED = frozenset({"monitor.charted", "monitor.kept"})

# What an entry says, in a clinician's words; an unknown kind is shown as it is written.
WORDS = {
    "aftercare.signed": "Aftercare plan signed",
    "chart.read": "Read the chart",
    "clinic.opened": "Clinic opened",
    "consent.given": "Consent given",
    "consent.withdrawn": "Consent withdrawn",
    "course.planned": "Course planned",
    "monitor.assigned": "Readings of a monitor assigned",
    "monitor.bound": "Monitor bound to a chair",
    "monitor.charted": "Charted by a monitor",
    "monitor.discarded": "Readings of a monitor discarded",
    "monitor.kept": "Received from a monitor, for nobody yet",
    "monitor.unbound": "Monitor taken away from its chair",
    "patient.amended": "Details corrected",
    "patient.chart_received": "Referral taken in",
    "patient.fact_noted": "Added to the chart",
    "patient.referred": "Referred",
    "patient.registered": "Registered",
    "policy.signed": "Clinic policy signed",
    "screening.answered": "Interview answered",
    "screening.assessed": "Screening recorded",
    "screening.overridden": "Absolute finding overridden",
    "screening.reviewed": "Relative finding reviewed",
    "screening.trial_corrected": "Antidepressant trial corrected",
    "screening.trial_recorded": "Antidepressant trial recorded",
    "screening.worked_up": "Work-up done",
    "staff.certified": "Credential recorded",
    "staff.deactivated": "Way in closed",
    "staff.employed": "Joined the clinic",
}
# What of an entry's content is worth a line, in this order.
TELLING = (
    "page",
    "referrer",
    "protocol",
    "verdict",
    "rule",
    "drug",
    "item",
    "reason",
)
LONGEST = 200


def words_of(kind: str) -> str:
    """What happened, in words."""
    return WORDS.get(kind) or kind.replace(".", ": ").replace("_", " ").capitalize()


@duty(Duty.SEE_CHART)
def patient_record(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Show who wrote and who read what of this chart, and when, newest first."""
    who = find(request, patient)
    actions.note_reading(patient=who, page="record", by=request.author, at=timezone.now())
    found = queries.record_of(
        clinic=request.clinic.id,
        streams=_streams(request.clinic.id, who.id),
        before=_before(request),
        limit=PAGE + 1,
    )
    context = {
        "patient": who,
        "rows": [_row(one) for one in found[:PAGE]],
        "before": found[PAGE - 1].pk if len(found) > PAGE else None,
        "first": "before" not in request.GET,
    }
    return render(request, "record/patient.html", context)


@duty(Duty.SEE_RECORD)
@require_http_methods(["GET", "POST"])
def record(request: StaffRequest) -> HttpResponse:
    """Show the clinic's newest entries; prove on demand that none was changed or removed."""
    context: dict[str, Any] = {"rows": list(_newest(request.clinic.id))}
    if request.method == "POST":
        try:
            context["verified"] = journal.verify()
        except DoesNotVerify as broken:
            context["broken"] = str(broken)
    return render(request, "record/clinic.html", context)


def _newest(clinic: UUID) -> Iterator[dict[str, Any]]:
    """The newest rows; what monitors said between two of them is one, they speak every second."""
    entries = journal.newest_first(clinic=clinic, most=MOST_READ)
    runs = groupby(entries, key=lambda one: one.kind if one.kind in FOLDED else one.pk)
    for _, run in islice(runs, PAGE):
        newest, *older = run
        words = words_of(newest.kind)
        yield {
            "entry": newest,
            "words": f"{words}, {len(older) + 1} times in a row" if older else words,
            "about": newest.stream.partition("/")[0],
            "by": newest.by_name if len({one.by_name for one in (newest, *older)}) == 1 else
            "Several monitors",
        }  # fmt: skip


def _streams(clinic: UUID, patient: UUID) -> list[str]:
    """Every stream in which something of this chart is written."""
    own = [f"{about}/{patient}" for about in ("patient", "screening", "access", "outcomes")]
    for course in protocol.courses_of(clinic=clinic, patient=patient):
        own += [f"course/{course.id}", f"aftercare/{course.id}"]
    for visit in schedule.of_patient(clinic=clinic, patient=patient):
        own.append(f"booking/{visit.id}")
    for held in session.of_patient(clinic=clinic, patient=patient):
        own.append(f"session/{held.id}")
    return own


def _before(request: StaffRequest) -> int | None:
    try:
        return int(request.GET["before"]) if "before" in request.GET else None
    except ValueError:
        raise Http404("That is not a page of the record.") from None


def _row(entry: Any) -> dict[str, Any]:
    said = json.loads(entry.said_json)
    told = [str(said[key]) for key in TELLING if isinstance(said.get(key), str) and said[key]]
    item = said.get("item")
    if isinstance(item, dict):
        told.append(" ".join(str(item.get(part) or "") for part in ("text", "value", "unit")))
    told += [f"{key.replace('_', ' ')}: {value}" for key, value in _answers(said).items()]
    return {
        "entry": entry,
        "words": words_of(entry.kind),
        "told": "; ".join(told)[:LONGEST],
        "read": entry.kind == "chart.read",
    }


def _answers(said: dict[str, Any]) -> dict[str, str]:
    answers = said.get("answers")
    if not isinstance(answers, dict):
        return {}
    return {key: value or "not known" for key, value in answers.items() if isinstance(value, str)}
