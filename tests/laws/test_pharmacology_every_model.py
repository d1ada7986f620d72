"""What must hold of every model by every route it has: it is linear, and time has no beginning."""

import numpy as np
import pytest

from ketaflow.pharmacology import library
from ketaflow.pharmacology.envelope import Implausible, OutsideModel
from ketaflow.pharmacology.forecast import (
    Infusion,
    NasalDose,
    Subject,
    Swallowed,
    forecast,
    infusion,
)

ADULT, CHILD = Subject(weight_kg=70, age=40, sex="male"), Subject(weight_kg=20, age=6, sex="male")
WAYS = [(name, route) for name, one in library.models().items() for route in one.inputs]
CHILDREN = [name for name, one in library.models().items() if "children only" in one.marks]
ADULTS = sorted(set(library.models()) - set(CHILDREN))


def given(route, *, at_min=0.0, times=1):
    """A dose by this route; a device gives what it gives, so more of it is more devices."""
    if route == "nasal":
        return [NasalDose(at_min, 28)]
    if route == "oral":
        return [Swallowed(at_min, 84 * times)]
    return list(infusion(14 * times, 40, at_min=at_min))


def levels(name, route, doses, **asked):
    model = library.model(name)
    seen = forecast(
        drug=model.drug,
        route=route,
        doses=doses,
        subject=CHILD if name in CHILDREN else ADULT,
        model=name,
        **{"subjects": 0, "extrapolate": True, **asked},
    )
    return np.array([one.median for one in seen.series if one.quantity == "concentration"])


# A device cannot give twice what it gives, and a second one is taken up less.
@pytest.mark.parametrize(("name", "route"), [way for way in WAYS if way[1] != "nasal"])
def test_twice_the_dose_is_twice_the_level(name, route):
    once = levels(name, route, given(route))
    assert np.allclose(levels(name, route, given(route, times=2)), 2 * once, rtol=1e-6)
    assert (once[:, -1] > 0).all()


@pytest.mark.parametrize(("name", "route"), WAYS)
def test_a_later_start_moves_the_curve_and_nothing_else(name, route):
    before = levels(name, route, given(route))
    after = levels(name, route, given(route, at_min=30))
    assert np.allclose(after[:, 30:], before[:, :-30], rtol=1e-6, atol=1e-9)
    assert not after[:, :30].any()


@pytest.mark.parametrize(("name", "route"), [way for way in WAYS if way[1] == "iv"])
def test_two_infusions_are_the_sum_of_each(name, route):
    first, second = given(route), given(route, at_min=60)
    apart = levels(name, route, first) + levels(name, route, second)
    assert np.allclose(levels(name, route, [*first, *second]), apart, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("name", "route"), WAYS)
def test_people_differ_where_the_model_says_how_and_no_band_is_made_up(name, route):
    model = library.model(name)
    seen = forecast(
        drug=model.drug,
        route=route,
        doses=given(route),
        subject=CHILD if name in CHILDREN else ADULT,
        model=name,
        subjects=20,
        extrapolate=True,
    )
    varies = any(one.varies for one in model.parameters.values())
    assert all((one.p05 is not None) is varies for one in seen.series)
    assert varies or any("How people differ was not read" in note for note in seen.notes)


def test_there_are_models_of_children():
    assert sorted(CHILDREN) == ["flint-2017", "herd-anderson-2007", "hornik-2018"]


@pytest.mark.parametrize("name", CHILDREN)
@pytest.mark.parametrize("age", [18, 40])
def test_a_model_of_children_is_never_lent_to_an_adult(name, age):
    model = library.model(name)
    for extrapolate in (False, True):
        with pytest.raises(OutsideModel, match="never adults") as refusal:
            forecast(
                drug=model.drug,
                route="iv",
                doses=given("iv"),
                subject=Subject(weight_kg=70, age=age),
                model=name,
                extrapolate=extrapolate,
            )
        assert refusal.value.exit_code == 11
    assert not model.default_for


@pytest.mark.parametrize("name", ADULTS)
def test_a_model_of_adults_refuses_a_child(name):
    model = library.model(name)
    route = next(iter(model.inputs))
    with pytest.raises(OutsideModel, match="age from 18 y"):
        forecast(
            drug=model.drug,
            route=route,
            doses=given(route),
            subject=Subject(weight_kg=60, age=17.9),
            model=name,
        )


def test_a_child_may_weigh_what_an_adult_may_not():
    assert levels("hornik-2018", "iv", given("iv")).max() > 0
    with pytest.raises(Implausible, match="A child's weight is 2 to 150 kg, not 200 kg"):
        forecast(
            drug="ketamine", route="iv", doses=given("iv"), subject=Subject(200, 6), subjects=0
        )
    with pytest.raises(Implausible, match="A weight is 25 to 350 kg, not 20 kg"):
        forecast(
            drug="ketamine", route="iv", doses=given("iv"), subject=Subject(20, 40), subjects=0
        )


def test_weight_scales_the_models_of_rate_constants_as_published():
    asked = {"drug": "ketamine", "route": "iv", "model": "domino-1982", "subjects": 0}
    light = forecast(doses=infusion(35, 40), subject=Subject(70, 40), **asked)
    heavy = forecast(doses=infusion(70, 40), subject=Subject(140, 40), **asked)
    assert np.allclose(light.series[0].median, heavy.series[0].median, rtol=1e-9)


def test_hydroxynorketamine_is_for_research_and_leaves_the_rest_alone():
    plain = levels("simons-2022", "iv", given("iv"))
    whole = levels("simons-2022-hnk", "iv", given("iv"))
    assert np.allclose(whole[:2], plain, rtol=1e-9)
    model = library.model("simons-2022-hnk")
    assert model.marks == ("research",)
    assert model.series[2].status.startswith("research")


def test_a_dose_limit_of_one_route_does_not_bind_another():
    asked = {"drug": "esketamine", "subject": ADULT, "subjects": 0, "model": "perez-ruixo-2021"}
    assert not forecast(route="iv", doses=infusion(14, 40), **asked).extrapolated
    assert not forecast(route="oral", doses=[Swallowed(0, 14)], **asked).extrapolated
    with pytest.raises(OutsideModel, match="dose 28 to 84 mg"):
        forecast(route="nasal", doses=[NasalDose(0, 28)] * 4, **asked)


def test_what_is_swallowed_is_not_given_by_pump_and_a_programme_is_one_kind():
    from ketaflow.pharmacology.doses import IllFormedProgramme, NotADevice

    asked = {"drug": "esketamine", "subject": ADULT, "subjects": 0}
    with pytest.raises(NotADevice, match="Infusion steps cannot be given by the oral route"):
        forecast(route="oral", doses=infusion(28, 40), **asked)
    with pytest.raises(NotADevice, match="list sprays instead"):
        forecast(route="nasal", doses=[Swallowed(0, 28)], **asked)
    with pytest.raises(IllFormedProgramme, match="infusion steps or swallowed doses, not both"):
        forecast(route="oral", doses=[Swallowed(0, 28), Infusion(5, 0)], **asked)
