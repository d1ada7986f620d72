"""Nothing is shown for one person without its band and its caveat."""

from dataclasses import fields, replace

import pytest

from ketaflow.pharmacology.response.course import Course
from ketaflow.pharmacology.response.model import response_model
from ketaflow.pharmacology.response.outlook import Banded, NotAnOutlook, Outlook, outlook

MODEL = response_model()
SIX = Course((0.0, 2.0, 4.0, 7.0, 9.0, 11.0), (0.0, 12.0, 40.0), "open label")


@pytest.fixture(scope="module")
def shown():
    return outlook(MODEL, SIX, baseline=32)


def test_every_day_has_its_band(shown):
    assert [one.day for one in shown.points] == [0, 12, 40]
    assert all(one.high - one.low > 5 for one in shown.points)


def test_there_is_no_curve_to_draw_alone():
    assert {one.name for one in fields(Outlook)}.isdisjoint({"median", "middle", "mean", "curve"})


def test_in_words_it_begins_with_the_caveat(shown):
    said = str(shown)
    assert said.startswith("Nobody can say how one person will respond")
    assert "Day 12: " in said
    assert shown.caveat == MODEL.individual


@pytest.mark.parametrize("without", [{"caveat": "  "}, {"points": ()}])
def test_it_cannot_be_made_without_band_or_caveat(shown, without):
    with pytest.raises(NotAnOutlook, match="without its band and its caveat"):
        replace(shown, **without)


def test_a_band_of_no_width_is_none():
    with pytest.raises(NotAnOutlook, match="no band"):
        Banded(3.0, 10.0, 10.0, 10.0)


@pytest.mark.parametrize("baseline", [12, 61, float("nan")])
def test_it_starts_where_the_model_was_calibrated(baseline):
    with pytest.raises(NotAnOutlook, match="starts from a MADRS of 22 to 60"):
        outlook(MODEL, SIX, baseline=baseline)
