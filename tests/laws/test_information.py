"""The public library: no sentence without a source, no benefit without what speaks against it."""

import re
from decimal import Decimal
from itertools import chain

import pytest
import textstat
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.evidence.sources import UnknownSource, register
from ketaflow.portal.information import claims, icons, marks, options, pages, text
from ketaflow.portal.information.icons import figure, figures
from ketaflow.portal.information.marks import Cited
from ketaflow.portal.information.options import groups
from ketaflow.portal.information.pages import PARTS, parse
from ketaflow.portal.information.text import NoSource
from ketaflow.refusals import BadFile

PAGES = pages.pages()
GRADE = 8
HEAD = """---
title = "A"
lead = "B?"
part = "Conditions"
place = 1
reviewed = 2026-11-25
---
"""

TOLD = {
    **{f"page {slug}": page.tokens for slug, page in PAGES.items()},
    **{
        f"option {group}/{one.id}": tuple(chain(*one.answers.values()))
        for group, told in groups().items()
        for one in told.options
    },
    **{f"claim {claim.said}": claim.right for claim in claims.claims().every},
}


def words(tokens):
    return " ".join(marks.plain(tokens))


# Every sentence of everything that is told


@pytest.mark.parametrize("name", TOLD)
def test_no_sentence_stands_without_a_source_or_not_known(name):
    assert list(marks.unsourced(TOLD[name])) == []
    assert words(TOLD[name])


@pytest.mark.parametrize("slug", PAGES)
def test_a_page_names_only_what_the_evidence_registers(slug):
    html, sources = PAGES[slug].shown()
    assert sources
    assert all(one.key in register() for one in sources)
    for number in range(1, len(sources) + 1):
        assert f'href="#source-{number}"' in html


@pytest.mark.parametrize("slug", PAGES)
def test_a_page_is_read_in_the_eighth_grade_or_below(slug):
    assert textstat.flesch_kincaid_grade(words(PAGES[slug].tokens)) <= GRADE


@pytest.mark.parametrize("group", groups())
def test_the_options_are_read_in_the_eighth_grade_or_below(group):
    told = " ".join(
        words(tokens) for one in groups()[group].options for tokens in one.answers.values()
    )
    assert textstat.flesch_kincaid_grade(told) <= GRADE


def test_claims_and_figures_are_read_in_the_eighth_grade_or_below():
    right = " ".join(words(claim.right) for claim in claims.claims().every)
    drawn = " ".join(f"{one.outcome}. {one.found} {one.against}" for one in figures().values())
    assert textstat.flesch_kincaid_grade(right) <= GRADE
    assert textstat.flesch_kincaid_grade(drawn) <= GRADE


def test_the_judge_of_reading_level_can_say_no():
    hard = "Psychopharmacological interventions demonstrate statistically significant superiority."
    assert textstat.flesch_kincaid_grade(hard) > GRADE


# What must be there


def test_every_condition_has_its_page():
    assert {slug for slug, page in PAGES.items() if page.part == "Conditions"} == {
        *("depression", "bipolar-depression", "anxiety", "ptsd", "ocd", "crps", "chronic-pain"),
    }
    for slug in PAGES:
        if PAGES[slug].part == "Conditions":
            said = "".join(token.content for token in PAGES[slug].tokens)
            for head in ("What it is like", "How it is found", "What can be done"):
                assert head in said, f"{slug} does not say {head!r}"


@pytest.mark.parametrize(
    ("group", "wanted"),
    [
        (
            "depression",
            [
                *(
                    "antidepressant",
                    "aripiprazole",
                    "lithium",
                    "Olanzapine",
                    "Talking",
                    "Esketamine",
                ),
                *("Ketamine", "ECT", "TMS", "VNS", "brain", "Psilocybin", "Exercise", "nothing"),
            ],
        ),
        (
            "pain",
            [
                *("Physiotherapy", "Psychological", "nerve pain", "capsaicin", "Bisphosphonates"),
                *("blocks", "DRG", "Opioids", "Ketamine", "migraine", "cannabis"),
            ],
        ),
    ],
)
def test_no_option_is_left_out(group, wanted):
    names = [one.name for one in groups()[group].options]
    assert len(names) == len(wanted)
    for word, name in zip(wanted, names, strict=True):
        assert word in name


