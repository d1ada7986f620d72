"""Effects on request: pain relief within hours, and in CRPS over weeks."""

import numpy as np
import pytest

from ketaflow.pharmacology import effects, library
from ketaflow.pharmacology.forecast import Infusion, Subject, forecast, infusion
from ketaflow.pharmacology.library import UnknownEffect
from ketaflow.pharmacology.simulation import NotAForecast

ADULT = Subject(weight_kg=70, age=40, sex="female")
PRESSURE, HEAT = "pain relief, pressure pain", "pain relief, electrical and heat pain"
WEEKS = "pain relief in CRPS, over weeks"
KETAMINE, NORKETAMINE = 237.73, 223.70


def infused(*names, **asked):
    told = {"drug": "ketamine", "route": "iv", "doses": infusion(35, 40), "subject": ADULT}
    return forecast(**{**told, "subjects": 0, "effects": names or None, **asked})


def named(seen):
    return [one.name for one in seen.series if one.quantity != "concentration"]


def at_site(parent_nmol, norketamine_nmol, sensitivity=1.0):
    return effects.AtSite(
        levels={
            "parent": np.array([[parent_nmol * KETAMINE / 1000]]),
            "norketamine": np.array([[norketamine_nmol * NORKETAMINE / 1000]]),
        },
        molar_mass={"parent": KETAMINE, "norketamine": NORKETAMINE},
        session_number=1,
        sensitivity=np.array([sensitivity]),
    )


def worked_out(name, *levels, **more):
    effect = library.effects()[name]
    return effects.EQUATIONS[effect.equation](effect, at_site(*levels, **more))[0, 0]


def test_a_session_shows_its_own_effects_and_no_other():
    assert named(infused()) == [
        *("dissociation", "systolic pressure", "diastolic pressure", "heart rate"),
    ]


def test_only_the_effects_asked_for_are_shown_with_what_they_follow():
    assert named(infused("analgesia-pressure", "analgesia-heat")) == [PRESSURE, HEAT]
    assert named(infused("heart-rate")) == ["systolic pressure", "heart rate"]
    assert named(infused(effects=())) == []


def test_an_effect_the_model_does_not_drive_is_refused():
    with pytest.raises(
        UnknownEffect, match=r"does not drive the effect joy\. It drives dissoc"
    ) as no:
        infused("joy")
    assert no.value.exit_code == 11
    with pytest.raises(UnknownEffect, match=r"domino-1982 .* It drives none"):
        infused("systolic", model="domino-1982")


def test_half_of_pressure_pain_is_gone_at_the_published_potency():
    assert worked_out("analgesia-pressure", 0.51, 0.0) == pytest.approx(50)
    assert worked_out("analgesia-pressure", 0.51, 0.5) < 50


def test_heat_pain_needs_more_and_norketamine_does_not_matter():
    assert worked_out("analgesia-heat", 1.45, 0.0) == pytest.approx(50)
    assert worked_out("analgesia-heat", 1.45, 5.0) == pytest.approx(50)


def test_pain_relief_lags_behind_the_blood():
    seen = infused("analgesia-pressure", "analgesia-heat", subjects=40)
    assert seen.summary[HEAT].tmax_min >= 40
    assert 0 < seen.summary[HEAT].cmax < seen.summary[PRESSURE].cmax < 100


def weeks(**asked):
    return forecast(
        drug="esketamine",
        route="iv",
        doses=[Infusion(0, 0.3), Infusion(6000, 0)],
        subject=ADULT,
        effects=("crps-pain",),
        extrapolate=True,
        **{"hours": 24 * 28, "grid_min": 240, "subjects": 0, **asked},
    )


def test_relief_outlasts_the_drug_by_weeks():
    curves = {one.name: one.median for one in weeks().series}
    assert curves["S-ketamine"][-1] < 0.01
    assert curves[WEEKS][-1] > 30


def test_half_relief_is_at_the_published_level_and_only_in_responders():
    level = 10.5 / KETAMINE
    assert worked_out("crps-pain", level, 0.0) == pytest.approx(50)
    assert worked_out("crps-pain", level, 0.0, sensitivity=0.0) == 0


def test_one_in_three_has_no_relief_and_the_band_says_so():
    relief = {one.name: one for one in weeks(subjects=100).series}[WEEKS]
    assert max(relief.p05) == 0
    assert max(relief.median) > 50
    assert "67 respond, 23 on placebo" in relief.status


def test_weeks_are_not_shown_in_an_afternoon():
    with pytest.raises(NotAForecast, match=r"over weeks needs 168 hours or more \(got 3\)"):
        infused("crps-pain")


def test_what_makes_a_rise_larger_is_said_where_no_number_exists():
    said = " ".join(infused().notes)
    assert "Systolic pressure: larger from 50 years of age, with hypertension" in said
    assert "no less at the sixth session" in said
