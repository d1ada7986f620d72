"""Vankawala et al., Front Psychiatry 2021;12:549080 (B1): blood pressure in 2252 treatments.

Systolic +12.61 (10.40 to 14.82), diastolic +8.49 (6.89 to 10.09), heart rate +4.09 (0.55 to 7.63).
The slope was calibrated to these means; single studies' means range from 3 to 16 mmHg. After the
spray the label's rise, 7 to 10 mmHg at 40 min, is predicted from the same slope.
"""

import pytest

from ketaflow.pharmacology.forecast import NasalDose
from tests.literature.comparison import Comparison, Judged, Panel, Paper, half_mg_per_kg, typical

PUBLISHED = {"systolic pressure": 12.61, "diastolic pressure": 8.49, "heart rate": 4.09}
RANGES = {
    "systolic pressure": (10.40, 14.82),
    "diastolic pressure": (6.89, 10.09),
    "heart rate": (0.55, 7.63),
}


def infused():
    return half_mg_per_kg()


def sprayed():
    return typical("esketamine", [NasalDose(0, 28)] * 3, route="nasal")


BY_VEIN = tuple(
    Comparison(
        f"racemate 0.5 mg/kg over 40 min: {name} at 40 min",
        "/min" if name == "heart rate" else "mmHg",
        (published,),
        lambda name=name: infused()[1][name][40],
        within=0.15,
    )
    for name, published in PUBLISHED.items()
)
BY_NOSE = Comparison(
    "esketamine 84 mg by nose: systolic pressure at 40 min",
    "mmHg",
    (7.0, 10.0),
    lambda: sprayed()[1]["systolic pressure"][40],
    judged=Judged.BETWEEN,
)


def panels():
    times, curves = infused()
    yield Panel(
        "Vankawala 2021: 0.5 mg/kg by vein",
        "min",
        "rise, mmHg or beats/min",
        {name: (times, curves[name]) for name in PUBLISHED},
        {name: ([40], [one]) for name, one in PUBLISHED.items()},
        {name: ([40], [low], [high]) for name, (low, high) in RANGES.items()},
    )
    times, curves = sprayed()
    line = {"systolic pressure": (times, curves["systolic pressure"])}
    spans = {"label, from memory": ([40, 90], [7, 2], [9, 5])}
    yield Panel("Label: 84 mg by nose", "min", "rise, mmHg", line, spans=spans)


PAPER = Paper(
    "Vankawala 2021: blood pressure and heart rate",
    ("Vankawala2021", "B1"),
    (*BY_VEIN, BY_NOSE),
    lambda: tuple(panels()),
)


@pytest.mark.parametrize("row", BY_VEIN, ids=str)
def test_pressure_and_pulse_rise_as_in_the_meta_analysis(row, agree):
    agree(row)


def test_systolic_pressure_after_three_devices_rises_by_7_to_10(agree):
    agree(BY_NOSE)
