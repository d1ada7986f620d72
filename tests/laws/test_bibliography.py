"""BibTeX that says no more than was read."""

import re

import pytest

from ketaflow.evidence.bibliography import bibtex, plain
from ketaflow.evidence.sources import UnknownSource, cite, register
from ketaflow.refusals import BadFile


def test_a_paper_is_an_article_with_its_authors():
    said = bibtex(cite("PerezRuixo2021"))
    assert said.startswith("@article{PerezRuixo2021,")
    assert "author = {Perez-Ruixo, C and Rossenu, S and " in said
    assert "pages = {501--516}" in said
    assert "Read: the abstract, a secondary page about it" in said


def test_authors_that_were_not_read_are_others():
    assert "author = {van Velzen, M and others}" in bibtex(
        [register()["Kamp2021"].__class__("X", "x", (), authors=("van Velzen M", "others"))]
    )
    assert "author = {Kamp, J and others}" in bibtex(cite("Kamp2021"))


def test_what_is_no_publication_is_a_comment():
    said = bibtex(cite(["DERIVED", "K2", "UNVERIFIED"]))
    assert said.splitlines()[0].startswith("% DERIVED: ")
    assert said.splitlines()[1].startswith("% UNVERIFIED: ")
    assert said.count("@") == 1
    assert "@misc{K2," in said


@pytest.mark.parametrize("key", list(register()))
def test_every_source_is_well_formed(key):
    said = bibtex(cite(key))
    bare = re.sub(r"\\.", "", said)
    assert bare.count("{") == bare.count("}")
    assert "\n  title =" not in said


def test_signs_that_mean_something_to_tex_are_told_apart():
    assert plain("70 % of A_B & {C}") == r"70 \% of A\_B \& \{C\}"


def test_no_key_is_cited_twice_and_nothing_is_an_empty_page():
    assert bibtex([]) == ""


def test_a_value_without_any_source_is_refused():
    with pytest.raises(UnknownSource, match="must name at least one source"):
        cite([])


def test_a_source_is_registered_once(monkeypatch):
    twice = [("one", {"K1": {"citation": "A", "read": ["A"]}})] * 2
    monkeypatch.setattr("ketaflow.tables.read", lambda package, folder: iter(twice))
    with pytest.raises(BadFile, match=r"K1 is registered twice \(again in one\.toml\)"):
        register.__wrapped__()
