"""What a forecast may learn from one patient's earlier readings, and when it must not."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketaflow.pharmacology.forecast import Infusion, NasalDose, Subject, forecast, infusion
from ketaflow.pharmacology.learning.errors import CannotBeCompared, errors
from ketaflow.pharmacology.learning.learned import learn
from ketaflow.pharmacology.learning.readings import Earlier, NotAReading, Reading
from ketaflow.pharmacology.library import default, model
from ketaflow.pharmacology.simulation import NotAForecast
from ketaflow.refusals import BadFile, OutsideEnvelope

ADULT = Subject(weight_kg=80, age=45)
IV = {"drug": "ketamine", "route": "iv", "subject": ADULT}
NASAL = {"drug": "esketamine", "route": "nasal", "subject": ADULT}
DOSES = infusion(40, 40)
SPRAYS = (NasalDose(0, 28), NasalDose(5, 28))
TIMES = (10, 20, 30, 40, 55, 70, 85)
VENOUS = "ketamine, expected venous lab value"
PEAK = 40
few = settings(max_examples=15, deadline=None)


def curve(seen, name):
    return next(one for one in seen.series if one.name == name)


def rise(times=TIMES, times_as_high=1.0):
    """How far the typical patient's systolic pressure rises."""
    typical = curve(forecast(doses=DOSES, subjects=0, **IV), "systolic pressure").median
    return [times_as_high * typical[minute] for minute in times]


def session(number=1, rises=None, times=TIMES, extra=()):
    """A session with a baseline of 130 mmHg and these rises above it."""
    rises = rise(times) if rises is None else rises
    read = [
        Reading("systolic", minute, 130 + one) for minute, one in zip(times, rises, strict=True)
    ]
    return Earlier(DOSES, (*read, *extra), (Reading("systolic", -5, 130),), number)


def level(value, at_min=45, curve_=VENOUS, doses=DOSES):
    return Earlier(doses, (Reading("level", at_min, value, curve_),))


def dissociated(total, at_min=40):
    return Earlier(
        DOSES, (Reading("dissociation", at_min, total),), (Reading("dissociation", -5, 1),)
    )


def taught(sessions, name="systolic pressure", doses=DOSES, **who):
    """The curve of `name` after learning from `sessions`."""
    told = who or IV
    found = learn(sessions, **told)
    assert not found.refused, found.refused
    seen = forecast(doses=doses, **found.asked, **told)
    return curve(seen, name)


def width(one, minute=PEAK):
    return one.p95[minute] - one.p05[minute]


def test_with_nothing_read_the_forecast_is_the_populations_to_the_last_digit():
    found = learn([Earlier(DOSES, ())], **IV)
    assert (found.weights, found.refused, found.count) == (None, "", 0)
    assert "no earlier readings" in found.words
    assert forecast(doses=DOSES, **found.asked, **IV) == forecast(doses=DOSES, **IV)


def test_people_who_count_the_same_are_the_population():
    weights = np.full(500, 1 / 500)
    equal = curve(forecast(doses=DOSES, subjects=500, weights=weights, **IV), "dissociation")
    prior = curve(forecast(doses=DOSES, subjects=500, **IV), "dissociation")
    assert equal.median[PEAK] == pytest.approx(prior.median[PEAK], rel=0.1)
    assert width(equal) > width(prior), "how sessions differ is put back"


@few
@given(st.permutations(range(3)), st.permutations(range(len(TIMES))))
def test_the_order_of_sessions_and_readings_does_not_matter(sessions, places):
    told = [session(number + 1, rise(times_as_high=1 + number / 2)) for number in range(3)]
    mixed = [
        replace(told[place], readings=tuple(told[place].readings[one] for one in places))
        for place in sessions
    ]
    one, other = (learn(which, **IV, subjects=100) for which in (told, mixed))
    assert np.array_equal(one.weights, other.weights) if one.weights is not None else one == other
    assert one == other


@pytest.mark.parametrize("high", [0.5, 1, 2])
def test_more_sessions_that_agree_narrow_the_band(high):
    told = [session(number + 1, rise(times_as_high=high)) for number in range(8)]
    bands = [width(taught(told[:count])) for count in (1, 2, 4, 8)]
    assert all(later < before for before, later in pairwise(bands))
    alone = curve(forecast(doses=DOSES, subjects=2000, **IV), "systolic pressure")
    assert bands[-1] < width(alone) * (0.9 if high == 2 else 0.6)


