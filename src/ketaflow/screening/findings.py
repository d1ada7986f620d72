"""Holds the rules against the facts: what was found, on what evidence, and what nobody knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from ketaflow.people.chart import ChartItem
from ketaflow.screening.facts import Facts
from ketaflow.screening.interview import UNKNOWN, Question, questions
from ketaflow.screening.mentions import Mention, mention
from ketaflow.screening.rules import (
    Answered,
    Grade,
    OnChart,
    ProtocolNeeds,
    Quantity,
    Reading,
    Rule,
    Severity,
    rules,
)

MEDICINES_COMPLETE = "medicines_complete"
DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Finding:
    """Something found that bears on treatment, what showed it, and who says that it matters.

    `local` is filled where the class is Ketaflow's stricter reading until the clinic decides.
    """

    rule: str
    severity: Severity
    because: str
    evidence: tuple[str, ...]
    source: tuple[str, ...]
    action: str = ""
    finding: str = ""
    grade: str = ""
    version: str = ""
    confidence: str = ""
    local: str = ""


@dataclass(frozen=True)
class Missing:
    """A fact nobody has recorded. `holds` says that nobody is eligible while it is unknown.

    `fact` names where to record it: `answers.KEY`, `age`, `antidepressant_trials`, `workup.ID`,
    `policy.KEY`.
    """

    fact: str
    because: str
    rule: str = ""
    holds: bool = True


def find(
    facts: Facts, *, needs: ProtocolNeeds, on: date, policy: Mapping[str, Decimal]
) -> tuple[tuple[Finding, ...], tuple[Missing, ...]]:
    """Every rule that applies, gravest grade of each, and the clinic limits that are not set."""
    findings = []
    missing: dict[str, Missing] = {}
    for rule in rules().values():
        if rule.indication is not None and not rule.indication.search(needs.indication):
            continue
        found = judge(rule, facts, route=needs.route, on=on, policy=policy)
        if found is not None:
            findings.append(found)
        for lacking in _limits_not_set(rule, needs.route, policy):
            missing[lacking.fact] = lacking
    return tuple(findings), tuple(missing.values())


def judge(
    rule: Rule,
    facts: Facts,
    *,
    route: str,
    on: date,
    policy: Mapping[str, Decimal],
) -> Finding | None:
    """The gravest grade of `rule` that the facts show for `route`, with all its evidence."""
    shown = [
        (grade, evidence(grade, facts, on=on, policy=policy))
        for grade in rule.grades
        if route in grade.severity
    ]
    held = [(grade, seen) for grade, seen in shown if seen]
    if not held:
        return None
    gravest, _ = max(held, key=lambda one: one[0].severity[route].rank)
    return Finding(
        rule=rule.id,
        severity=gravest.severity[route],
        because=gravest.because,
        evidence=tuple(dict.fromkeys(line for _, seen in held for line in seen)),
        source=gravest.source,
        action=rule.action,
        finding=rule.finding,
        grade=gravest.name,
        version=rule.version,
        confidence=rule.confidence,
        local="" if gravest.severity[route] is Severity.INFORM else rule.local,
    )


def evidence(
    grade: Grade, facts: Facts, *, on: date, policy: Mapping[str, Decimal]
) -> tuple[str, ...]:
    """What shows `grade`: chart items, answers, vital signs or age, each in words."""
    return (
        *_on_chart(grade.chart, facts, on),
        *_answered(grade.answer, facts, policy),
        *(line for reading in grade.readings for line in _above(reading, facts, policy)),
        *_too_young(grade.age_below, facts),
    )


def on_chart(facts: Facts, on: date) -> frozenset[str]:
    """The rules whose words or codes the chart itself shows, whatever the route."""
    return frozenset(
        rule.id
        for rule in rules().values()
        if any(_on_chart(grade.chart, facts, on) for grade in rule.grades)
    )


def relevant_questions(
    facts: Facts, *, needs: ProtocolNeeds, on: date, policy: Mapping[str, Decimal] | None = None
) -> tuple[Question, ...]:
    """The questions that bear on this patient and protocol, answered or not, in order."""
    found = on_chart(facts, on)
    pregnant = facts.could_be_pregnant(policy)
    return tuple(
        question
        for question in questions().values()
        if question.asked(indication=needs.indication, could_be_pregnant=pregnant, found=found)
    )


def unanswered(asked: Iterable[Question], facts: Facts) -> tuple[Missing, ...]:
    """The questions of `asked` that nobody has answered, or whose answer settles nothing."""
    return tuple(
        Missing(f"answers.{one.key}", f"Not known: {one.text}", rule=", ".join(one.feeds))
        for one in asked
        if facts.answer(one.key) in (None, UNKNOWN, *one.settles_nothing)
    )


def _limits_not_set(rule: Rule, route: str, policy: Mapping[str, Decimal]) -> Iterable[Missing]:
    for grade in rule.grades:
        for reading in grade.readings:
            if route in grade.severity and reading.policy and reading.policy not in policy:
                yield Missing(
                    f"policy.{reading.policy}",
                    f"The clinic has not set {reading.policy}: needed before the first session.",
                    rule=rule.id,
                    holds=False,
                )


def _on_chart(chart: OnChart | None, facts: Facts, on: date) -> tuple[str, ...]:
    if chart is None:
        return ()
    seen = tuple(
        _in_words(item)
        for item in facts.of_kind(*chart.kinds)
        if _shows(chart, item) and _recent(chart.within, item, on)
    )
    if not chart.absent:
        return seen
    complete = facts.answer(MEDICINES_COMPLETE) == "yes"
    return ("The list of medicines is complete and holds none.",) if complete and not seen else ()


def _shows(chart: OnChart, item: ChartItem) -> bool:
    if not (item.active or chart.ever):
        return False
    if any((coding.system, coding.code) in chart.codes for coding in item.codings):
        return True
    how = mention(item.text, chart.words)
    return how is Mention.NOW or (how is Mention.PAST and chart.ever)


def _recent(within: Quantity | None, item: ChartItem, on: date) -> bool:
    if within is None:
        return True
    if item.started_at is None:
        return False
    return on - item.started_at.date() < timedelta(days=float(within.value) * DAYS[within.unit])


def _in_words(item: ChartItem) -> str:
    status = "active" if item.active else "past"
    since = f", since {item.started_at.date()}" if item.started_at else ""
    return f"{item.kind.capitalize()} “{item.text}” ({status}{since})"


def _answered(
    answer: Answered | None, facts: Facts, policy: Mapping[str, Decimal]
) -> tuple[str, ...]:
    if answer is None:
        return ()
    told = facts.answer(answer.key)
    if isinstance(told, str) and told in answer.values:
        return (_said(answer.key, told),)
    if isinstance(told, Decimal) and answer.above is not None:
        limit = policy.get(answer.policy, answer.above.value)
        if told > limit:
            return (f"{_said(answer.key, told)} {answer.above.unit}, limit {limit}",)
    return ()


def _said(key: str, told: object) -> str:
    """The question and its answer as they were put, for whoever reads the finding."""
    asked = questions()[key]
    return f"Interview: “{asked.text}” {dict(asked.choices).get(str(told), told)}"


def _above(reading: Reading, facts: Facts, policy: Mapping[str, Decimal]) -> tuple[str, ...]:
    limit = policy.get(reading.policy) if reading.above is None else reading.above.value
    vital = facts.vital(reading.vital)
    if limit is None or vital is None or vital.value <= limit:
        return ()
    day = f" on {vital.taken_on}" if vital.taken_on else ""
    return (f"{vital.name} {vital.value:.0f} {vital.unit}{day}, limit {limit}",)


def _too_young(age_below: Quantity | None, facts: Facts) -> tuple[str, ...]:
    if age_below is None or facts.age_years is None or facts.age_years >= age_below.value:
        return ()
    return (f"Age {facts.age_years} {age_below.unit}s",)
