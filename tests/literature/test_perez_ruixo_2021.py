"""Perez-Ruixo et al., Clin Pharmacokinet 2021;60:501 (K1): esketamine by nasal spray.

Table 4, Caucasian, 18 to 60 years: peak and area over 24 h for one, two and three devices. The area
under the noresketamine curve cannot be reproduced from the paper's Table 3 and is not tested.
"""

import numpy as np
import pytest

from ketaflow.pharmacology import kinetics, library, population
from ketaflow.pharmacology.forecast import NasalDose, Subject, forecast

PUBLISHED = {1: (43.8, 147.3, 59.1), 2: (72.5, 254.7, 119.7), 3: (101.0, 362.2, 180.0)}
ADULT = Subject(weight_kg=70, age=40)


@pytest.mark.parametrize("devices", PUBLISHED)
def test_peak_and_area_are_those_of_table_4(devices, agree):
    seen = forecast(
        drug="esketamine",
        route="nasal",
        doses=[NasalDose(0, 28)] * devices,
        subject=ADULT,
        subjects=0,
        hours=24,
    )
    cmax, auc, metabolite = PUBLISHED[devices]
    found = seen.summary["esketamine"]
    agree(
        f"{28 * devices} mg, esketamine Cmax and AUC0-24",
        [cmax, auc],
        [found.cmax, found.auc],
        0.03,
    )
    agree(
        f"{28 * devices} mg, noresketamine Cmax",
        metabolite,
        seen.summary["noresketamine"].cmax,
        0.03,
    )


@pytest.fixture
def area():
    """Area under the plasma curve to infinity, mg h/L, when 1 mg enters a compartment."""
    model = library.model("perez-ruixo-2021")
    values = population.individuals(model, ADULT, subjects=0, seed=0)
    rates = kinetics.rate_matrix(model, values, extra=0)[0]
    names = list(model.compartments)

    def to_infinity(into):
        entered = np.zeros(len(names))
        entered[names.index(into)] = 1.0
        stayed = np.linalg.solve(-rates, entered)
        return stayed[names.index("central")] / values["Vc"][0]

    return to_infinity


def test_clearance_is_109_l_an_hour(area, agree):
    agree("clearance, L/h", 109, 1 / area("central"), 0.01)


def test_a_swallowed_dose_is_available_to_18_per_cent(area, agree):
    agree("oral bioavailability", 0.178, 0.64 * area("swallowed") / area("central"), 0.01)


def test_more_devices_are_less_available_each(area, agree):
    by_nose, swallowed = area("nose") / area("central"), 0.64 * area("swallowed") / area("central")
    share = [0.54 * (1 + 0.62 * (n - 1)) / n for n in (1, 2, 3)]
    found = [f * by_nose + (1 - f) * swallowed for f in share]
    agree("nasal bioavailability at 28, 56, 84 mg", [0.62, 0.54, 0.51], found, 0.01)


def test_clearance_falls_after_sixty(agree):
    model = library.model("perez-ruixo-2021")
    old = population.individuals(model, Subject(70, 75), subjects=0, seed=0)
    agree("liver flow at 75 years, L/h", 151 - 15 * 2.19, old["Qh"], 1e-12)
