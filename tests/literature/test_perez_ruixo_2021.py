"""Perez-Ruixo et al., Clin Pharmacokinet 2021;60:501 (K1): esketamine by nose, by vein, by mouth.

Table 4, Caucasian, 18 to 60 and over 60 years (70 here, as K1 has it): peak and area over 24 h for
one, two and three devices. The area under the noresketamine curve cannot be reproduced from the
paper's Table 3 and is not tested. What follows from Table 3 by algebra (clearance, availability, an
infusion by vein) was derived from it independently.
"""

from functools import cache

import numpy as np
import pytest

from ketaflow.pharmacology import kinetics, library, population
from ketaflow.pharmacology.forecast import NasalDose, Subject, Swallowed, forecast, infusion
from tests.literature.comparison import ADULT, Comparison, Panel, Paper, typical

# Devices: peak and area of esketamine, peak of noresketamine.
TABLE_4 = {
    ("18 to 60 years", 40): {
        1: (43.8, 147.3, 59.1),
        2: (72.5, 254.7, 119.7),
        3: (101.0, 362.2, 180.0),
    },
    ("over 60 years", 70): {
        1: (44.6, 160.4, 57.3),
        2: (73.8, 275.8, 117.2),
        3: (102.7, 391.2, 177.0),
    },
}
IN_THE_LIVER = 0.64


@cache
def sprayed(devices, age):
    return forecast(
        drug="esketamine",
        route="nasal",
        doses=[NasalDose(0, 28)] * devices,
        subject=Subject(weight_kg=70, age=age),
        subjects=0,
        hours=24,
    )


def exposure(devices, age):
    found = sprayed(devices, age).summary
    return found["esketamine"].cmax, found["esketamine"].auc, found["noresketamine"].cmax


@cache
def area(into):
    """Area under the plasma curve to infinity, h/L, when 1 mg enters a compartment."""
    model = library.model("perez-ruixo-2021")
    values = population.individuals(model, ADULT, subjects=0, seed=0)
    rates = kinetics.rate_matrix(model, values, extra=0)[0]
    names = list(model.compartments)
    entered = np.zeros(len(names))
    entered[names.index(into)] = 1.0
    stayed = np.linalg.solve(-rates, entered)
    return stayed[names.index("central")] / values["Vc"][0]


def nasal_availability():
    swallowed = IN_THE_LIVER * area("swallowed") / area("central")
    by_nose = area("nose") / area("central")
    share = [0.54 * (1 + 0.62 * (n - 1)) / n for n in (1, 2, 3)]
    return [part * by_nose + (1 - part) * swallowed for part in share]


def oral_availability():
    """Area after a swallowed dose over that of the same dose by vein, from two forecasts."""
    asked = {"drug": "esketamine", "subject": ADULT, "subjects": 0, "hours": 120, "grid_min": 2}
    told = {"model": "perez-ruixo-2021", **asked}
    by_mouth = forecast(route="oral", doses=[Swallowed(0, 84)], **told)
    by_vein = forecast(route="iv", doses=infusion(84, 40), **told)
    return by_mouth.summary["esketamine"].auc / by_vein.summary["esketamine"].auc


def by_vein():
    _, curves = typical("esketamine", infusion(28, 40), model="perez-ruixo-2021")
    return max(curves["esketamine"])


EXPOSURES = tuple(
    Comparison(
        f"{28 * devices} mg by nose, {group}: esketamine Cmax (ng/mL), AUC0-24 (ng·h/mL), "
        "noresketamine Cmax (ng/mL)",
        "",
        published,
        lambda devices=devices, age=age: exposure(devices, age),
        within=0.03,
    )
    for (group, age), table in TABLE_4.items()
    for devices, published in table.items()
)
DISPOSITION = (
    Comparison(
        "availability by nose, 28, 56, 84 mg",
        "share",
        (0.62, 0.54, 0.51),
        nasal_availability,
        within=0.01,
    ),
    Comparison("availability swallowed", "share", (0.178,), oral_availability, within=0.01),
    Comparison("clearance", "L/h", (109.0,), lambda: 1 / area("central"), within=0.01),
    Comparison("28 mg by vein over 40 min: Cmax", "ng/mL", (99.9,), by_vein, within=0.01),
)


def panels():
    for name, wanted, place in (("esketamine", "esketamine", 0), ("noresketamine", None, 2)):
        lines, points = {}, {}
        for devices, published in TABLE_4["18 to 60 years", 40].items():
            seen = sprayed(devices, 40)
            curve = {one.name: one.median for one in seen.series}[wanted or name]
            lines[f"{28 * devices} mg"] = ([m / 60 for m in seen.time_min[:721]], curve[:721])
            peak = seen.summary[name].tmax_min / 60
            points[f"Cmax, {28 * devices} mg"] = ([peak], [published[place]])
        yield Panel(f"Perez-Ruixo 2021: {name} by nose", "h", "ng/mL", lines, points)


PAPER = Paper(
    "Perez-Ruixo 2021: esketamine by nose, by vein, swallowed",
    ("PerezRuixo2021", "K1"),
    (*EXPOSURES, *DISPOSITION),
    lambda: tuple(panels()),
)


@pytest.mark.parametrize("row", EXPOSURES, ids=str)
def test_peak_and_area_are_those_of_table_4(row, agree):
    agree(row)


@pytest.mark.parametrize("row", DISPOSITION, ids=str)
def test_clearance_and_availability_follow_from_table_3(row, agree):
    agree(row)


def test_liver_flow_falls_after_sixty():
    model = library.model("perez-ruixo-2021")
    old = population.individuals(model, Subject(70, 75), subjects=0, seed=0)
    assert old["Qh"][0] == pytest.approx(151 - 15 * 2.19, rel=1e-12)