def test_a_hundred_readings_of_one_session_do_not_stand_for_many_sessions():
    often = session(times=tuple(range(1, 101)), rises=rise(tuple(range(1, 101))))
    weights = learn([often], **IV).weights
    assert weights is not None
    many = learn([session(number + 1) for number in range(14)], **IV).weights
    assert (weights**2).sum() < (many**2).sum(), "fourteen sessions of seven teach more"


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_with_many_sessions_it_comes_to_the_patient_who_was_read(seed):
    """Somebody who is none of the virtual people, with every error that is assumed."""
    told = {"subjects": 1, "seed": seed}
    # One person's band is that person.
    true = np.array(curve(forecast(doses=DOSES, **told, **IV), "systolic pressure").median)
    dice, error = np.random.default_rng(seed), errors()["systolic"]
    sessions = []
    for number in range(24):
        sway = 1 + error.between_sessions * dice.standard_normal()
        off = error.baseline * dice.standard_normal()
        noise = error.noise_of("") * dice.standard_normal(len(TIMES))
        sessions.append(session(number + 1, true[list(TIMES)] * sway + off + noise))
    after = taught(sessions).median[PEAK]
    assert after == pytest.approx(true[PEAK], rel=0.25, abs=3)
    alone = curve(forecast(doses=DOSES, **IV), "systolic pressure").median[PEAK]
    assert abs(after - true[PEAK]) < max(abs(alone - true[PEAK]), 3)


def test_who_rises_twice_as_high_is_forecast_higher_and_less_for_half():
    alone = curve(forecast(doses=DOSES, **IV), "systolic pressure").median[PEAK]
    higher = taught([session(1, rise(times_as_high=2)), session(2, rise(times_as_high=2))])
    lower = taught([session(1, rise(times_as_high=0.4)), session(2, rise(times_as_high=0.4))])
    assert lower.median[PEAK] < alone < higher.median[PEAK]
    assert higher.median[PEAK] < 2 * alone, "two sessions do not settle it"


def test_one_reading_that_cannot_be_is_found_and_nothing_is_learned():
    rises = rise()
    rises[3] = 110
    found = learn([session(1, rises), session(2)], **IV)
    assert found.weights is None
    assert found.refused.startswith("None of ")
    assert "wrong" in found.words
    assert forecast(doses=DOSES, **found.asked, **IV) == forecast(doses=DOSES, **IV)


def test_when_too_few_fit_more_are_drawn_and_then_it_says_so():
    odd = [session(number + 1, rise(times_as_high=4)) for number in range(6)]
    first = learn(odd, **IV, subjects=2000)
    assert first.too_few
    assert first.refused.startswith("Too few of 2000")
    more = learn(odd, **IV)
    assert (more.people, more.refused) == (6000, "")
    assert more.effective >= 100 > first.effective
    none = learn([session(number + 1, rise(times_as_high=7)) for number in range(6)], **IV)
    assert none.weights is None
    assert "population's forecast" in none.words


