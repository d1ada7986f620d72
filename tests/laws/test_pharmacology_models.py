"""No number without a unit and a source, in any model or effect."""

import copy

import pytest

from ketaflow import tables
from ketaflow.evidence.sources import UnknownSource
from ketaflow.pharmacology import library
from ketaflow.pharmacology.quantities import Unsourced, insist, keys_in, quantity
from ketaflow.refusals import BadFile

SOURCED = {"value": 1, "unit": "L", "source": ["K2"]}


@pytest.fixture
def perez():
    return copy.deepcopy(dict(tables.read("ketaflow.pharmacology", "models"))["perez-ruixo-2021"])


@pytest.fixture
def simons():
    return copy.deepcopy(dict(tables.read("ketaflow.pharmacology", "models"))["simons-2022"])


def test_every_model_and_effect_loads_and_cites_registered_sources():
    from ketaflow.evidence.sources import cite

    assert set(library.models()) >= {"racemic-iv", "racemic-venous", "perez-ruixo-2021"}
    for one in library.models().values():
        assert cite(one.all_sources)
    for effect in library.effects().values():
        assert cite(effect.sources)
        assert effect.status


@pytest.mark.parametrize("missing", ["value", "unit", "source"])
def test_a_number_lacking_a_part_does_not_load(missing):
    row = {key: entry for key, entry in SOURCED.items() if key != missing}
    with pytest.raises(Unsourced, match=f"has no {missing}"):
        quantity(row, "V1")


def test_a_unit_nobody_knows_does_not_load():
    with pytest.raises(Unsourced, match="furlong"):
        quantity({**SOURCED, "unit": "furlong"}, "V1")


def test_a_source_nobody_registered_does_not_load():
    with pytest.raises(UnknownSource):
        quantity({**SOURCED, "source": ["NoSuchPaper"]}, "V1")


def test_minutes_and_per_cent_become_hours_and_fractions():
    assert quantity({**SOURCED, "value": 30, "unit": "min"}, "t").value == 0.5
    assert quantity({**SOURCED, "value": 2, "unit": "L/min"}, "CL").value == 120
    assert quantity({**SOURCED, "value": 1, "unit": "1/min"}, "k").unit == "1/h"
    assert quantity({**SOURCED, "value": 50, "unit": "%"}, "cv").value == 0.5


@pytest.mark.parametrize("bare", [{"cap": 3}, {"list": [1]}, {"deep": {"value": 3, "unit": "L"}}])
def test_a_bare_number_anywhere_does_not_load(bare):
    with pytest.raises(Unsourced, match="number without a unit and a source"):
        insist({"fine": SOURCED, "flag": True, **bare}, "model")


def test_sources_are_collected_once_in_order():
    table = {"sources": ["K1"], "a": {"source": ["K2", "K1"]}, "b": [{"source": ["K3"]}, "word"]}
    assert keys_in(table) == ("K1", "K2", "K3")


def test_a_variation_must_say_what_it_is(simons):
    del simons["parameters"]["V1"]["varies"]["as"]
    with pytest.raises(Unsourced, match="V1 varies"):
        library.kinetic_model("wrong", simons)


def test_a_flow_to_nowhere_does_not_load(simons):
    simons["flows"][2]["to"] = "elsewhere"
    with pytest.raises(BadFile, match="names elsewhere"):
        library.kinetic_model("wrong", simons)


def test_a_flow_by_an_unknown_clearance_does_not_load(simons):
    simons["flows"][0]["clearance"] = "Q9"
    with pytest.raises(BadFile, match="names Q9"):
        library.kinetic_model("wrong", simons)


def test_a_curve_of_an_unknown_enantiomer_does_not_load(simons):
    simons["series"][0]["sums"] = ["R.parent"]
    with pytest.raises(BadFile, match=r"names R\.parent"):
        library.kinetic_model("wrong", simons)


def test_a_model_may_extend_only_one_that_exists():
    with pytest.raises(BadFile, match="extends nothing-2020"):
        library.inherit("child", {"child": {"extends": "nothing-2020"}})


def test_the_racemic_model_differs_from_its_parent_only_where_it_says():
    racemic, simons = library.model("racemic-iv"), library.model("simons-2022")
    changed = {name for name, one in racemic.parameters.items() if one != simons.parameters[name]}
    assert changed == {"f_norketamine"}
    assert racemic.copies["R"].factors == {"CL": 0.88, "CLN": 0.70}
    assert sum(one.share for one in racemic.copies.values()) == 1


PUBLISHED = {
    *("simons-2022", "simons-2022-hnk", "otto-2021", "perez-ruixo-2021", "kamp-2020"),
    *("domino-1982", "clements-nimmo-1981", "herd-anderson-2007", "flint-2017", "hijazi-2003"),
    *("hornik-2018", "racemic-iv", "racemic-venous", "esketamine-iv"),
}


def test_every_published_set_is_there():
    assert set(library.models()) == PUBLISHED


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_every_model_says_where_it_holds_and_what_is_not_known(name):
    model = library.model(name)
    limited = {limit.of for limit in model.envelope}
    assert limited == {"age", "weight", "dose", "rate"}
    for limit in model.envelope:
        known = limit.low is not None or limit.high is not None
        assert known or "unknown" in limit.said or "not read" in limit.said, limit
    assert model.site
    assert model.read
    assert model.grade
    assert model.residual_said


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_every_effect_a_model_drives_exists(name):
    model = library.model(name)
    assert {*model.effects, *model.effects_on_request} <= set(library.effects())


def test_an_effect_says_when_it_was_calibrated_here():
    calibrated = {"dissociation", "systolic", "diastolic", "heart-rate"}
    for name, one in library.effects().items():
        assert one.grade
        assert ("calibrated here" in one.status) >= (name in calibrated)


def test_a_covariate_of_a_parameter_that_is_not_there_does_not_load(perez):
    perez["covariates"]["japanese"]["everybody"]["ka_brain"] = SOURCED
    with pytest.raises(BadFile, match="names ka_brain"):
        library.kinetic_model("wrong", perez)


def test_a_residual_error_must_say_its_scale(simons):
    simons["residual"]["of"]["parent"]["scale"] = "some"
    with pytest.raises(Unsourced, match="residual of wrong"):
        library.kinetic_model("wrong", simons)


def test_a_residual_error_of_nothing_measured_does_not_load(simons):
    simons["residual"]["of"]["sweat"] = simons["residual"]["of"]["parent"]
    with pytest.raises(BadFile, match="names sweat"):
        library.kinetic_model("wrong", simons)


def test_residual_errors_are_those_printed():
    simons = library.model("simons-2022").residuals
    assert (simons["parent"].sd, simons["parent"].scale) == (0.11, "proportional")
    assert simons["norketamine"].additive_nmol_ml == 0.058
    assert library.model("perez-ruixo-2021").residuals["norketamine"].scale == "log"


def test_days_become_hours():
    assert quantity({**SOURCED, "value": 10.9, "unit": "d"}, "t").value == pytest.approx(261.6)
