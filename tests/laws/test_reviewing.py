"""What a prescriber reads before going on, changing or stopping: prepared, never decided."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ketaflow.journal import queries as journal
from ketaflow.outcomes.change import assess
from ketaflow.outcomes.reviewing import queries
from ketaflow.outcomes.reviewing.prepared import events_of, threshold
from ketaflow.outcomes.sheet import Occasion
from ketaflow.protocol import actions as protocol
from ketaflow.protocol.course import Decision

from ..conftest import NOW
from .a_session import POLICY, Stream
from .test_change import over
from .test_outcomes_rows import CALM, DARK, DAY, WORSE, give, plan, sign_policy, treat

__all__ = ["give"]
LINE = {"stop_below_improvement_pct": "25"}


def test_what_went_wrong_in_a_session_is_told_in_order():
    stream = Stream().run()
    stream.add("side_effect", 20, effect="nausea", severity=2)
    stream.add("paused", 18, reason="pressure")
    stream.add("rescue_given", 21, medicine="ondansetron", dose="4 mg", route="IV", reason="nausea")
    stream.add("side_effect", 22, effect="headache", severity=1)
    struck = len(stream.entries)
    stream.add("corrected", 23, corrects=struck, reason="wrong patient", payload=None)
    stream.add("stopped", 24, reason="she wants to stop")
    assert [one.what for one in events_of(3, stream.state)] == [
        "Paused: pressure",
        "Nausea, severity 2 of 5",
        "Rescue medicine: ondansetron",
        "Stopped early: she wants to stop",
    ]
    assert events_of(1, Stream().observe().state) == ()


@pytest.mark.parametrize(
    ("totals", "policy", "says"),
    [
        ((20, 15), POLICY, "below 30 % improvement; it is 25 % now, below that line."),
        ((20, 14), POLICY, "it is 30 % now, not below that line."),
        ((20,), POLICY, "how much it is cannot be said."),
        ((20, 15), None, "The clinic has not set"),
    ],
)
def test_the_clinics_own_line_is_told_and_nothing_is_decided(totals, policy, says):
    assert says in threshold(assess(over("phq-9", *totals)), policy)
    assert "cannot be said" in threshold(None, POLICY)


def test_a_review_is_prepared_and_kept_beside_the_decision(
    patient, prescriber, nurse, director, give
):
    sign_policy(director, **LINE)
    give(WORSE, occasion=Occasion.BASELINE)
    course = plan(patient, prescriber)
    treat(course, nurse, 3)
    ask = {"clinic": patient.clinic_id, "course": course, "at": NOW + 9 * DAY}
    assert queries.prepare(**ask).unanswered == ("PHQ-9", "MADRS")
    give(CALM, at=NOW + 8 * DAY)
    give(DARK, at=NOW + 9 * DAY)
    found = queries.prepare(**ask)
    assert (found.after_session, found.given_mg) == (3, Decimal(120))
    assert found.unanswered == ("MADRS",)
    assert found.lines[0].stands == "Slipping"
    assert found.safety_tasks == 1
    protocol.review(
        course=course, decision=Decision.CONTINUE, reason="Go on", by=prescriber.author,
        at=NOW + 9 * DAY, read=found.as_payload(),
    )  # fmt: skip
    kept = journal.entries(clinic=patient.clinic_id, stream=course.stream)[-1].payload["read"]
    assert kept["measures"][0][:2] == ["phq-9", "Slipping"]
    assert journal.rebuild()["protocol_coursereview"] == 1


def test_a_review_costs_as_many_reads_after_six_sessions_as_after_three(patient, prescriber, nurse):
    def reads(course):
        with CaptureQueriesContext(connection) as asked:
            queries.prepare(clinic=patient.clinic_id, course=course, at=NOW + 30 * DAY)
        return len(asked)

    course = plan(patient, prescriber)
    treat(course, nurse, 3)
    before = reads(course)
    treat(course, nurse, 3, first=NOW + 12 * DAY)
    assert reads(course) == before <= 16
