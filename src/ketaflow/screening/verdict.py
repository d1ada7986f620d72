"""May this person be treated with this protocol? The verdict, and every reason for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ketaflow.refusals import OutsideEnvelope
from ketaflow.screening import resistance
from ketaflow.screening.facts import Facts
from ketaflow.screening.findings import Finding, Missing, find, relevant_questions, unanswered
from ketaflow.screening.resistance import Resistance, Told
from ketaflow.screening.rules import ROUTES, ProtocolNeeds, Severity
from ketaflow.screening.workup import ItemFound, Need, State, assess_workup

TRD = "TRD"
EPISODE_BEGAN = "episode_began_on"


class Eligibility(StrEnum):
    """What screening says."""

    ELIGIBLE = "eligible"
    REVIEW = "review"
    BLOCKED = "blocked"


class NotARoute(OutsideEnvelope):
    """A protocol goes by a way that screening has no rules for."""


@dataclass(frozen=True)
class Verdict:
    """The answer, the findings gravest first, what is missing, and the work-up with its dates.

    `resistance` is None where the protocol needs no failed treatment first.
    """

    verdict: Eligibility
    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...]
    workup: tuple[ItemFound, ...]
    resistance: Resistance | None


def assess(
    facts: Facts,
    *,
    protocol: ProtocolNeeds,
    on: date,
    policy: Mapping[str, Decimal] | None = None,
) -> Verdict:
    """Whether this person may be treated with `protocol`, and why.

    An absolute finding blocks. A relative finding, or a mandatory fact that nobody knows, asks for
    review. Only with neither is anybody eligible: silence in a chart never counts as "no".

    Args:
        facts: what is known of the patient.
        protocol: the protocol in plain values.
        on: the day of the question.
        policy: the clinic's own limits by key; None when it has set none.

    Returns:
        The verdict with its findings, what is missing and the state of the work-up.

    Raises:
        NotARoute: the protocol's route is neither "iv" nor "nasal".

    Source:
        Each finding carries its own.
    """
    if protocol.route not in ROUTES:
        raise NotARoute(
            f"Screening knows the routes {' and '.join(ROUTES)} (got {protocol.route!r})."
        )
    limits = policy or {}
    found, not_set = find(facts, needs=protocol, on=on, policy=limits)
    judged = _judge_resistance(facts, protocol=protocol, on=on, policy=limits)
    found += _not_resistant(judged)
    ids = frozenset(finding.rule for finding in found)
    workup = assess_workup(facts, needs=protocol, found=ids, on=on, policy=limits)
    asked = relevant_questions(facts, needs=protocol, on=on, policy=limits)
    missing = (
        *_no_age(facts),
        *unanswered(asked, facts),
        *_trials_open(judged),
        *_not_worked_up(workup, facts),
        *not_set,
    )
    gravest_first = tuple(sorted(found, key=lambda one: -one.severity.rank))
    return Verdict(conclude(gravest_first, missing), gravest_first, missing, workup, judged)


def conclude(findings: Iterable[Finding], missing: Iterable[Missing]) -> Eligibility:
    """The answer that these findings and gaps amount to."""
    grave = {finding.severity for finding in findings}
    if Severity.ABSOLUTE in grave:
        return Eligibility.BLOCKED
    if Severity.RELATIVE in grave or any(one.holds for one in missing):
        return Eligibility.REVIEW
    return Eligibility.ELIGIBLE


def _judge_resistance(
    facts: Facts, *, protocol: ProtocolNeeds, on: date, policy: Mapping[str, Decimal]
) -> Resistance | None:
    if not resistance.definition().applies(protocol.indication):
        return None
    began = facts.answer(EPISODE_BEGAN)
    return resistance.judge(
        facts.trials,
        items=facts.items,
        episode_began_on=began if isinstance(began, date) else None,
        on=on,
        adequate_weeks=policy.get(resistance.WEEKS_KEY),
    )


def _not_resistant(judged: Resistance | None) -> tuple[Finding, ...]:
    if judged is None or judged.established is not Told.NO:
        return ()
    rule = resistance.definition()
    count = f"{judged.adequate} of {judged.needed} adequate trials on record."
    return (
        Finding(
            rule=TRD,
            severity=Severity.ABSOLUTE,
            because=f"{rule.because} {count}",
            evidence=tuple(one.because for one in judged.judged) or ("No trial on record.",),
            source=rule.source,
            action=rule.action,
            finding="Depression that has not outlasted two adequate antidepressants",
            grade="too few trials",
            version=rule.version,
            confidence=rule.confidence,
            local=_weeks_in_words(judged),
        ),
    )


def _weeks_in_words(judged: Resistance) -> str:
    said = f"A trial counts from {judged.adequate_weeks} weeks"
    if "UNVERIFIED" in judged.adequate_weeks_source:
        return f"{said}: from memory, not verified; the clinic must confirm or change it."
    return f"{said}, as the clinic has set."


def _trials_open(judged: Resistance | None) -> tuple[Missing, ...]:
    if judged is None or judged.established is not Told.UNKNOWN:
        return ()
    still = [one.because for one in judged.judged if one.counts is Told.UNKNOWN]
    because = (
        f"{resistance.definition().because} {judged.adequate} of {judged.needed} adequate trials "
        f"on record. {' '.join(still)}"
    )
    return (Missing("antidepressant_trials", because.strip(), rule=TRD),)


def _no_age(facts: Facts) -> tuple[Missing, ...]:
    if facts.age_years is not None:
        return ()
    return (Missing("age", "Not known: the patient's age.", rule="CI-22"),)


def _not_worked_up(workup: Iterable[ItemFound], facts: Facts) -> tuple[Missing, ...]:
    return tuple(
        Missing(f"workup.{one.item.id}", one.because, holds=one.item.holds)
        for one in workup
        if one.state is not State.PRESENT
        and one.item.need is Need.REQUIRED
        # An unanswered question already says that this is missing.
        and (one.item.answer is None or facts.answer(one.item.answer[0]) is not None)
    )
