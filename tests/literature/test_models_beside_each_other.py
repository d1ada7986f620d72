"""Five models, 35 mg over 40 min at 70 kg: total drug, computed once more and independently.

The figures were derived from the published parameters by another program, so they say that this
engine solves them right. They also show why an artery and a vein are not to be confused.
"""

from functools import cache

import pytest

from ketaflow.pharmacology.forecast import infusion
from tests.literature.comparison import Comparison, Panel, Paper, at, typical

TIMES_MIN = (40, 60, 110, 230)
DERIVED = {
    "simons-2022": ("esketamine", (289, 91, 42, 21)),
    "kamp-2020": ("ketamine", (253, 96, 54, 27)),
    "domino-1982": ("ketamine", (240, 55, 38, 18)),
    "clements-nimmo-1981": ("ketamine", (177, 115, 63, 36)),
    "otto-2021": ("esketamine", (158, 104, 60, 27)),
}


@cache
def infused(model):
    times, curves = typical(DERIVED[model][0], infusion(35, 40), model=model)
    return times, next(iter(curves.values()))


ROWS = tuple(
    Comparison(
        f"{model}: 35 mg over 40 min, at 40, 60, 110, 230 min",
        "ng/mL",
        tuple(map(float, derived)),
        lambda model=model: at(infused(model)[1], TIMES_MIN),
        within=0.03,
    )
    for model, (_, derived) in DERIVED.items()
)


def panels():
    lines = {model: infused(model) for model in DERIVED}
    points = {model: (TIMES_MIN, derived) for model, (_, derived) in DERIVED.items()}
    title = "Five models, 35 mg over 40 min"
    yield Panel(title, "min", "ng/mL, all as one species", lines, points, logarithmic=True)


PAPER = Paper(
    "Five models beside each other (derived independently)",
    ("Simons2022", "Kamp2020", "Domino1982", "Clements1981", "Otto2021", "DERIVED"),
    ROWS,
    lambda: tuple(panels()),
)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_another_program_gets_the_same_levels(row, agree):
    agree(row)
