"""Dahan et al., Eur J Pain 2011;15:258 (A11), on Sigtermans et al., Pain 2009;145:304 (A12).

S-ketamine for 100 hours, titrated to 22 mg/h at 70 kg, in CRPS. The steps of the titration were not
read: it is taken to rise evenly in four over two days. Relief stood at its best in week 1 and was
lost by week 12. The dose is beyond the kinetic model's envelope, so all of this is extrapolated.
"""

from functools import cache

import pytest

from ketaflow.pharmacology import effects, library
from ketaflow.pharmacology.forecast import Infusion
from tests.literature.comparison import Comparison, Judged, Panel, Paper, typical

DAY_MIN = 1440
MG_MIN = 22 / 60
STEPS = [Infusion(720 * k, MG_MIN * (k + 1) / 4) for k in range(4)]
RELIEF = "pain relief in CRPS, over weeks"


@cache
def infused():
    """Days, and relief in a responder as a share."""
    times, curves = typical(
        "esketamine",
        [*STEPS, Infusion(6000, 0.0)],
        hours=24 * 92,
        grid_min=60,
        effects=("crps-pain",),
        extrapolate=True,
    )
    return [minute / DAY_MIN for minute in times], [one / 100 for one in curves[RELIEF]]


def on_day(day):
    days, relief = infused()
    return relief[days.index(day)]


def seen(what, day, low, high):
    return Comparison(
        f"100 h to 22 mg/h, a responder: {what}",
        "share of full relief",
        (low, high),
        lambda: on_day(day),
        judged=Judged.BETWEEN,
    )


ROWS = (seen("relief at week 1", 7, 0.7, 1.0), seen("relief at week 12", 84, 0.0, 0.05))


def panels():
    lines = {"a responder": infused()}
    allowed = {"allowed at weeks 1 and 12": ([7, 84], [0.7, 0.0], [1.0, 0.05])}
    title = "Dahan 2011: pain relief in CRPS"
    yield Panel(title, "days", "share of full relief", lines, spans=allowed)


PAPER = Paper("Dahan 2011: CRPS over weeks", ("Dahan2011", "A11"), ROWS, lambda: tuple(panels()))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_relief_is_best_in_week_1_and_lost_by_week_12(row, agree):
    agree(row)


def test_two_of_three_people_respond():
    drawn = effects.sensitivity(library.effects()["crps-pain"], subjects=10_000, seed=3)
    assert set(drawn) == {0.0, 1.0}
    assert drawn.mean() == pytest.approx(0.67, abs=0.015)
