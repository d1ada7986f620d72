"""The dosing weight is the measured one unless a prescriber chooses another."""

from decimal import Decimal as D

import pytest

from ketaflow.people.chart import Sex
from ketaflow.protocol import weight
from ketaflow.protocol.weight import Basis, Body, NoDosingWeight


def test_measured_weight_is_the_default():
    found = weight.choose(Body(D(70), D(175), Sex.FEMALE))
    assert (found.kg, found.basis, found.rule) == (70, Basis.TOTAL, "DW-1")


@pytest.mark.parametrize(
    ("sex", "cm", "kg"),
    [(Sex.MALE, "177.8", "73.0"), (Sex.FEMALE, "177.8", "68.5"), (Sex.MALE, "152.4", "50.0")],
)
def test_ideal_weight_follows_devine(sex, cm, kg):
    assert weight.ideal_kg(D(cm), sex) == D(kg)


def test_adjusted_weight_adds_two_fifths_of_the_rest():
    assert weight.adjusted_kg(D(123), D(73)) == 93
    found = weight.choose(Body(D(123), D("177.8"), Sex.MALE), basis=Basis.ADJUSTED)
    assert (found.kg, found.rule) == (93, "DW-3")


def test_choosing_the_measured_weight_settles_the_offer():
    found = weight.choose(Body(D(123), D("177.8"), Sex.MALE), basis=Basis.TOTAL)
    assert (found.kg, found.offered) == (123, ())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (Body(D(90), D(150), Sex.FEMALE), "60 in"),
        (Body(D(120), D(170), Sex.OTHER), "female and male"),
    ],
)
def test_where_the_formula_ends_the_prescriber_enters_a_weight(body, says):
    assert says in weight.choose(body).why
    with pytest.raises(NoDosingWeight, match=says):
        weight.choose(body, basis=Basis.IDEAL)
    assert weight.choose(body, entered_kg=D(60)).basis is Basis.ENTERED


@pytest.mark.parametrize(
    ("body", "basis", "entered", "says"),
    [
        (Body(None), None, None, "weigh the person"),
        (Body(D(70)), Basis.IDEAL, None, "needs the height"),
        (Body(D(50), D(190), Sex.MALE), Basis.IDEAL, None, "above the measured"),
        (Body(D(70)), Basis.ENTERED, None, "enter it in kilograms"),
        (Body(D(70)), None, D(80), "above the measured"),
    ],
)
def test_a_weight_that_cannot_be_reckoned_is_refused(body, basis, entered, says):
    with pytest.raises(NoDosingWeight, match=says):
        weight.choose(body, basis=basis, entered_kg=entered)


def test_body_mass_index_needs_both_numbers():
    assert weight.bmi(Body(D(80), D(200))) == 20
    assert weight.bmi(Body(D(80))) is None
    assert weight.bmi(Body(None, D(200))) is None
