"""That somebody took a report out of the house is an event of its own."""

from datetime import datetime

from django.db import transaction

from ketaflow.custody.answers.reports import Asked, Name
from ketaflow.journal.actions import record
from ketaflow.journal.author import Author
from ketaflow.people.roles import Duty, require


def take_out(*, report: Name, asked: Asked, form: str, by: Author, at: datetime) -> None:
    """Journal who took which report as a file or on paper: it names patients.

    In a stream that no report is sealed with, so the same record still gives the same bytes.

    Args:
        form: "csv" or "pdf".
    """
    require(by, Duty.KEEP_DRUGS)
    payload = {
        "report": report.value, "first": asked.first.isoformat(), "last": asked.last.isoformat(),
        "drug": asked.drug, "person": asked.person, "form": form,
    }  # fmt: skip
    with transaction.atomic():
        record(stream=f"report/{by.clinic}", kind="report.taken", by=by, at=at, payload=payload)
