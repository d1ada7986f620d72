"""The racemic model and the effects stand where they were calibrated (derived, no paper).

Arterial and venous levels, norketamine, and the course of dissociation, as they came out when the
parameters were chosen. A change here is a change of calibration and must be meant.
"""

from functools import cache

import pytest

from ketaflow.pharmacology.forecast import NasalDose, forecast, infusion
from tests.literature.comparison import ADULT, Comparison, Paper, at, half_mg_per_kg, typical

LEVELS = {
    "S-ketamine": ((40, 60, 110, 230), (144, 45, 21, 10), 0.05),
    "R-ketamine": ((40, 60, 110, 230), (152, 50, 24, 13), 0.05),
    "ketamine, expected venous lab value": ((40, 60, 110, 230), (160, 106, 63, 29), 0.03),
    "S-norketamine": ((51,), (50,), 0.02),
    "dissociation": ((20, 40, 60, 80, 120), (9.0, 13.9, 5.7, 2.4, 0.8), 0.05),
    "systolic pressure": ((20, 40, 50, 60, 80), (9.8, 12.6, 6.8, 4.6, 3.1), 0.05),
}


@cache
def infused():
    return half_mg_per_kg()[1]


def sprayed():
    _, curves = typical("esketamine", [NasalDose(0, 28)] * 3, route="nasal")
    return at(curves["dissociation"], (20, 40, 60, 90, 120))


def spread():
    """5 and 95 % of people, S-ketamine at the end of the infusion."""
    seen = forecast(
        drug="ketamine",
        route="iv",
        doses=infusion(35, 40),
        subject=ADULT,
        subjects=4000,
        hours=1,
        grid_min=20,
    ).series[0]
    return seen.p05[2], seen.p95[2]


def ratio():
    seen = forecast(
        drug="ketamine", route="iv", doses=infusion(35, 40), subject=ADULT, subjects=0, hours=24
    ).summary
    return seen["S-norketamine"].auc / seen["S-ketamine"].auc


ROWS = (
    *(
        Comparison(
            f"racemate 0.5 mg/kg: {name} at {', '.join(map(str, minutes))} min",
            "points" if name == "dissociation" else "mmHg" if "pressure" in name else "ng/mL",
            tuple(map(float, derived)),
            lambda name=name, minutes=minutes: at(infused()[name], minutes),
            within=within,
        )
        for name, (minutes, derived, within) in LEVELS.items()
    ),
    Comparison(
        "84 mg by nose: dissociation at 20, 40, 60, 90, 120 min",
        "points",
        (4.8, 8.4, 6.8, 3.9, 2.4),
        sprayed,
        within=0.05,
    ),
    Comparison(
        "racemate 0.5 mg/kg: S-ketamine at 40 min, 5 and 95 % of people",
        "ng/mL",
        (129.0, 162.0),
        spread,
        within=0.05,
    ),
    Comparison(
        "racemate 0.5 mg/kg: S-norketamine over S-ketamine, AUC0-24 by mass",
        "share",
        (1.36,),
        ratio,
        within=0.02,
    ),
)
PAPER = Paper("Where the calibration stands (derived)", ("DERIVED",), ROWS)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_model_stands_where_it_was_calibrated(row, agree):
    agree(row)