def test_trials_without_benefit_are_drawn_as_large_as_the_others():
    benefits = PAGES["benefits"].tokens
    shown = [name for token in benefits if token.type == "fence" for name in token.content.split()]
    none = ["karma-dep-2", "under-anaesthesia", "ketect", "japan", "ptsd-large"]
    assert set(none) <= set(shown)
    assert len(none) * 3 >= len(shown)
    assert all(figure(name).found for name in none)
    html = [figure(name).html(Cited()) for name in shown]
    assert {one.split("<figcaption>")[0] for one in html} == {'<figure class="icons">'}


def test_the_figures_of_trials_are_those_of_the_evidence():
    printed = {
        "elekt-d": ("55.4", "41.2"),
        "ketect": ("46", "63"),
        "escape-trd": ("27.1", "17.6"),
        "spray-alone": ("22.5", "7.6"),
        "karma-dep-2": ("46.9", "33.3"),
        "staying-well": ("26.7", "45.3"),
        "crps-mind": ("76", "18"),
    }
    for name, percent in printed.items():
        assert tuple(str(arm.percent) for arm in figure(name).arms) == percent


# Icon arrays


@given(st.decimals(0, 100, places=1))
def test_as_many_people_are_filled_as_the_words_say(percent):
    arm = icons.Arm("Ketamine", percent)
    drawn = arm.svg()
    filled, _, rest = drawn.partition('class="icons__edge"')
    assert filled.count("h0") == arm.of_hundred
    edge, _, inside = rest.partition('class="icons__no"')
    assert edge.count("h0") == inside.count("h0") == 100 - arm.of_hundred
    assert len(set(re.findall(r"M\d+ \d+", drawn))) == 100
    assert f'aria-label="Ketamine: {arm.of_hundred} of 100 people"' in drawn
    assert abs(arm.of_hundred - percent) <= Decimal("0.5")


@pytest.mark.parametrize("name", figures())
def test_every_picture_is_told_in_words_with_what_speaks_against_it(name):
    one, cited = figure(name), Cited()
    html = one.html(cited)
    assert one.against.split()[0] in html.split("Keep in mind:")[1]
    assert "[1]" in html
    for arm in one.arms:
        assert f"<strong>{arm.of_hundred} of 100</strong>" in html


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"against": " "}, "against"),
        ({"arm": []}, "what was found"),
        ({"arm": [{"name": "A", "percent": "101"}]}, "more than 100"),
        ({"source": ["S999"]}, "S999"),
    ],
)
def test_a_figure_with_a_hole_does_not_load(changes, because):
    whole = {
        "title": "T",
        "outcome": "O",
        "arm": [{"name": "A", "percent": "50"}],
        "against": "Small.",
        "source": ["S12"],
    }
    assert icons.parse("whole", whole).arms[0].of_hundred == 50
    with pytest.raises(BadFile, match=because):
        icons.parse("holed", whole | changes)
    with pytest.raises(BadFile, match="lacks 'title'"):
        icons.parse("holed", {key: value for key, value in whole.items() if key != "title"})


def test_a_figure_nobody_drew_is_named():
    with pytest.raises(BadFile, match="no figure 'none'"):
        figure("none")


# Reading Markdown


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("It helps.", "It helps."),
        ("It helps [@S12]. It lasts.", "It lasts."),
        ("- One [@S12].\n- Two.", "Two."),
        ("| A | B |\n|---|---|\n| 1 | [@S12] |\n| 2 | 3 |", "23"),
        ("Known *only* here", "Known only here"),
    ],
)
def test_a_sentence_without_a_source_is_named_and_the_page_does_not_load(said, sentence):
    with pytest.raises(NoSource, match=r"page\.md") as refused:
        text.read(said, "page.md")
    assert f"“{sentence}”" in str(refused.value)


def test_a_heading_needs_no_source_and_not_known_is_an_answer():
    assert text.read("## Why\n\nWhy is {not-known}.\n\n| A |\n|---|\n| b [@S12] |", "page.md")


def test_a_source_nobody_registered_does_not_load():
    with pytest.raises(UnknownSource, match="S999"):
        text.read("It helps [@S999].", "page.md")


