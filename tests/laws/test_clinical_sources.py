"""Every clinical statement rests on a source that can be looked up."""

import ipaddress
from urllib.parse import urlsplit

import pytest

from ketaflow.evidence.sources import register

CLINICAL = sorted(key for key in register() if key.startswith("S"))


def test_the_trials_for_and_against_ketamine_are_both_registered():
    for_it, against_it = ("S10", "S11", "S12"), ("S13", "S14", "S19")
    assert set(for_it + against_it) <= set(CLINICAL)


def test_the_four_eligibility_lists_can_be_cited_together_or_alone():
    assert {"S45", "S45a", "S45b", "S45c", "S45d"} <= set(CLINICAL)


@pytest.mark.parametrize("key", CLINICAL)
def test_a_source_says_what_it_is_and_how_much_was_read(key):
    source = register()[key]
    assert source.citation.strip() == source.citation != ""
    assert source.read


@pytest.mark.parametrize("key", [key for key in CLINICAL if register()[key].url])
def test_an_address_is_a_name_on_the_web_and_not_a_number(key):
    address = urlsplit(register()[key].url)
    assert address.scheme in {"http", "https"}
    with pytest.raises(ValueError, match="does not appear"):
        ipaddress.ip_address(address.hostname or "")
