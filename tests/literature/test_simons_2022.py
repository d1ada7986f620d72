"""Simons et al., Front Pain Res 2022;3:946486 (K2, A4): arterial S-ketamine, 20 mg over 20 min."""

import pytest

from ketaflow.pharmacology.forecast import Subject, forecast, infusion


@pytest.mark.parametrize("measured", [273, 260])
def test_arterial_peak_after_20_mg_over_20_min(measured, agree):
    seen = forecast(
        drug="esketamine",
        route="iv",
        doses=infusion(20, 20),
        subject=Subject(weight_kg=70, age=40),
        model="simons-2022",
        subjects=0,
    )
    agree("S-ketamine arterial peak, ng/mL", measured, seen.summary["S-ketamine"].cmax, 0.10)
    assert seen.summary["S-ketamine"].tmax_min == 20
