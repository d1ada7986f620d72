"""Taking a safety task to the next person when nobody has taken it on."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ketaflow.journal.actions import record
from ketaflow.journal.author import Author
from ketaflow.outcomes.escalation import ladder
from ketaflow.outcomes.models import SafetyTask
from ketaflow.outcomes.safety import Standing
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.limits import Policy

AT_ONCE = 100


def escalate(*, by: Author, at: datetime) -> int:
    """Take what is overdue in the clinic of `by` to whom it goes next.

    Run by anybody, as often as they like: each step of each task is written once. `by` is the
    system; nobody has to be signed in.

    Returns:
        How many steps were written.
    """
    policy = protocol.policy(clinic=by.clinic)
    last = len(ladder.steps()) - 1
    late = SafetyTask.objects.filter(
        clinic_id=by.clinic, status=Standing.OPEN, must_act_by__lte=at, step__lt=last
    )
    found = list(late.order_by("must_act_by").values_list("id", flat=True)[:AT_ONCE])
    return sum(_take_up(task, policy, by, at) for task in found)


def _take_up(task: UUID, policy: Policy | None, by: Author, at: datetime) -> int:
    with transaction.atomic():
        row = SafetyTask.objects.select_for_update().get(id=task)
        # Somebody may have taken it on, or another process may have been first.
        if row.status != Standing.OPEN:
            return 0
        taken_up = list(ladder.escalate(row.step, row.must_act_by, policy, at=at))
        for one in taken_up:
            payload = {
                "step": one.step,
                "who": one.who,
                "must_act_by": one.must_act_by.isoformat(),
                "due": one.words,
            }
            record(stream=row.stream, kind="safety.escalated", by=by, at=at, payload=payload)
    return len(taken_up)
