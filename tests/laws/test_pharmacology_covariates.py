"""Published covariates: off until somebody names them, then on every curve and in the notes."""

import numpy as np
import pytest

from ketaflow.pharmacology import library, population
from ketaflow.pharmacology.forecast import NasalDose, Subject, forecast, infusion
from ketaflow.pharmacology.population import UnknownCovariate

WOMAN = Subject(weight_kg=70, age=40, sex="female")


def values(name, covariates, subject=WOMAN):
    model = population.with_covariates(library.model(name), covariates, subject)
    return population.individuals(model, subject, subjects=0, seed=0)


def infused(*covariates, subject=WOMAN):
    return forecast(
        drug="ketamine",
        route="iv",
        doses=infusion(35, 40),
        subject=subject,
        subjects=0,
        covariates=covariates,
    )


@pytest.mark.parametrize("name", list(library.models()))
def test_every_covariate_moves_what_it_says_and_nothing_else(name):
    plain = values(name, ())
    for key, covariate in library.model(name).covariates.items():
        moved = values(name, (key,), Subject(70, 75, "female"))
        plain_at_75 = values(name, (), Subject(70, 75, "female"))
        touched = {one for one in plain if not np.isclose(moved[one], plain_at_75[one])}
        assert touched == library.altered(covariate), key


def test_none_is_on_by_default():
    assert infused().series == infused(subject=Subject(70, 40, "male")).series


def test_women_clear_a_fifth_faster_than_men():
    women = values("racemic-iv", ("sex",))["CL"]
    men = values("racemic-iv", ("sex",), Subject(70, 40, "male"))["CL"]
    assert women / men == pytest.approx(1.20, abs=0.001)


def test_a_covariate_by_sex_needs_one():
    with pytest.raises(UnknownCovariate, match=r"needs a sex, female or male \(got unknown\)"):
        infused("sex", subject=Subject(70, 40))


def test_clearance_falls_with_age_only_over_sixty():
    young, old = (
        values("racemic-iv", ("age-over-60",), Subject(70, age))["CL"] for age in (60, 75)
    )
    assert young == pytest.approx(88.8)
    assert old / young == pytest.approx(1 - 15 * 0.0105)


def test_a_covariate_reaches_the_vein_as_it_reaches_the_artery():
    plain, slow = infused(), infused("cyp2b6-6-6")
    for name in ("ketamine, S + R", "ketamine, expected venous lab value"):
        assert slow.summary[name].auc > 1.2 * plain.summary[name].auc


def test_what_was_applied_is_said_and_cited():
    plain, slow = infused(), infused("cyp2b6-1-6")
    assert "Li2015" in slow.sources
    assert "Li2015" not in plain.sources
    assert any(note.startswith("Applied, as asked: CYP2B6 *1/*6") for note in slow.notes)


def test_race_in_the_nasal_model_is_an_option():
    told = {"drug": "esketamine", "route": "nasal", "doses": [NasalDose(0, 28)], "subject": WOMAN}
    plain = forecast(**told, subjects=0).summary["esketamine"].cmax
    both = forecast(**told, subjects=0, covariates=("asian", "japanese"))
    assert both.summary["esketamine"].cmax > 1.2 * plain
    assert sum("body weight explains it" in note for note in both.notes) == 2


def test_a_covariate_nobody_published_is_refused_with_those_there_are():
    with pytest.raises(
        UnknownCovariate, match=r"no covariate shoe-size\. It has sex, cyp2b6"
    ) as no:
        infused("shoe-size")
    assert no.value.exit_code == 11


def test_naming_one_twice_applies_it_once():
    assert infused("sex", "sex") == infused("sex")


def test_two_genotypes_of_one_person_are_refused():
    with pytest.raises(UnknownCovariate, match="Nobody is cyp2b6-1-6 and cyp2b6-6-6 at once"):
        infused("cyp2b6-1-6", "sex", "cyp2b6-6-6")


def test_a_model_without_covariates_says_so():
    with pytest.raises(UnknownCovariate, match=r"domino-1982 has no covariate sex\. It has none"):
        forecast(
            drug="ketamine",
            route="iv",
            doses=infusion(35, 40),
            subject=WOMAN,
            model="domino-1982",
            covariates=("sex",),
        )
