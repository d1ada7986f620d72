"""Racemic ketamine 0.5 mg/kg over 40 min, and esketamine 84 mg by nose, against published means.

Level: Zanos et al., Pharmacol Rev 2018;70:621 (A15). Dissociation: aan het Rot et al., Biol
Psychiatry 2010;67:139 (K8). Blood pressure: Vankawala et al., Front Psychiatry 2021;12:549080 (B1).
"""

import pytest

from ketaflow.pharmacology.forecast import NasalDose, Subject, forecast, infusion

ADULT = Subject(weight_kg=70, age=40)


@pytest.fixture(scope="module")
def infused():
    return curves(
        forecast(
            drug="ketamine", route="iv", doses=infusion(35, 40), subject=ADULT, subjects=0, hours=4
        )
    )


@pytest.fixture(scope="module")
def sprayed():
    return curves(
        forecast(
            drug="esketamine",
            route="nasal",
            doses=[NasalDose(0, 28)] * 3,
            subject=ADULT,
            subjects=0,
        )
    )


def curves(seen):
    return {one.name: one.median for one in seen.series}


def at(curve, minutes):
    return [curve[minute] for minute in minutes]


def test_the_laboratory_sees_about_185_ng_ml_at_the_end(infused, agree):
    venous = infused["ketamine, expected venous lab value"][40]
    agree("venous ketamine at 40 min, ng/mL (Zanos 2018)", 185, venous, 0.25)
    assert venous < infused["ketamine, S + R"][40]


def test_dissociation_peaks_at_the_end_and_is_gone_in_two_hours(infused, agree):
    agree("CADSS rise at 40 min (aan het Rot 2010)", 13.9, infused["dissociation"][40], 0.15)
    assert infused["dissociation"][120] < 2


def test_systolic_pressure_rises_as_in_the_meta_analysis(infused, agree):
    agree("SBP rise at 40 min (Vankawala 2021)", 12.6, infused["systolic pressure"][40], 0.15)
    agree("DBP rise at 40 min (Vankawala 2021)", 8.49, infused["diastolic pressure"][40], 0.15)
    agree("HR rise at 40 min (Vankawala 2021)", 4.09, infused["heart rate"][40], 0.15)


def test_systolic_pressure_after_three_devices_rises_by_7_to_10(sprayed):
    assert 7 <= sprayed["systolic pressure"][40] <= 10


def test_the_levels_are_those_the_calibration_was_made_with(infused, agree):
    minutes = (40, 60, 110, 230)
    agree("S-ketamine, arterial", [144, 45, 21, 10], at(infused["S-ketamine"], minutes), 0.05)
    agree("R-ketamine, arterial", [152, 50, 24, 13], at(infused["R-ketamine"], minutes), 0.05)
    venous = at(infused["ketamine, expected venous lab value"], minutes)
    agree("S + R, venous", [160, 106, 63, 29], venous, 0.03)
    agree("S-norketamine at 51 min", 50, infused["S-norketamine"][51], 0.02)


def test_dissociation_runs_the_course_it_was_calibrated_to(infused, sprayed, agree):
    by_vein = at(infused["dissociation"], (20, 40, 60, 80, 120))
    by_nose = at(sprayed["dissociation"], (20, 40, 60, 90, 120))
    agree("by vein", [9.0, 13.9, 5.7, 2.4, 0.8], by_vein, 0.05)
    agree("by nose", [4.8, 8.4, 6.8, 3.9, 2.4], by_nose, 0.05)