def test_the_same_seed_gives_the_same_weights_and_another_does_not():
    one, again, other = (learn([session()], **IV, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one.weights, again.weights)
    assert not np.array_equal(one.weights, other.weights)
    assert one.weights.sum() == pytest.approx(1)


def test_what_was_learned_says_from_what_how_much_and_what_it_rests_on():
    found = learn([session(1), dissociated(12), level(170)], **IV)
    assert found.readings == (("dissociation", 1), ("plasma level", 1), ("systolic pressure", 7))
    assert (found.count, found.sessions, len(found.after)) == (9, 3, 3)
    assert "1 reading of dissociation and 1 of plasma level and 7 of systolic" in found.words
    for said in ("3 sessions", f"{found.effective:.0f} people", "not of this patient alone"):
        assert said in found.words
    assert len(found.assumed) == 3
    assert all("unverified" in one for one in found.assumed)
    assert {"UNVERIFIED", "Otto2021"} <= set(found.sources)


def test_every_curve_of_weighted_people_says_so():
    found = learn([session()], **IV)
    seen = forecast(doses=DOSES, **found.asked, **IV)
    assert all(one.status.startswith("people weighted") for one in seen.series)


def test_a_score_does_not_turn_a_sensitive_patient_into_one_with_high_levels():
    alone = curve(forecast(doses=DOSES, subjects=2000, **IV), "ketamine, S + R").median[PEAK]
    sensitive = taught([dissociated(26)] * 3, "ketamine, S + R").median[PEAK]
    assert sensitive == pytest.approx(alone, rel=0.05)


def test_a_venous_level_narrows_the_venous_curve_and_leaves_the_arterial():
    alone = forecast(doses=DOSES, subjects=2000, **IV)
    told = [level(230), level(225, 50)]
    venous, arterial = taught(told, VENOUS), taught(told, "ketamine, S + R")
    assert venous.median[PEAK] > curve(alone, VENOUS).median[PEAK]
    before = curve(alone, "ketamine, S + R").median[PEAK]
    assert arterial.median[PEAK] == pytest.approx(before, rel=0.05)


def test_a_spray_is_learned_from_as_well():
    doses = {"doses": SPRAYS, "subjects": 0}
    typical = curve(forecast(**doses, **NASAL), "esketamine").median
    told = [level(2.2 * typical[40], 40, "esketamine", SPRAYS)] * 3
    alone = curve(forecast(doses=SPRAYS, **NASAL), "esketamine").median[40]
    assert taught(told, "esketamine", SPRAYS, **NASAL).median[40] > 1.1 * alone


def test_later_sessions_are_expected_to_dissociate_less():
    early, late = (replace(dissociated(14), session_number=number) for number in (1, 14))
    assert not np.array_equal(learn([early], **IV).weights, learn([late], **IV).weights)


@pytest.mark.parametrize(
    ("drug", "route"), [("ketamine", "iv"), ("esketamine", "iv"), ("esketamine", "nasal")]
)
def test_what_a_laboratory_would_report_can_always_be_learned_from(drug, route):
    chosen = default(drug=drug, route=route)
    beside = [model(one) for one in chosen.beside] or [chosen]
    for one in beside:
        assert errors()["level"].noise_of(one.series[0].name) > 0


SLIPS = {
    "a pressure in kPa": (session(1, [17.3 - 130], (20,)), "kPa"),
    "a tenfold pressure": (session(1, [1300 - 130], (20,)), "tenfold"),
    "a pressure that is no number": (session(1, [math.nan], (20,)), "must be a number"),
    "a level in mg/L": (level(0.15), "mg/L"),
    "a level tenfold too high": (level(1600), "tenfold slip for 160"),
    "a level tenfold too low": (level(16), "tenfold slip for 160"),
    "a level in mg/L late in the day": (level(0.03, 300), "mg/L"),
    "a level before the drug": (level(150, 0), "after the start"),
    "a level before a pump that starts late": (
        level(150, 10, doses=infusion(40, 40, at_min=30)),
        "before any drug",
    ),
    "a score above the scale": (dissociated(920), "tenfold"),
    "a reading a day later": (session(1, [0], (1500,)), "within"),
    "a change without a baseline": (
        Earlier(DOSES, (Reading("systolic", 20, 140),)),
        "0 baselines",
    ),
    "two baselines": (
        replace(session(), before=(Reading("systolic", -9, 120), Reading("systolic", -5, 130))),
        "2 baselines",
    ),
    "too many readings": (session(1, [5.0] * 501, tuple(range(501))), "at most 500"),
    "a curve that no model here has": (level(150, 45, "hydroxynorketamine"), "Name one of"),
}


@pytest.mark.parametrize(("told", "said"), SLIPS.values(), ids=SLIPS)
def test_what_nobody_means_is_refused_by_name(told, said):
    with pytest.raises(OutsideEnvelope, match=said):
        learn([told], **IV)


def test_a_level_without_a_known_laboratory_error_is_refused():
    with pytest.raises(CannotBeCompared, match="No laboratory error is known for 'S-norketamine'"):
        learn([level(40, 50, "S-norketamine")], **IV)


def test_a_model_without_the_effect_says_so():
    with pytest.raises(CannotBeCompared, match="no systolic pressure"):
        learn([session()], **IV, model="racemic-venous")


def test_more_sessions_than_can_be_weighed_are_refused():
    with pytest.raises(NotAReading, match="at most 24"):
        learn([session(number + 1) for number in range(25)], **IV)


def test_a_dose_nobody_gives_is_refused_in_an_earlier_session_too():
    with pytest.raises(OutsideEnvelope, match="tenfold"):
        learn([replace(session(), doses=infusion(400, 40))], **IV)
    with pytest.raises(BadFile, match="never ends"):
        learn([replace(session(), doses=(Infusion(0, 1),))], **IV)


def test_the_typical_patient_alone_and_weights_of_others_are_refused():
    with pytest.raises(NotAForecast, match="alone"):
        learn([session()], **IV, subjects=0)
    with pytest.raises(NotAForecast, match="do not belong"):
        forecast(doses=DOSES, weights=np.ones(3), subjects=4, **IV)


def test_a_level_far_from_everybody_that_is_no_slip_is_left_to_the_guard():
    found = learn([level(4500)], **IV)
    assert found.refused.startswith("None of ")
