"""Questionnaires are data: owned, sourced, dated, and exact."""

import re
from decimal import Decimal

import pytest

from ketaflow.evidence.sources import UnknownSource, cite
from ketaflow.instruments.library import (
    Method,
    UnknownInstrument,
    Verdict,
    instrument,
    library,
    parse,
)
from ketaflow.refusals import BadFile

EVERY = sorted(library())


def small(**changes):
    table = {
        "title": "Two questions",
        "short": "TQ",
        "measures": "something",
        "version": "2026-01-01",
        "verdict": "EMBED",
        "notice": "Own wording.",
        "source": ["S47"],
        "scoring": {"method": "sum", "unit": "points", "source": ["S47"]},
        "range": {"low": 0, "high": 3, "unit": "points", "source": ["S47"]},
        "item": [{"key": "1"}, {"key": "2"}],
    }
    return table | changes


@pytest.mark.parametrize("name", EVERY)
def test_every_instrument_says_who_owns_it_when_it_is_from_and_where_it_was_read(name):
    one = instrument(name)
    assert one.notice
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", one.version)
    assert cite(one.source)


@pytest.mark.parametrize("name", EVERY)
def test_every_band_and_level_rests_on_a_registered_source(name):
    one = instrument(name)
    for part in (*one.bands, *one.levels, *one.subscales):
        assert cite(part.source)


@pytest.mark.parametrize("name", [name for name in EVERY if instrument(name).bands])
def test_bands_cover_every_total_once(name):
    one = instrument(name)
    for total in range(one.lowest, one.highest + 1):
        assert sum(band.low <= total <= band.high for band in one.bands) == 1
        assert one.band_of(total)


def test_a_total_between_two_bands_belongs_to_the_lower():
    promis = instrument("promis-pain-interference")
    assert promis.band_of(Decimal("54.9")) == "within normal limits"
    assert promis.band_of(101) is None


PROTECTED = [
    *("qids-sr16", "madrs", "bdi-ii", "ymrs", "asrm", "y-bocs", "who-5", "peg", "bpi-sf"),
    *("promis-pain-interference", "dast-10", "cadss", "cadss-6", "bpic-ss"),
]


@pytest.mark.parametrize("name", PROTECTED)
def test_no_word_of_a_protected_instrument_ships(name):
    one = instrument(name)
    assert one.verdict is Verdict.SCORE_ONLY
    assert one.needs_paper
    assert all(item.text == "" and item.labels == () for item in one.items)
    assert one.stem == ""


@pytest.mark.parametrize("name", ["kset", "moca", "eq-5d", "mdq"])
def test_what_may_only_be_named_has_no_item_band_or_range(name):
    one = instrument(name)
    assert (one.verdict, one.items, one.bands, one.highest) == (Verdict.LINK, (), (), 0)
    assert not one.has_total


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_said_in_words(verdict):
    assert verdict.says


def test_the_protected_items_of_cadss_6_are_numbers_without_words():
    cadss = instrument("cadss-6")
    assert cadss.verdict is Verdict.SCORE_ONLY
    assert [item.key for item in cadss.items] == ["1", "2", "6", "7", "15", "22"]
    assert all(item.text == "" and item.labels == () for item in cadss.items)


def test_the_lowest_answer_of_gad_7_is_not_at_all_and_nothing_more():
    assert {item.labels[0] for item in instrument("gad-7").items} == {"Not at all"}


def test_the_nine_phq_items_carry_their_own_loinc_codes():
    codes = [item.loinc for item in instrument("phq-9").items]
    assert codes[:9] == [
        *("44250-9", "44255-8", "44259-0", "44254-1", "44251-7"),
        *("44258-2", "44252-5", "44253-3", "44260-8"),
    ]


def test_the_columbia_screener_keeps_its_copyright_line_and_is_never_summed():
    columbia = instrument("c-ssrs-screener")
    assert "Research Foundation for Mental Hygiene" in columbia.notice
    assert columbia.method is Method.LEVEL


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        *[("phq-9", 0, 27), ("gad-7", 0, 21), ("pcl-5", 0, 80), ("cadss-6", 0, 24)],
        *[("ham-d", 0, 52), ("audit-c", 0, 12), ("bprs", 18, 126), ("bprs-psychosis", 4, 28)],
        *[("qids-sr16", 0, 27), ("madrs", 0, 60), ("bdi-ii", 0, 63), ("ymrs", 0, 60)],
        *[("asrm", 0, 20), ("y-bocs", 0, 40), ("who-5", 0, 100), ("peg", 0, 10), ("cadss", 0, 92)],
        *[("dast-10", 0, 10), ("bpic-ss", 0, 38)],
        *[("moaa-s", 0, 5), ("modified-aldrete", 0, 10), ("mpadss", 0, 10), ("nrs-pain", 0, 10)],
    ],
)
def test_the_range_of_a_total_is_the_published_one(name, low, high):
    assert (instrument(name).lowest, instrument(name).highest) == (low, high)


def test_an_instrument_is_found_however_its_name_is_typed():
    assert instrument("PHQ9") is instrument("phq-9") is instrument("Phq 9")
    assert instrument("HAM-D17") is instrument("hdrs") is instrument("ham-d")


def test_no_two_instruments_answer_to_one_name():
    for name in EVERY:
        for called in (name, *instrument(name).also_called):
            assert instrument(called).id == name


def test_an_unknown_instrument_is_answered_with_those_there_are():
    with pytest.raises(UnknownInstrument, match="phq-9"):
        instrument("phq-99")


def test_a_small_instrument_loads():
    assert parse("tq", small()).highest == 6


@pytest.mark.parametrize("absent", ["title", "version", "notice", "source", "scoring", "range"])
def test_an_instrument_that_lacks_something_does_not_load(absent):
    table = small()
    del table[absent]
    with pytest.raises(BadFile, match=absent):
        parse("tq", table)


def test_a_range_without_a_unit_does_not_load():
    with pytest.raises(BadFile, match="unit"):
        parse("tq", small(range={"low": 0, "high": 3, "source": ["S47"]}))


def test_a_source_that_nobody_registered_does_not_load():
    with pytest.raises(UnknownSource, match="S999"):
        parse("tq", small(source=["S999"]))


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"item": [{"key": "1"}, {"key": "1"}]}, "twice"),
        ({"item": [{"key": "1"}, {"key": "2", "asked_if": "7"}]}, "item 7"),
        ({"item": [{"key": "1", "labels": ["No", "Yes"]}]}, "label"),
        ({"band": [{"low": 0, "high": 5, "name": "all", "source": ["S47"]}]}, "gap"),
        ({"band": [{"low": 1, "high": 6, "name": "all", "source": ["S47"]}]}, "gap"),
        ({"verdict": "MINE"}, "MINE"),
        ({"item": []}, "no item"),
        ({"scoring": {"method": "domains", "unit": "points", "source": ["S47"]}}, "one domain"),
        ({"domain": [{"name": "mood", "items": ["8"], "source": ["S47"]}]}, "item 8"),
    ],
)
def test_an_instrument_that_contradicts_itself_does_not_load(changes, because):
    with pytest.raises(BadFile, match=because):
        parse("tq", small(**changes))
