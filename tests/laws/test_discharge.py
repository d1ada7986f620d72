"""Nobody goes home before the clock, the score and every tick say so."""

from dataclasses import replace

import pytest

from ketaflow.evidence.sources import cite
from ketaflow.people.roles import Role
from ketaflow.protocol.library import Route, monitoring
from ketaflow.protocol.limits import PolicyNotReady
from ketaflow.session.discharge import (
    Leaving,
    NotYet,
    Override,
    always_for,
    criteria,
    gate,
    may_leave,
    needed_score,
)
from tests.laws.a_session import ALDRETE, NASAL, POLICY, VITALS, Stream, minute, without

DONE = frozenset(one.key for one in criteria().always)
DIRECTOR = Override("Mia Director", (Role.MEDICAL_DIRECTOR,), "transfer to her own clinic")


def leaving(at, route="iv", **changes):
    bundle = monitoring()["MON-ESK" if route == "nasal" else "MON-SUB40"]
    return replace(Leaving(minute(at), DONE, bundle, POLICY), **changes)


def well(order=None):
    """Everything given at 9:10 to 9:15 or 9:50, then a good pressure and a full score."""
    stream = Stream(order).observe().add("reading", 60, **VITALS)
    return stream.add("discharge_scored", 61, **ALDRETE)


def test_a_well_patient_goes_home_when_the_clinics_hour_is_over():
    may_leave(well().state, leaving(110))
    with pytest.raises(
        NotYet, match="60 minutes from the end of the infusion are not over, 1 more"
    ):
        may_leave(well().state, leaving(109.5))


def test_nobody_leaves_within_two_hours_of_the_first_spray():
    may_leave(well(NASAL).state, leaving(130, "nasal"))
    with pytest.raises(NotYet, match="120 minutes from the first spray are not over, 5 more"):
        may_leave(well(NASAL).state, leaving(125, "nasal"))


def test_only_the_medical_director_shortens_the_two_hours_and_writes_why():
    state = well(NASAL).state
    may_leave(state, leaving(90, "nasal", override=DIRECTOR))
    for other in (replace(DIRECTOR, roles=(Role.PRESCRIBER,)), replace(DIRECTOR, reason=" ")):
        with pytest.raises(NotYet, match="Only the medical director"):
            may_leave(state, leaving(90, "nasal", override=other))


def test_not_even_the_medical_director_leaves_out_the_rest():
    with pytest.raises(NotYet, match="next day's call"):
        may_leave(
            well(NASAL).state,
            leaving(90, "nasal", override=DIRECTOR, done=DONE - {"next-day-call"}),
        )


@pytest.mark.parametrize("key", sorted(DONE))
def test_every_tick_is_needed(key):
    with pytest.raises(NotYet, match="not ticked"):
        may_leave(well(NASAL).state, leaving(200, "nasal", done=DONE - {key}))


def test_after_an_infusion_the_esketamine_line_is_not_asked():
    assert "stable" not in {one.key for one in always_for(Route.IV)}
    may_leave(well().state, leaving(200, done=DONE - {"stable"}))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([2, 2, 2, 1, 1], "8 of 10; 9 is needed"),
        ([2, 2, 2, 2, None], "incomplete"),
    ],
)
def test_a_low_or_incomplete_score_keeps_the_patient(answers, said):
    stream = well().add("discharge_scored", 70, instrument="modified-aldrete", answers=answers)
    with pytest.raises(NotYet, match=said):
        may_leave(stream.state, leaving(200))


def test_without_any_discharge_score_nobody_leaves():
    state = Stream().observe().add("reading", 60, **VITALS).state
    with pytest.raises(NotYet, match="no discharge score"):
        may_leave(state, leaving(200))


def test_another_questionnaire_is_no_discharge_score():
    stream = Stream().observe().add("reading", 60, **VITALS)
    stream.add("discharge_scored", 61, instrument="nrs-pain", answers=[10])
    with pytest.raises(NotYet, match="no discharge score"):
        may_leave(stream.state, leaving(200))


def test_a_clinic_may_ask_for_more_than_the_published_score_and_never_for_less():
    def asks(value):
        return needed_score(replace(POLICY, values={"discharge_aldrete_min": value}))

    assert [asks(value) for value in (7, 9, 10)] == [9, 9, 10]
    assert needed_score(replace(POLICY, values={})) == 9


def test_the_pressure_must_be_back_near_baseline():
    stream = well().add("reading", 100, systolic=160, diastolic=95)
    with pytest.raises(NotYet, match="160 mmHg, not within 20 % of the 130 at baseline"):
        may_leave(stream.state, leaving(200))
    may_leave(stream.add("reading", 110, systolic=150, diastolic=90).state, leaving(200))


def test_the_pressure_must_have_been_taken_after_the_drug():
    state = Stream().observe().add("discharge_scored", 61, **ALDRETE).state
    with pytest.raises(NotYet, match="no blood pressure has been taken"):
        may_leave(state, leaving(200))
    unset = without("discharge_pressure_within_pct")
    may_leave(state, leaving(200, policy=unset))


def test_an_observation_time_the_clinic_has_not_set_is_not_invented():
    with pytest.raises(PolicyNotReady, match="Least observation after an infusion"):
        may_leave(well().state, leaving(900, policy=without("iv_observation_min")))


def test_only_an_observed_session_ends_in_discharge():
    with pytest.raises(NotYet, match="running"):
        may_leave(Stream().run().state, leaving(200))
    with pytest.raises(NotYet, match="still being given"):
        gate(Stream().run().state, leaving(200))


def test_every_discharge_rule_rests_on_a_registered_source():
    assert all(cite(one.sources) for one in criteria().always)
    assert criteria().score.value == 9
