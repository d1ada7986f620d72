"""`ketaflow screen`: may this person be treated with this protocol, and why or why not?"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ketaflow.cli import clinic

if TYPE_CHECKING:
    from ketaflow.screening.facts import Facts
    from ketaflow.screening.findings import Finding
    from ketaflow.screening.rules import ProtocolNeeds
    from ketaflow.screening.verdict import Verdict

BLOCKED = 12
EPILOG = """
\b
FACTS.json is an object with any of these; what is left out is missing, never absent:
  age                   whole years
  sex                   female, male, other or unknown
  conditions, medications, allergies
                        lists of words, or of {text, system, code, active,
                        started_on, ended_on}
  vitals                {weight_kg, height_cm, systolic_mmhg, diastolic_mmhg,
                        heart_rate_min, spo2_percent, taken_on}
  labs                  {alt: {on, value, unit, result}, ...}
  answers               {question: "yes", "no", "unknown", a choice, number or
                        date}; `ketaflow screen --questions` lists them
  antidepressant_trials lists of {drug, dose, started_on, stopped_on, ongoing,
                        adequate_dose: yes|no|unknown, outcome: none|partial|
                        response|remission|not tolerated|unknown}
  workup                {item: the day it was done}

\b
Exit code 12 when blocked. Example:
  echo '{"age": 44, "conditions": ["Stroke"]}' > facts.json
  ketaflow screen facts.json --protocol TRD-IV-STD
"""


def _questions(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from ketaflow.screening.interview import UNKNOWN, questions

    for question in questions().values():
        allowed = " | ".join(key for key, _ in question.choices) or str(question.kind)
        click.echo(f"{question.key}: {allowed} | {UNKNOWN}")
        click.echo(f"    {question.text}")
    context.exit()


@click.command(epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--protocol", "protocol_id", required=True, help="Which protocol, such as ESK-TRD.")
@click.option(
    "--interview",
    type=click.Path(path_type=Path),
    help="A FACTS.json to add to a bundle: answers, trials, today's vital signs.",
)
@click.option(
    "--on", type=click.DateTime(formats=["%Y-%m-%d"]), help="The day to judge; today if left out."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--questions",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_questions,
    help="List the interview.",
)
def command(
    file: Path, protocol_id: str, interview: Path | None, on: datetime | None, as_json: bool
) -> None:
    """Say whether a person may be treated, and why.

    FILE is facts as JSON, or a FHIR R4 bundle, plain or gzip.
    """
    from ketaflow.screening.verdict import Eligibility, assess

    day = on.date() if on else datetime.now().astimezone().date()
    needs = _needs(protocol_id)
    facts = _read(file, day)
    if interview is not None:
        facts = facts.joined(_read(interview, day))
    verdict = assess(facts, protocol=needs, on=day)
    if as_json:
        click.echo(json.dumps(_document(verdict, needs, day), ensure_ascii=False, indent=2))
    else:
        _table(verdict, needs, day)
    if verdict.verdict is Eligibility.BLOCKED:
        click.get_current_context().exit(BLOCKED)


def _needs(protocol_id: str) -> ProtocolNeeds:
    from ketaflow.protocol import library
    from ketaflow.screening.rules import ProtocolNeeds

    wanted = library.protocol(protocol_id)
    return ProtocolNeeds(
        id=wanted.id,
        indication=wanted.indication,
        route=str(wanted.route),
        sessions=wanted.sessions.most,
    )


def _read(file: Path, day: date) -> Facts:
    from ketaflow.fhir.bundle import read_bundle
    from ketaflow.fhir.envelope import open_json
    from ketaflow.refusals import BadFile
    from ketaflow.screening.facts import facts_from_chart
    from ketaflow.screening.factsheet import facts_from_json

    data = clinic.read_file(str(file))
    try:
        sheet = open_json(data)
    except BadFile as wrong:
        raise type(wrong)(f"{file.name} {wrong}") from None
    if isinstance(sheet, dict) and "resourceType" in sheet:
        return facts_from_chart(read_bundle(data, name=file.name), on=day)
    try:
        return facts_from_json(sheet)
    except BadFile as wrong:
        raise type(wrong)(f"{file.name}: {wrong}") from None


def _document(verdict: Verdict, needs: ProtocolNeeds, day: date) -> dict[str, Any]:
    return {
        "verdict": str(verdict.verdict),
        "protocol": needs.id,
        "route": needs.route,
        "on": day.isoformat(),
        "findings": [_found(one) for one in verdict.findings if one.severity != "inform"],
        "notes": [_found(one) for one in verdict.findings if one.severity == "inform"],
        "missing": [
            {"fact": one.fact, "because": one.because, "rule": one.rule or None, "holds": one.holds}
            for one in verdict.missing
        ],
        "workup": [
            {
                "item": one.item.id,
                "name": one.item.name,
                "need": str(one.item.need),
                "state": str(one.state),
                "done_on": one.done_on.isoformat() if one.done_on else None,
                "because": one.because,
                "source": list(one.item.source),
            }
            for one in verdict.workup
        ],
        "antidepressant_trials": _trials(verdict),
    }


def _found(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": str(one.severity),
        "finding": one.finding,
        "grade": one.grade or None,
        "because": one.because,
        "evidence": list(one.evidence),
        "action": one.action,
        "source": list(one.source),
        "confidence": one.confidence,
        "version": one.version,
        "local": one.local or None,
    }


def _trials(verdict: Verdict) -> dict[str, Any] | None:
    found = verdict.resistance
    if found is None:
        return None
    return {
        "established": str(found.established),
        "adequate": found.adequate,
        "needed": found.needed,
        "adequate_weeks": str(found.adequate_weeks),
        "adequate_weeks_source": list(found.adequate_weeks_source),
        "trials": [
            {"drug": one.trial.drug, "counts": str(one.counts), "because": one.because}
            for one in found.judged
        ],
    }


def _table(verdict: Verdict, needs: ProtocolNeeds, day: date) -> None:
    click.echo(f"{verdict.verdict.upper()}  {needs.id}  {needs.indication}  on {day}")
    for finding in verdict.findings:
        title = f"{finding.rule}  {finding.finding}: {finding.grade}"
        click.echo(f"\n  {finding.severity.upper():<9} {title}")
        for line in (finding.because, *finding.evidence, finding.action, finding.local):
            if line:
                click.echo(f"            {line}")
        click.echo(f"            Sources: {', '.join(finding.source)}")
    for title, holds in (("Must be known first", True), ("Still to come", False)):
        wanted = [one for one in verdict.missing if one.holds is holds]
        if wanted:
            click.echo(f"\n  {title}")
        for one in wanted:
            click.echo(f"    {one.fact:<32} {one.because}")
