"""Simons et al., Front Pain Res 2022;3:946486 (K2, A4): arterial S-ketamine, 20 mg over 20 min."""

import pytest

from ketaflow.pharmacology.forecast import infusion
from tests.literature.comparison import Comparison, Panel, Paper, typical

MEASURED = {273: (259, 287), 260: (251, 269)}


def infused():
    return typical("esketamine", infusion(20, 20), model="simons-2022", hours=3)


def peak():
    return max(infused()[1]["S-ketamine"])


ROWS = tuple(
    Comparison(
        f"20 mg over 20 min: arterial S-ketamine peak, measured {measured} ({low}-{high})",
        "ng/mL",
        (float(measured),),
        peak,
        within=0.10,
    )
    for measured, (low, high) in MEASURED.items()
)


def panels():
    times, curves = infused()
    yield Panel(
        "Simons 2022: 20 mg S-ketamine over 20 min",
        "min",
        "ng/mL, arterial",
        {name: (times, curves[name]) for name in ("S-ketamine", "S-norketamine")},
        {"measured peaks": ([20, 20], list(MEASURED))},
        {"measured peaks": ([20, 20], *zip(*MEASURED.values(), strict=True))},
    )


PAPER = Paper(
    "Simons 2022: S-ketamine by vein", ("Simons2022", "A4"), ROWS, lambda: tuple(panels())
)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_arterial_peak_after_20_mg_over_20_min(row, agree):
    agree(row)


def test_the_peak_comes_when_the_pump_stops():
    times, curves = infused()
    assert times[curves["S-ketamine"].index(peak())] == 20