def test_sources_are_numbered_once_in_the_order_in_which_they_appear():
    cited = Cited()
    html = text.render(text.read("A [@S13]. B [@S12; @S13]. C [@UNVERIFIED].", "page.md"), cited)
    assert [one.key for one in cited.sources()] == ["S13", "S12"]
    assert html.count("[1]") == 2
    assert "Unverified</strong>" in html
    assert Cited().sources() == ()


def test_a_brace_or_brackets_alone_are_only_text_and_a_mark_inside_them_is_a_mark():
    html = text.render(
        text.read("A {brace} and [a link] here [at [@S13]] [@S12].", "page.md"), Cited()
    )
    assert 'href="#source-2"' in html
    assert "{brace}" in html
    assert "[a link]" in html


@given(st.text(max_size=200))
def test_any_text_is_rendered_without_a_tag_of_its_own_or_refused(said):
    try:
        html = text.render(text.read(f"<script>{said}</script> [@S12]", "page.md"), Cited())
    except BadFile:
        return
    assert "<script" not in html


@pytest.mark.parametrize(
    ("content", "because"),
    [
        ("It helps [@S12].", "front matter"),
        ("", "front matter"),
        ("---\ntitle = \n---\nA [@S12].", "front matter lacks"),
        (HEAD.replace('lead = "B?"\n', "") + "A [@S12].", "lead"),
        (HEAD.replace("B?", "It helps.") + "A [@S12].", "question"),
        (HEAD.replace("Conditions", "Elsewhere") + "A [@S12].", "Elsewhere"),
        (HEAD.replace("2026-11-25", '"soon"') + "A [@S12].", "review date"),
    ],
)
def test_a_page_with_a_hole_does_not_load(content, because):
    with pytest.raises(BadFile, match=because):
        parse("page", content)


def test_a_lead_asks_and_claims_nothing():
    leads = [one.lead for one in (*PAGES.values(), *groups().values())]
    assert [lead for lead in leads if not lead.endswith("?") or "." in lead] == []


def test_the_contents_have_every_page_once():
    listed = [page.slug for _, found in pages.parts() for page in found]
    assert [part for part, _ in pages.parts()] == list(PARTS)
    assert sorted(listed) == sorted(PAGES)


# Options and claims


def option(**changes):
    told = dict.fromkeys(options.ASKED, "So it is [@S12].")
    row = {"name": "One", **told} | changes
    return {"title": "T", "lead": "L", "reviewed": "2026-11-25", "option": {"one": row}}


def test_no_option_loads_without_what_speaks_against_it():
    assert options.parse("pain", option()).options[0].name == "One"
    with pytest.raises(BadFile, match="empty"):
        options.parse("pain", option(against=" "))
    with pytest.raises(BadFile, match="'title'"):
        options.parse("pain", {key: row for key, row in option().items() if key != "title"})
    with pytest.raises(NoSource, match=r"options/pain.toml, one"):
        options.parse("pain", option(found="It helps."))


def test_options_are_chosen_by_name_and_strangers_are_left_out():
    chosen = groups()["depression"].chosen(["ect", "nowhere", "esketamine"])
    assert [one.id for one in chosen] == ["esketamine", "ect"]


def test_a_claim_that_lacks_something_does_not_load():
    with pytest.raises(BadFile, match="'reviewed'"):
        claims.parse({"claim": [{"said": "A", "right": "B [@S12]."}]})
    with pytest.raises(NoSource):
        claims.parse({"claim": [{"said": "A", "right": "B."}], "reviewed": "2026-11-25"})


@pytest.mark.parametrize(
    ("part", "figure"),
    [
        ("30 percent of people", "727,000"),
        ("70 percent", "17 of 24"),
        ("beats ECT", "63 and 46"),
        ("two to three weeks", "18 days"),
        ("less researched", "1,148"),
        ("PTSD", "158"),
        ("48 percent", "62, 54 and 51"),
        ("two to three hours", "7 to 12 hours"),
    ],
)
def test_each_claim_is_answered_with_the_right_figure(part, figure):
    answers = [words(one.right) for one in claims.claims().every if part in one.said]
    assert len(answers) == 1
    assert figure in answers[0]
