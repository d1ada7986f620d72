"""The esketamine monitoring form: filled from the record, asked for the rest, due in seven days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.journal import queries as journal
from ketaflow.protocol.figures import BadFigure
from ketaflow.protocol.library import protocol
from ketaflow.session import actions, queries
from ketaflow.session.discharge import NotYet
from ketaflow.session.events import NotReadable
from ketaflow.session.fold import fold
from ketaflow.session.models import Session
from ketaflow.session.monitoring_form import actions as forms
from ketaflow.session.monitoring_form import form, measured
from ketaflow.session.monitoring_form.form import FormNotReady
from ketaflow.session.phases import NotNow

from .a_session import NASAL, Stream
from .test_session_rows import at, chair, open_session, policy, spray

__all__ = ["chair", "open_session", "policy", "spray"]
LABEL = protocol("ESK-TRD").monitoring
ANSWERS = {
    key: {"yes-no": "no", "number": "95", "text": "555-0100", "words": ""}[one.answer]
    for key, one in form.questions().items()
}


# The clock


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 400))
def test_seven_calendar_days_and_not_one_more(treated_on, later):
    said = form.standing(treated_on, today=treated_on + timedelta(days=later))
    assert ("overdue" in said) == (later > 7)
    assert (said == "due today") == (later == 7)


def test_one_day_is_one_day():
    assert form.standing(date(2026, 3, 2), today=date(2026, 3, 8)) == "1 day left"
    assert form.standing(date(2026, 3, 2), today=date(2026, 3, 9)) == "due today"


# The questions and their answers


def test_every_question_has_its_source_and_what_is_remembered_says_so():
    unsure = {key for key, one in form.questions().items() if "UNVERIFIED" in one.sources}
    assert unsure == {"event-details", "serious-criteria"}
    assert form.deadline().sources == ("S29", "S29b")


def test_a_question_nobody_can_answer_does_not_load():
    row = {"key": "k", "group": "g", "text": "t", "answer": "maybe", "source": "S29"}
    with pytest.raises(BadFigure, match="no such answer: maybe"):
        form._question(row)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sedation": ""}, "still lacks: Sedation"),
        ({"sedation": "perhaps"}, "yes or no"),
        ({"ready-min": "1.5"}, "whole number"),
    ],
)
def test_an_answer_that_is_missing_or_none_is_refused(change, said):
    with pytest.raises(NotReadable, match=said):
        form.answers({"answers": {**ANSWERS, **change}})


def test_answers_must_be_there():
    with pytest.raises(NotReadable, match="carries its answers"):
        form.answers({})


# What the record knows


def gone(*readings):
    """Two sprays at 9:10 and 9:15, then pressures at so many minutes after the first."""
    stream = Stream(NASAL).observe()
    for n, minutes in enumerate(readings):
        stream.add("reading", 10 + minutes, systolic=140 + n, diastolic=80, spo2=97)
    return stream.state


def said(reading, state):
    return measured.said(reading, state)


def test_the_three_pressures_are_those_the_form_asks_for():
    state = gone(17, 41, 80, 118)
    found = measured.measured(state, LABEL)
    assert said(found.before, state) == "130/80 mmHg, SpO2 98 %"
    assert said(found.at_mark, state) == "141/80 mmHg, SpO2 97 %, taken at 41 min"
    assert said(found.at_end, state) == "143/80 mmHg, SpO2 97 %, taken at 118 min"
    assert found.mark_min == 40


def test_a_late_reading_is_never_passed_off_as_one_at_40_minutes():
    state = gone(17, 75)
    assert "taken at 75 min" in said(measured.measured(state, LABEL).at_mark, state)


def test_what_was_not_measured_is_not_on_record():
    state = gone()
    found = measured.measured(state, LABEL)
    assert said(found.at_mark, state) == said(found.at_end, state) == "not on record"
    stream = Stream(NASAL).prepare()
    stream.add("reading", 5, heart_rate=70)
    early = stream.state
    assert measured.measured(early, LABEL).at_end is None
    assert measured.pressure_from(early, 40) is None


def test_a_reading_without_saturation_says_only_the_pressure():
    stream = Stream(NASAL).observe().add("reading", 60, systolic=140, diastolic=80)
    found = measured.measured(stream.state, LABEL)
    assert said(found.at_end, stream.state) == "140/80 mmHg, taken at 50 min"


def test_the_label_asks_at_40_minutes_and_other_monitoring_at_none():
    assert measured.marks_min(LABEL) == (40,)
    assert measured.marks_min(protocol("TRD-IV-STD").monitoring) == ()


# How far it is


def test_a_form_is_filled_then_submitted_and_then_left_alone():
    stream = Stream(NASAL).observe()
    stream.add("form_filled", 100, answers=ANSWERS)
    stream.add("transferred", 131, to="ward", reason="fever")
    with pytest.raises(NotReadable, match="one of these ways"):
        fold(with_next(stream, "form_submitted", how="pigeon", reference="R-1"))
    stream.add("form_submitted", 140, how="portal", reference="R-1")
    assert stream.state.form.submitted.payload["reference"] == "R-1"
    with pytest.raises(FormNotReady, match="Ada recorded this form as submitted"):
        fold(with_next(stream, "form_filled", answers=ANSWERS))


def with_next(stream, kind, **payload):
    from ketaflow.session.events import Entry

    entry = Entry(len(stream.entries) + 1, f"session.{kind}", at(999), "ada", "Ada", payload)
    return [*stream.entries, entry]


def test_an_empty_form_is_submitted_only_where_none_is_required():
    stream = Stream(NASAL).observe().add("transferred", 131, to="ward", reason="fever")
    with pytest.raises(FormNotReady, match="Nobody has filled"):
        fold(with_next(stream, "form_submitted", how="fax", reference="R-1"))
    stream.add("form_submitted", 140, how="not-required", reference="outside the United States")
    assert stream.state.form.submitted


# In the record


def sprayed(spray):
    spray.prepare().do(actions.give_device, 10, lot="L1").do(actions.give_device, 15, lot="L2")
    return spray


def test_nobody_goes_home_without_the_pressure_at_40_minutes(spray):
    sprayed(spray).measure(30).score(130)
    with pytest.raises(NotYet, match="no blood pressure has been taken at 40 minutes"):
        spray.leave(131)
    spray.measure(132).leave(133)
    assert spray.row.ended_at == at(133)


def test_the_form_waits_on_the_list_until_it_is_submitted(spray, dee):
    clinic = spray.nurse.clinic_id
    with pytest.raises(NotNow):
        sprayed(spray).do(forms.submit, 20, how="portal", reference="R-1")
    assert queries.forms_due(clinic=clinic, at=at(999)) == []
    spray.measure(55).score(130).leave(131)
    assert [one.id for one in queries.forms_due(clinic=clinic, at=at(999))] == [spray.id]
    assert queries.forms_due(clinic=dee.clinic_id, at=at(999)) == []
    spray.do(forms.fill, 140, answers=ANSWERS)
    spray.do(forms.submit, 150, how="portal", reference="R-77")
    assert queries.forms_due(clinic=clinic, at=at(999)) == []
    before = list(Session.objects.values())
    journal.rebuild()
    assert list(Session.objects.values()) == before


def test_an_infusion_and_a_session_without_drug_have_no_form(chair):
    chair.observe().score(109).leave(111)
    assert queries.forms_due(clinic=chair.nurse.clinic_id, at=at(999)) == []
