"""Sends home the questionnaires that courses ask for, each once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ketaflow.correspondence.actions import Ask, ask_at_home
from ketaflow.correspondence.invitation import SELF_RATED, NotToBeSent
from ketaflow.correspondence.models import Invitation
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.journal.author import Author
from ketaflow.outcomes.measuring.queries import Owed, measures_due
from ketaflow.people.models import Clinic
from ketaflow.protocol.models import Course

AT_ONCE = 250


@dataclass
class Asked:
    """What a round did: questionnaires asked for, and those that could not be sent now."""

    queued: int = 0
    not_sent: int = 0


def ask_for_what_is_due(*, clinic: Clinic, ahead: timedelta, by: Author, at: datetime) -> Asked:
    """Ask at home for each questionnaire that is due before `ahead` is over.

    What was asked for once is not asked for again, however often the visit moves and whoever was
    killed on the way. Not sent now are those of patients without an address, and a questionnaire
    that still waits for its patient from an earlier day.
    """
    found = measures_due(clinic=clinic.id, at=at, until=at + ahead, only=sorted(SELF_RATED))
    # The newest day first: the same questionnaire for an earlier day is answered with it.
    owed, tally = sorted(found, key=lambda one: one.measure.due_at or at, reverse=True), Asked()
    for first in range(0, len(owed), AT_ONCE):
        _ask(owed[first : first + AT_ONCE], tally, by, at)
    return tally


def _ask(batch: Sequence[Owed], tally: Asked, by: Author, at: datetime) -> None:
    earlier = Invitation.objects.filter(
        patient_id__in=[one.patient for one in batch], sheet__in=[one.sheet for one in batch]
    )
    done = set(earlier.values_list("sheet", flat=True))
    new = [one for one in batch if one.sheet not in done]
    courses = Course.objects.select_related("patient").in_bulk([one.course for one in new])
    for one in new:
        course = courses[one.course]
        ask = Ask(one.sheet, one.measure.instrument, one.measure.occasion, course)
        try:
            ask_at_home(patient=course.patient, ask=ask, by=by, at=at)
            tally.queued += 1
        except (NotToBeSent, SomeoneElseMoved):
            tally.not_sent += 1
