"""Kamp et al., Br J Anaesth 2020;125:750 (curves digitised by K7): 20 men, arterial.

Esketamine 0.14, 0.28, 0.57 mg/kg/h and racemate at twice these rates, an hour each. Values in
nmol/mL at times away from the edges of the steps.
"""

import pytest

from ketaflow.pharmacology.forecast import Infusion, Subject, forecast

TIMES_MIN = (30, 90, 150, 180, 185, 210, 240, 300)
KETAMINE, NORKETAMINE = 237.73, 223.70
ESKETAMINE = {
    "S-ketamine": (0.189, 0.436, 0.914, 1.034, 0.760, 0.410, 0.327, 0.241),
    "S-norketamine": (0.046, 0.187, 0.498, 0.640, 0.733, 0.654, 0.597, 0.538),
}
RACEMATE = {
    "S-ketamine": (0.193, 0.429, 0.942, 1.046, 0.945, 0.410, 0.333, 0.247),
    "R-ketamine": (0.211, 0.482, 1.020, 1.149, 0.801, 0.461, 0.364, 0.270),
    "S-norketamine": (0.043, 0.179, 0.476, 0.627, 0.723, 0.643, 0.588, 0.529),
    "R-norketamine": (0.052, 0.224, 0.553, 0.759, 0.822, 0.741, 0.673, 0.604),
}


def infused(drug, times):
    """The typical man of 70 kg, in nmol/mL."""
    steps = [rate * times * 70 / 60 for rate in (0.14, 0.28, 0.57, 0.0)]
    seen = forecast(
        drug=drug,
        route="iv",
        doses=[Infusion(60 * hour, rate) for hour, rate in enumerate(steps)],
        subject=Subject(weight_kg=70, age=30, sex="male"),
        subjects=0,
        hours=5,
    )
    mass = {one.name: NORKETAMINE if "nor" in one.name else KETAMINE for one in seen.series}
    return {
        one.name: [one.median[minute] / mass[one.name] for minute in TIMES_MIN]
        for one in seen.series
    }


@pytest.mark.parametrize("name", ESKETAMINE)
def test_esketamine_infusion(name, agree_on_average):
    within = 0.20 if "nor" in name else 0.15
    agree_on_average(
        f"esketamine: {name}", ESKETAMINE[name], infused("esketamine", 1)[name], within
    )


@pytest.mark.parametrize("name", RACEMATE)
def test_racemic_infusion(name, agree_on_average):
    within = 0.20 if "nor" in name else 0.15
    agree_on_average(f"racemate: {name}", RACEMATE[name], infused("ketamine", 2)[name], within)
