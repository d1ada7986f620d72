"""Who may set a finding aside, and what stays open once they have."""

from collections.abc import Iterable
from dataclasses import dataclass

from ketaflow.people.roles import Duty, may
from ketaflow.refusals import Refused
from ketaflow.screening.findings import Finding, Missing
from ketaflow.screening.rules import Severity
from ketaflow.screening.verdict import TRD, Eligibility, Verdict, conclude

DUTIES = {Severity.RELATIVE: Duty.REVIEW, Severity.ABSOLUTE: Duty.OVERRIDE}
WHO = {
    Duty.REVIEW: "a prescriber or the medical director",
    Duty.OVERRIDE: "the medical director",
}


@dataclass(frozen=True)
class Clearance:
    """A named person's written reason for treating in spite of one rule.

    `severity` is what they saw: a reason given for a relative finding does not outlive its turning
    absolute.
    """

    rule: str
    severity: Severity
    by: str
    roles: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Cleared:
    """What stays open after clearances, what they set aside, and the verdict that leaves."""

    verdict: Eligibility
    open: tuple[Finding, ...]
    missing: tuple[Missing, ...]
    set_aside: tuple[tuple[Finding | Missing, Clearance], ...]


class NothingToClear(Refused):
    """The finding is not there, or only warns and needs no clearance."""


class NotTheirs(Refused):
    """This person may not set this finding aside."""


class NoReason(Refused):
    """A clearance must give a reason in writing, in somebody's name."""


def check_clearance(verdict: Verdict, clearance: Clearance) -> None:
    """Refuse a clearance that this verdict does not call for or that this person may not give.

    Raises:
        NothingToClear: no such finding, or one that only warns.
        NotTheirs: names who may.
        NoReason: the reason or the name is blank.
    """
    severity = _gravity(verdict, clearance.rule)
    if severity not in DUTIES:
        raise NothingToClear(f"Nothing of {clearance.rule} waits for a reason. Nothing was saved.")
    if clearance.severity is not severity:
        raise NothingToClear(
            f"{clearance.rule} is now {severity}, not {clearance.severity}: read it again."
        )
    duty = DUTIES[severity]
    if not may(clearance.roles, duty):
        raise NotTheirs(f"{clearance.rule} is {severity}: only {WHO[duty]} may {duty}.")
    if not clearance.reason.strip() or not clearance.by.strip():
        raise NoReason(f"Write why {clearance.rule} does not stop treatment, in your own name.")


def clear(verdict: Verdict, clearances: Iterable[Clearance]) -> Cleared:
    """What stays open of `verdict` once every valid clearance is counted.

    A relative finding yields to a prescriber's or the medical director's written reason; an
    absolute one, or treatment resistance not shown, to the medical director's alone. Other missing
    facts stay missing: they are asked, not waived. A clearance that no longer fits is left out.
    """
    valid = {one.rule: one for one in clearances if _holds(verdict, one)}
    waived: list[tuple[Finding | Missing, Clearance]] = []
    still: list[Finding] = []
    gaps: list[Missing] = []
    for finding in verdict.findings:
        if finding.rule in valid:
            waived.append((finding, valid[finding.rule]))
        else:
            still.append(finding)
    for gap in verdict.missing:
        if gap.rule == TRD and TRD in valid:
            waived.append((gap, valid[TRD]))
        else:
            gaps.append(gap)
    return Cleared(conclude(still, gaps), tuple(still), tuple(gaps), tuple(waived))


def _holds(verdict: Verdict, clearance: Clearance) -> bool:
    try:
        check_clearance(verdict, clearance)
    except Refused:
        return False
    return True


def _gravity(verdict: Verdict, rule: str) -> Severity | None:
    for finding in verdict.findings:
        if finding.rule == rule:
            return finding.severity
    if rule == TRD and any(gap.rule == TRD for gap in verdict.missing):
        return Severity.ABSOLUTE
    return None
