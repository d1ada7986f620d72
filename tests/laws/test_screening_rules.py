"""Every screening rule finds what it should, and leaves alone what only looks like it."""

import re
from datetime import date
from decimal import Decimal

import pytest

from ketaflow.evidence.sources import cite
from ketaflow.refusals import BadFile
from ketaflow.screening import interview, resistance, rules, workup
from ketaflow.screening.factsheet import facts_from_json
from ketaflow.screening.findings import evidence
from ketaflow.screening.mentions import Mention, mention, pattern

ON = date(2026, 11, 22)
POLICY = {
    "predose_systolic_max_mmhg": Decimal(160),
    "predose_diastolic_max_mmhg": Decimal(100),
}
GRADES = [(rule, grade) for rule in rules.rules().values() for grade in rule.grades]
MATCH = [(r.id, g.name, g, sheet) for r, g in GRADES for sheet in g.match]
NO_MATCH = [(r.id, g.name, g, sheet) for r, g in GRADES for sheet in g.no_match]


@pytest.mark.parametrize(("rule", "name", "grade", "sheet"), MATCH)
def test_a_rule_finds_its_own_example(rule, name, grade, sheet):
    assert evidence(grade, facts_from_json(sheet), on=ON, policy=POLICY), (rule, name, sheet)


@pytest.mark.parametrize(("rule", "name", "grade", "sheet"), NO_MATCH)
def test_a_rule_leaves_its_counterexample_alone(rule, name, grade, sheet):
    assert not evidence(grade, facts_from_json(sheet), on=ON, policy=POLICY), (rule, name, sheet)


def test_every_grade_has_an_example_and_a_counterexample():
    bare = [(rule.id, grade.name) for rule, grade in GRADES if not (grade.match and grade.no_match)]
    assert bare == []


def test_every_rule_cites_registered_sources_and_says_why_and_what_to_do():
    for rule, grade in GRADES:
        assert cite(rule.source)
        assert cite(grade.source)
        assert grade.because.endswith(".")
        assert rule.action.endswith(".")
        assert rule.confidence in {"H", "M", "L"}
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", rule.version)


def test_every_finding_of_the_contraindication_table_has_its_rule():
    assert {f"CI-{number:02}" for number in range(1, 27)} <= set(rules.rules())


def test_what_the_sources_leave_to_the_clinic_says_so():
    for id in ("CI-05", "CI-07", "CI-13", "CI-14", "CI-16"):
        assert rules.rules()[id].local


def test_every_question_a_rule_needs_is_in_the_interview_and_takes_that_answer():
    for rule, grade in GRADES:
        if grade.answer is not None:
            question = interview.questions()[grade.answer.key]
            assert rule.id in question.feeds
            assert grade.answer.values <= {key for key, _ in question.choices}


def test_every_question_serves_a_rule_or_an_item_of_the_work_up():
    known = {*rules.rules(), *workup.items(), "TRD"}
    for question in interview.questions().values():
        assert set(question.feeds) <= known
        assert set(question.after) <= set(rules.rules())


def test_an_absolute_or_relative_rule_is_never_left_to_the_silence_of_a_chart():
    fed = {id for question in interview.questions().values() for id in question.feeds}
    grave = {
        rule.id
        for rule, grade in GRADES
        if any(word.rank >= rules.Severity.RELATIVE.rank for word in grade.severity.values())
    }
    assert grave - fed == {"CI-22"}, "age is asked of everybody"


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("Stroke", Mention.NOW),
        ("Depression, not otherwise specified, stroke", Mention.NOW),
        ("No chest pain. Stroke", Mention.NOW),
        ("Not febrile, stroke", Mention.NOW),
        ("No deficit but stroke", Mention.NOW),
        ("No stroke; stroke in 2019", Mention.NOW),
        ("History of stroke", Mention.PAST),
        ("Stroke, resolved", Mention.PAST),
        ("Denies seizure, stroke or syncope", Mention.NOT),
        ("Stroke, ruled out", Mention.NOT),
        ("Stroke in his father", Mention.NOT),
        ("Mother had a stroke", Mention.NOT),
        ("At risk of stroke", Mention.NOT),
        ("Without stroke", Mention.NOT),
        ("Breaststroke", Mention.NOT),
    ],
)
def test_a_denial_a_relative_and_the_past_are_told_from_the_present(text, how):
    assert mention(text, [pattern("stroke")]) is how


TABLE = {
    "id": "X-1",
    "finding": "Something",
    "action": "Ask.",
    "source": ["S25"],
    "version": "2026-01-01",
    "confidence": "H",
}
GRADE = {"name": "any", "because": "So.", "severity": {"iv": "absolute"}}


@pytest.mark.parametrize(
    "grade",
    [
        {"severity": {"oral": "absolute"}},
        {"severity": {"iv": "dreadful"}},
        {"chart": {"on": ["RUMOUR"], "text": ["x"]}},
        {"chart": {"on": ["CONDITION"], "text": ["("]}},
        {"chart": {"on": ["CONDITION"], "words": ["x"]}},
        {"age_below": {"value": 18, "unit": "", "source": ["S25"]}},
        {"age_below": {"value": 18, "source": ["S25"]}},
        {"age_below": {"value": 18, "unit": "year", "source": ["S9999"]}},
        {"reading": [{"vital": "systolic_mmhg"}]},
        {"surprise": 1},
    ],
)
def test_a_rule_that_is_not_whole_does_not_load(grade):
    with pytest.raises(BadFile):
        rules.read_rule("x", {**TABLE, "grade": [{**GRADE, **grade}]})


def test_a_rule_without_a_source_does_not_load():
    with pytest.raises(BadFile):
        rules.read_rule("x", {**TABLE, "source": [], "grade": [GRADE]})


def test_two_files_may_not_claim_one_rule(monkeypatch):
    twice = [("a", {**TABLE, "grade": [GRADE]}), ("b", {**TABLE, "grade": [GRADE]})]
    monkeypatch.setattr(rules.tables, "read", lambda *_: iter(twice))
    with pytest.raises(rules.NotARule, match=r"X-1 is written twice \(again in b.toml\)"):
        rules.rules.__wrapped__()


@pytest.mark.parametrize("key", ["trials_needed", "adequate_duration"])
def test_the_definition_of_resistance_needs_its_units(monkeypatch, key):
    table = dict(resistance.tables.read("ketaflow.screening", "rules/resistance"))["TRD"]
    broken = {**table, key: {**table[key], "unit": "day"}}
    monkeypatch.setattr(resistance.tables, "read", lambda *_: iter([("TRD", broken)]))
    with pytest.raises(BadFile, match="needs a unit"):
        resistance.definition.__wrapped__()


def test_the_duration_that_is_only_remembered_is_marked_so():
    assert resistance.definition().adequate_weeks_source == ("UNVERIFIED",)


@pytest.mark.parametrize(
    ("indication", "needed"),
    [
        ("Treatment-resistant depression", True),
        ("Bipolar depression on a mood stabiliser", True),
        ("Major depression with acute suicidal ideation or behaviour", False),
        ("Complex regional pain syndrome", False),
    ],
)
def test_only_a_depression_course_needs_failed_trials(indication, needed):
    assert resistance.definition().applies(indication) is needed
    begun = interview.questions()["episode_began_on"]
    assert begun.asked(indication=indication, could_be_pregnant=False) is needed


def test_no_rule_is_silent_on_both_routes():
    assert all(grade.severity for _, grade in GRADES)
    assert {route for _, grade in GRADES for route in grade.severity} == set(rules.ROUTES)
