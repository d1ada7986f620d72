"""`scripts/bench custody`: what a draw, a balance and a year's record cost as the history grows.

The history is told through the actions for one day, and then multiplied straight in the tables that
are read: every container of that day gets as many copies as make up the number asked for, spread
over ten years, with its draws, accounts and movements. The journal keeps only the real day; a draw
reads the stream of its own container, so that is what a draw after ten years reads too.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import uuid4

from benchmarks.machine import machine

YEARS = 10
AT_ONCE = 2000


def main(arguments: list[str]) -> int:
    """Fill, measure, print."""
    asked = _read(arguments)
    with tempfile.TemporaryDirectory(prefix="ketaflow-bench-") as folder:
        if not asked.database_url:
            os.environ.pop("DATABASE_URL", None)
        os.environ["KETAFLOW_DATA"] = folder
        from ketaflow.cli import clinic

        clinic.start()
        clinic.prepare()
        found = list(_measured(asked))
    result = {"machine": machine(), "runs": asked.runs, "sizes": found}
    print(json.dumps(result, indent=1) if asked.json else _table(result))
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench custody",
        description="Time custody with a short and with a long history.",
        epilog="Example: scripts/bench custody --movements 500000",
    )
    parser.add_argument("--movements", type=int, default=50_000, help="how long the history is")
    parser.add_argument("--runs", type=int, default=15, help="how often each is timed")
    parser.add_argument("--database-url", action="store_true", help="use DATABASE_URL")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args(arguments)


def _measured(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from ketaflow.cli.clinic import now
    from ketaflow.cli.fictional import clinic, vault

    team = clinic.open_clinic(now())
    vault.stock(team)
    patient = _patient(team)
    _day(team, patient)
    yield _timed(team, patient, asked.runs)
    _multiply(team, asked.movements)
    yield _timed(team, patient, asked.runs)


def _patient(team: Any) -> Any:
    from ketaflow.people import actions
    from ketaflow.people.chart import Sex
    from ketaflow.people.registration import PatientDetails

    who = PatientDetails("B-1", "Bench", "Bea", date(1980, 1, 1), Sex.FEMALE)
    return actions.register(details=who, by=team.staff["nurse"].author, at=team.now)


def _session(team: Any, patient: Any) -> Callable[[], None]:
    """A session with its account and a container: what is timed is the draw."""
    from ketaflow.custody import actions, queries
    from ketaflow.custody.accounts import actions as accounts
    from ketaflow.custody.agreement import Wanted
    from ketaflow.custody.items import Form

    session, by = uuid4(), team.staff["nurse"].author
    wanted = Wanted("ketamine", Form.VIAL, Decimal(40), Decimal(50), Decimal("0.8"))
    accounts.open_account(session=session, patient=patient.id, wanted=wanted, by=by, at=team.now)
    held = queries.for_session(clinic=team.clinic.id, session=session)
    vial = next(one for one in held if one.status == "SEALED")

    def draw() -> None:
        actions.draw(
            on=actions.On(vial.id, vial.ordinal), session=session, quantity=Decimal("0.8"), by=by,
            at=team.now,
        )  # fmt: skip

    return draw


def _day(team: Any, patient: Any) -> None:
    for _ in range(8):
        _session(team, patient)()


def _timed(team: Any, patient: Any, runs: int) -> dict[str, Any]:
    from ketaflow.custody import queries
    from ketaflow.custody.answers import queries as answers
    from ketaflow.custody.answers.reports import Asked, Name
    from ketaflow.custody.models import Movement

    asked = Asked(team.today - timedelta(days=365), team.today)

    def year() -> list[Any]:
        return list(answers.lines(clinic=team.clinic.id, report=Name.DISPENSING, asked=asked))

    def signals() -> list[Any]:
        from ketaflow.custody.answers.signals import SIGNALS, figures

        period = answers.period(clinic=team.clinic.id, asked=asked)
        return [figures(one, period) for one in SIGNALS.values()]

    return {
        "movements": Movement.objects.count(),
        "draw_ms": _ms(_session(team, patient) for _ in range(runs)),
        "balance_ms": _ms([lambda: queries.balance(clinic=team.clinic.id)] * runs),
        "year_ms": _ms([year] * min(runs, 5)),
        "signals_ms": _ms([signals] * min(runs, 3)),
        "year_lines": len(year()),
    }


def _ms(works: Iterable[Callable[[], Any]]) -> float:
    """The median; each work is made ready before its own clock starts."""
    taken = []
    for work in works:
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return round(median(taken), 2)


def _multiply(team: Any, movements: int) -> None:
    """Empty copies of a day's containers, with all that hangs on them, over ten years."""
    from django.db import transaction

    from ketaflow.custody.models import Account, Container, Draw, Movement

    drawn = list(Draw.objects.select_related("container", "account"))
    each = {one.id: list(Movement.objects.filter(container=one.container)) for one in drawn}
    per = sum(len(rows) + 2 for rows in each.values())
    rounds = movements // per + 1
    step = max(1, AT_ONCE // per)
    for number in range(0, rounds, step):
        rows: dict[Any, list[Any]] = {Container: [], Account: [], Draw: [], Movement: []}
        for copy in range(number, min(rounds, number + step)):
            back = timedelta(days=YEARS * 365 * copy / rounds)
            for one in drawn:
                _copy(rows, one, each[one.id], team.now - back)
        with transaction.atomic():
            for table, made in rows.items():
                table.objects.bulk_create(made, batch_size=200)
        print(f"{number} of {rounds} days", end="\r", file=sys.stderr)


def _copy(rows: dict[Any, list[Any]], draw: Any, movements: list[Any], at: datetime) -> None:
    """One empty container with a draw that was given, the rest wasted."""
    from ketaflow.custody.movements import Kind

    vials, accounts, draws, moved = rows.values()
    container, account = draw.container, draw.account
    held = draw.quantity * container.item.strength_mg
    vial = _row(container, held=0, number="copy", status="OPEN")
    told = _row(
        account, held=0, administered=held, drawn=held, settled_at=at, opened_at=at,
        given_mg=held, agreement_mg=1,
    )  # fmt: skip
    vials.append(vial)
    accounts.append(told)
    draws.append(
        _row(draw, container_id=vial.id, account_id=told.id, held=0, drawn_at=at,
             administered=draw.quantity)
    )  # fmt: skip
    here = {"container_id": vial.id, "at": at}
    moved += [_row(one, **here, account=told.id if one.account else None) for one in movements]
    given = {"kind": Kind.ADMINISTERED.value, "change": 0, "ordinal": 90}
    wasted = {"kind": Kind.WASTED.value, "ordinal": 91, "witness": uuid4(), "witness_s": 3}
    moved += [
        _row(moved[-1], **given),
        _row(moved[-1], **wasted, quantity=vial.capacity - draw.quantity, balance=0),
    ]


def _row(row: Any, **changed: Any) -> Any:
    """Another row like `row`, not saved."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, "id": uuid4(), **changed})


def _table(result: dict[str, Any]) -> str:
    short, long = result["sizes"]
    lines = [f"{'':24}{short['movements']:>12} {long['movements']:>12}   ratio"]
    for key, name in (
        ("draw_ms", "a draw, ms"),
        ("balance_ms", "the balance, ms"),
        ("year_ms", "a year's record, ms"),
        ("signals_ms", "a year's signals, ms"),
        ("year_lines", "lines of that year"),
    ):
        ratio = long[key] / short[key] if short[key] else 0
        lines.append(f"{name:24}{short[key]:>12} {long[key]:>12}   {ratio:.2f}")
    return "\n".join(lines)
