"""Zanos et al., Pharmacol Rev 2018;70:621 (A15): what a laboratory finds after 0.5 mg/kg by vein.

185 ng/mL at the end of 40 minutes is a venous figure. The venous model is known to read about 14 %
low there, the arterial one lies above: the truth is between the two.
"""

from tests.literature.comparison import Comparison, Panel, Paper, half_mg_per_kg

VENOUS = "ketamine, expected venous lab value"
ARTERIAL = "ketamine, S + R"

ROWS = (
    Comparison(
        "racemate 0.5 mg/kg over 40 min: venous ketamine at the end",
        "ng/mL",
        (185.0,),
        lambda: half_mg_per_kg()[1][VENOUS][40],
        within=0.25,
    ),
)


def panels():
    times, curves = half_mg_per_kg()
    lines = {"arterial": (times, curves[ARTERIAL]), "venous": (times, curves[VENOUS])}
    title = "Zanos 2018: racemate 0.5 mg/kg over 40 min"
    yield Panel(title, "min", "ng/mL, S + R", lines, {"measured": ([40], [185])})


PAPER = Paper(
    "Zanos 2018: level after racemate 0.5 mg/kg",
    ("Zanos2018", "A15"),
    ROWS,
    lambda: tuple(panels()),
)


def test_the_laboratory_sees_about_185_ng_ml_at_the_end(agree):
    agree(ROWS[0])


def test_a_vein_shows_less_than_an_artery_while_the_pump_runs():
    _, curves = half_mg_per_kg()
    assert curves[VENOUS][40] < curves[ARTERIAL][40]
