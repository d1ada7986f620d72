"""What a forecast promises, and how it declines."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketaflow.pharmacology import effects, library, population, simulation
from ketaflow.pharmacology.doses import NotADevice
from ketaflow.pharmacology.envelope import Implausible, OutsideModel
from ketaflow.pharmacology.forecast import Infusion, NasalDose, Subject, forecast, infusion
from ketaflow.pharmacology.library import UnknownModel
from ketaflow.pharmacology.simulation import NotAForecast, Run
from ketaflow.refusals import BadFile

ADULT = Subject(weight_kg=70, age=40, sex="female")
NASAL = {"drug": "esketamine", "route": "nasal", "doses": [NasalDose(0, 28), NasalDose(5, 28)]}
few = settings(max_examples=15, deadline=None)


def infused(doses=None, **asked):
    told = {"drug": "ketamine", "route": "iv", "subject": ADULT, "subjects": 30}
    return forecast(doses=infusion(35, 40) if doses is None else doses, **{**told, **asked})


@few
@given(st.floats(30, 150), st.floats(0.1, 1), st.integers(2, 60), st.integers(0, 2**40))
def test_the_band_encloses_the_median(weight, mg_kg, subjects, seed):
    subject = Subject(weight_kg=weight, age=40)
    seen = infused(
        infusion(mg_kg * weight, 40), subject=subject, subjects=subjects, seed=seed, grid_min=10
    )
    for one in seen.series:
        low, middle, high = np.array(one.p05), np.array(one.median), np.array(one.p95)
        assert ((low <= middle + 1e-12) & (middle <= high + 1e-12)).all()
        assert np.isfinite(high).all()


def test_the_same_seed_gives_the_same_answer_and_another_does_not():
    assert infused(seed=4) == infused(seed=4)
    assert infused(seed=4).series != infused(seed=5).series


@pytest.mark.parametrize("name", list(library.models()))
def test_the_first_people_drawn_do_not_depend_on_how_many(name):
    model = library.model(name)
    few_people = population.individuals(model, ADULT, subjects=3, seed=1)
    many = population.individuals(model, ADULT, subjects=50, seed=1)
    for key, values in few_people.items():
        assert np.allclose(values, many[key][:3], rtol=1e-12)


def test_people_differ_as_much_as_the_paper_says():
    drawn = population.individuals(library.model("otto-2021"), ADULT, subjects=20_000, seed=2)
    logs = np.log([drawn["V1"], drawn["CL"]])
    assert np.allclose(np.cov(logs), [[0.0842, 0.0226], [0.0226, 0.0260]], atol=0.003)


def test_the_bands_are_the_quantiles_of_the_people():
    told = {"route": "iv", "doses": infusion(35, 40), "subject": ADULT, "run": Run(subjects=37)}
    people = simulation.solve(library.model("racemic-iv"), **told).level("S", "parent")
    expected = 1000 * np.quantile(people, [0.05, 0.5, 0.95], axis=0)
    found = infused(subjects=37).series[0]
    assert np.allclose([found.p05, found.median, found.p95], expected, rtol=1e-12)


def test_the_typical_patient_has_no_band():
    seen = infused(subjects=0)
    assert all(one.p05 is None and one.p95 is None for one in seen.series)
    assert len(seen.time_min) == len(seen.series[0].median) == 181


def test_an_infusion_shows_levels_and_effects_each_with_its_grade_and_status():
    names = [one.name for one in infused().series]
    assert names == [
        *("S-ketamine", "R-ketamine", "ketamine, S + R", "S-norketamine", "R-norketamine"),
        *("dissociation", "systolic pressure", "diastolic pressure", "heart rate"),
        "ketamine, expected venous lab value",
    ]
    assert all(one.grade and one.status and one.sources for one in infused().series)


def test_a_spray_shows_levels_and_effects():
    seen = forecast(**NASAL, subject=ADULT, subjects=20)
    assert [one.name for one in seen.series][:3] == ["esketamine", "noresketamine", "dissociation"]
    assert seen.model == "perez-ruixo-2021"


def test_esketamine_by_vein_has_its_own_model():
    seen = forecast(
        drug="esketamine", route="iv", doses=infusion(28, 40), subject=ADULT, subjects=0
    )
    assert seen.models == ("esketamine-iv", "otto-2021")


def test_dissociation_wears_off_with_sessions_down_to_a_floor_and_pressure_does_not():
    peaks = {
        number: infused(subjects=0, session_number=number).summary for number in (1, 2, 13, 40)
    }
    first = peaks[1]["dissociation"].cmax
    found = [peaks[number]["dissociation"].cmax / first for number in (2, 13, 40)]
    assert np.allclose(found, [0.94, 0.94**12, 0.45])
    assert peaks[40]["systolic pressure"] == peaks[1]["systolic pressure"]


def test_an_effect_without_tolerance_is_the_same_at_every_session():
    assert effects.tolerance(library.effects()["systolic"], 30) == 1.0


def test_norketamine_weakens_dissociation():
    effect = library.effects()["dissociation"]
    site = effects.AtSite(
        levels={"parent": np.array([[0.1, 0.1]]), "norketamine": np.array([[0.0, 0.2]])},
        molar_mass={"parent": 237.73, "norketamine": 223.70},
        session_number=1,
        sensitivity=np.ones(1),
    )
    alone, opposed = effects.sigmoid(effect, site)[0]
    assert opposed < alone


def test_r_ketamine_may_be_given_a_weight(monkeypatch):
    effect = library.effects()["dissociation"]
    plain = infused(subjects=0).summary["dissociation"].cmax
    both = {**library.effects(), "dissociation": replace(effect, weights={"S": 1.0, "R": 0.5})}
    monkeypatch.setattr(library, "effects", lambda: both)
    assert infused(subjects=0).summary["dissociation"].cmax > plain


def test_a_pause_lowers_the_level_and_a_raise_lifts_it():
    steady = infused([Infusion(0, 0.875), Infusion(40, 0)], subjects=0).series[0].median
    paused = [Infusion(0, 0.875), Infusion(10, 0), Infusion(20, 0.875), Infusion(40, 0)]
    raised = [Infusion(0, 0.875), Infusion(20, 1.3125), Infusion(40, 0)]
    assert infused(paused, subjects=0).series[0].median[19] < steady[19]
    assert infused(raised, subjects=0).series[0].median[30] > steady[30]


BAD_PROGRAMMES = {
    "empty": [],
    "never ends": [Infusion(0, 1)],
    "runs backwards": [Infusion(10, 1), Infusion(5, 0)],
    "two rates at once": [Infusion(0, 1), Infusion(0, 2), Infusion(40, 0)],
    "sprays mixed in": [Infusion(0, 1), NasalDose(5, 28), Infusion(40, 0)],
    "negative rate": [Infusion(0, -1), Infusion(40, 0)],
    "endless rate": [Infusion(0, float("inf")), Infusion(40, 0)],
    "rate is no number": [Infusion(0, float("nan")), Infusion(40, 0)],
    "before the start": [Infusion(-5, 1), Infusion(40, 0)],
    "thousands of steps": [Infusion(place, 0) for place in range(2000)],
    "at no time": [Infusion(0, 1), Infusion(float("nan"), 0)],
}


@pytest.mark.parametrize("doses", BAD_PROGRAMMES.values(), ids=BAD_PROGRAMMES)
def test_a_programme_that_cannot_be_meant_is_refused_in_a_sentence(doses):
    with pytest.raises(BadFile, match=r"\.$"):
        infused(doses)


@pytest.mark.parametrize("minutes", [0, -40, float("nan"), float("inf")])
def test_an_infusion_needs_a_duration(minutes):
    with pytest.raises(BadFile, match="duration"):
        infusion(35, minutes)


SLIPS = {
    "A tenfold slip for 70 kg": {"subject": Subject(7, 40)},
    "not 700 kg. A tenfold slip for 70 kg": {"subject": Subject(700, 40)},
    "must be a number": {"subject": Subject(float("nan"), 40)},
    "age is 0 to 120 y, not 400 y. A tenfold slip for 40 y": {"subject": Subject(70, 400)},
    "dose is 0.1 to 10000": {"doses": [Infusion(0, 0), Infusion(5, 0)]},
    "rate is 0 to 50": {"doses": infusion(3500, 40)},
}


@pytest.mark.parametrize(("said", "asked"), SLIPS.items(), ids=SLIPS)
def test_a_number_nobody_means_is_refused_even_when_extrapolating(said, asked):
    with pytest.raises(Implausible, match=said):
        infused(**asked, extrapolate=True)


OUTSIDE = {
    "age from 18 y": {"subject": Subject(70, 12)},
    "A tenfold slip for 0.5 mg/kg": {"doses": infusion(350, 400)},
    "rate up to 1.72 mg/kg/h": {"doses": infusion(35, 10)},
}


@pytest.mark.parametrize(("said", "asked"), OUTSIDE.items(), ids=OUTSIDE)
def test_outside_the_envelope_is_refused_or_marked_on_every_curve(said, asked):
    with pytest.raises(OutsideModel, match=said) as refusal:
        infused(**asked)
    assert refusal.value.exit_code == 11
    seen = infused(**asked, extrapolate=True)
    assert seen.extrapolated
    assert all("extrapolated" in one.status for one in seen.series)


def test_a_fourth_device_is_outside_the_envelope():
    doses = [NasalDose(5 * place, 28) for place in range(4)]
    with pytest.raises(OutsideModel, match="28 to 84 mg"):
        forecast(drug="esketamine", route="nasal", doses=doses, subject=ADULT)


def test_a_spray_is_what_the_device_delivers():
    with pytest.raises(NotADevice, match="28 mg, not 56 mg"):
        forecast(
            drug="esketamine", route="nasal", doses=[NasalDose(0, 56)], subject=ADULT, subjects=0
        )


def test_there_is_no_model_for_racemic_ketamine_by_nose():
    with pytest.raises(UnknownModel, match="no model for ketamine by nasal"):
        forecast(drug="ketamine", route="nasal", doses=[NasalDose(0, 28)], subject=ADULT)


def test_a_model_is_not_lent_to_another_drug():
    with pytest.raises(UnknownModel, match="is for esketamine"):
        infused(model="otto-2021")
    with pytest.raises(UnknownModel, match="There is no model nobody"):
        infused(model="nobody-2018")


@pytest.mark.parametrize(
    "asked",
    [
        {"subjects": -1},
        {"subjects": 10_001},
        {"seed": -1},
        {"session_number": 0},
        {"hours": float("nan")},
        {"hours": float("inf")},
        {"hours": -3},
        {"grid_min": 0},
        {"grid_min": 500},
        {"subjects": 10_000, "hours": 24},
    ],
    ids=str,
)
def test_a_forecast_that_cannot_be_run_is_refused(asked):
    with pytest.raises(NotAForecast, match=r"\.$"):
        infused(**asked)


def test_a_spray_is_not_given_by_pump_nor_a_pump_by_nose():
    with pytest.raises(NotADevice, match="Sprays cannot be given by the iv route"):
        infused([NasalDose(0, 28)])
    with pytest.raises(NotADevice, match="Infusion steps cannot be given by the nasal route"):
        forecast(drug="esketamine", route="nasal", doses=infusion(28, 40), subject=ADULT)
