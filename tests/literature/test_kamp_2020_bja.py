"""Kamp et al., Br J Anaesth 2020;125:750 (curves digitised by K7): 20 men, arterial.

Esketamine 0.14, 0.28, 0.57 mg/kg/h and racemate at twice these rates, an hour each. Values in
nmol/mL at times away from the edges of the steps. Two models of one species are held against the
same curves, to say how far such a model is from them.
"""

from functools import cache

import numpy as np
import pytest

from ketaflow.pharmacology.forecast import Infusion, Subject
from tests.literature.comparison import Comparison, Judged, Panel, Paper, at, typical

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
GIVEN = {"esketamine": (1, ESKETAMINE), "ketamine": (2, RACEMATE)}
CALLED = {"esketamine": "esketamine", "ketamine": "racemate"}
TOTAL = tuple(np.add(RACEMATE["S-ketamine"], RACEMATE["R-ketamine"]).tolist())


@cache
def infused(drug, model=None):
    """The typical man of 70 kg, minute by minute, in nmol/mL."""
    steps = [rate * GIVEN[drug][0] * 70 / 60 for rate in (0.14, 0.28, 0.57, 0.0)]
    times, curves = typical(
        drug,
        [Infusion(60 * hour, rate) for hour, rate in enumerate(steps)],
        subject=Subject(weight_kg=70, age=30, sex="male"),
        hours=5,
        model=model,
    )
    mass = {name: NORKETAMINE if "nor" in name else KETAMINE for name in curves}
    return times, {
        name: [one / mass[name] for one in levels]
        for name, levels in curves.items()
        if "venous" not in name
    }


def compared(drug, name, published, within, model=None):
    return Comparison(
        f"{CALLED[drug]} in three steps: {name}{f' ({model})' if model else ''}",
        "nmol/mL",
        published,
        lambda: at(infused(drug, model)[1][name], TIMES_MIN),
        within=within,
        judged=Judged.MEDIAN,
    )


OWN = tuple(
    compared(drug, name, published, 0.20 if "nor" in name else 0.15)
    for drug, (_, table) in GIVEN.items()
    for name, published in table.items()
)
ONE_SPECIES = (
    compared("ketamine", "ketamine", TOTAL, 0.15, "kamp-2020"),
    compared("ketamine", "ketamine", TOTAL, 0.20, "domino-1982"),
)


def panels():
    for drug, (_, table) in GIVEN.items():
        times, curves = infused(drug)
        hours = [minute / 60 for minute in times]
        for kind in ("-ketamine", "-norketamine"):
            names = [name for name in table if kind in name]
            yield Panel(
                f"Kamp 2020: {CALLED[drug]}, {kind[1:]}",
                "h",
                "nmol/mL, arterial",
                {name: (hours, curves[name]) for name in names},
                {name: ([m / 60 for m in TIMES_MIN], table[name]) for name in names},
            )


PAPER = Paper(
    "Kamp 2020 (Br J Anaesth): enantiomers in an infusion of three steps",
    ("KampBJA2020", "K7"),
    (*OWN, *ONE_SPECIES),
    lambda: tuple(panels()),
)


@pytest.mark.parametrize("row", OWN, ids=str)
def test_the_enantiomers_follow_the_measured_curves(row, agree):
    agree(row)


@pytest.mark.parametrize("row", ONE_SPECIES, ids=str)
def test_models_of_one_species_follow_the_sum_of_the_enantiomers(row, agree):
    agree(row)
