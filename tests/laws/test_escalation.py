"""A safety task that nobody takes on goes to the next person, at the clinic's times."""

from datetime import timedelta

import pytest

from ketaflow.journal import queries as journal
from ketaflow.outcomes import actions as outcomes
from ketaflow.outcomes import queries
from ketaflow.outcomes.escalation import actions, ladder
from ketaflow.people.actions import system_of

from ..conftest import NOW
from .a_session import POLICY, without
from .test_outcomes_rows import DARK, give, sign_policy

__all__ = ["give"]
MINUTE = timedelta(minutes=1)
MINUTES = {"alert_acknowledge_min": "60", "alert_escalate_min": "30"}
UP = timedelta(minutes=int(POLICY.values["alert_escalate_min"]))


@pytest.mark.parametrize(
    ("step", "late", "policy", "goes_to"),
    [
        (0, -1, POLICY, []),
        (0, 0, POLICY, [1]),
        (0, 1, POLICY, [1, 2]),
        (0, 9, POLICY, [1, 2]),
        (1, 0, POLICY, [2]),
        (2, 9, POLICY, []),
        (0, 0, None, [2]),
        (0, 0, without("alert_escalate_min"), [2]),
        (0, -1, None, []),
        (2, 9, None, []),
    ],
)
def test_who_must_act_depends_on_how_late_it_is_and_not_on_when_somebody_asks(
    step, late, policy, goes_to
):
    found = list(ladder.escalate(step, NOW, policy, at=NOW + late * UP))
    assert [one.step for one in found] == goes_to
    assert ladder.now(step, NOW, policy, at=NOW + late * UP).step == [step, *goes_to][-1]
    in_steps = [NOW + UP * place for place, _ in enumerate(goes_to, start=1)]
    at_once = [NOW + late * UP for _ in goes_to]
    assert [one.must_act_by for one in found] == (in_steps if policy is POLICY else at_once)


def test_a_task_nobody_takes_on_goes_up_once_a_step_and_stands_first(
    patient, clinic_a, director, nurse, give
):
    sign_policy(director, **MINUTES)
    late = give(DARK).task
    early = give(DARK, at=NOW - 1 * MINUTE).task
    taken = give(DARK, at=NOW - 2 * MINUTE).task
    outcomes.acknowledge(task=taken.id, by=nurse.author, at=NOW)
    by = system_of(clinic_a)
    assert actions.escalate(by=by, at=NOW + 58 * MINUTE) == 0
    assert actions.escalate(by=by, at=NOW + 59 * MINUTE) == 1
    assert actions.escalate(by=by, at=NOW + 59 * MINUTE) == 0
    assert actions.escalate(by=by, at=NOW + 500 * MINUTE) == 3
    found = list(queries.open_tasks(clinic=clinic_a.id))
    assert [one.id for one in found] == [early.id, late.id, taken.id]
    assert [one.escalated_to for one in found] == ["The medical director"] * 2 + [""]
    assert found[1].must_act_by == NOW + 120 * MINUTE
    kinds = [one.kind for one in journal.entries(clinic=clinic_a.id, stream=late.stream)]
    assert kinds == ["safety.opened", "safety.escalated", "safety.escalated"]
    assert journal.rebuild()["outcomes_safetytask"] == 3


def test_what_was_taken_on_meanwhile_stays_with_who_took_it(clinic_a, nurse, give):
    task = give(DARK).task
    outcomes.acknowledge(task=task.id, by=nurse.author, at=NOW)
    assert actions._take_up(task.id, None, system_of(clinic_a), NOW + UP) == 0
