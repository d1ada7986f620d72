"""`ketaflow custody verify`: every law, over everything that was ever written."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from ketaflow.custody.amounts import NOTHING
from ketaflow.custody.container import Container as State
from ketaflow.custody.models import Account, Container, Draw, Incident, Movement
from ketaflow.custody.proof import laws
from ketaflow.custody.proof.laws import Closed
from ketaflow.journal import queries as journal
from ketaflow.people import queries as people
from ketaflow.refusals import DoesNotVerify

PARTS = ("administered", "wasted", "returned", "lost", "held")
AT_ONCE = 500


@dataclass(frozen=True)
class Verified:
    """What a verification found in order."""

    containers: int
    movements: int
    draws: int
    accounts: int


def verify() -> Verified:
    """Hold every law of custody against every clinic's record, after the record itself.

    Raises:
        DoesNotVerify: names the first entry, container or account that breaks one.
    """
    journal.verify()
    with transaction.atomic():
        found = [_clinic(clinic) for clinic in people.clinics()]
    return Verified(*(sum(one[place] for one in found) for place in range(4)))


def _clinic(clinic: Any) -> tuple[int, int, int, int]:
    containers = movements = draws = 0
    for batch in _batched(clinic.id):
        states = {
            UUID(stream.partition("/")[2]): laws.of_container(stream, entries, clinic.zone)
            for stream, entries in batch
        }
        _rows_say_so(clinic.id, states)
        containers += len(states)
        movements += sum(len(entries) for _, entries in batch)
        draws += sum(len(state.draws) for state in states.values())
    laws.same("containers", Container.objects.filter(clinic_id=clinic.id).count(), containers)
    laws.same("movements", Movement.objects.filter(clinic_id=clinic.id).count(), movements)
    return containers, movements, draws, _accounts(clinic.id)


def _batched(clinic: UUID) -> Iterator[Any]:
    whole = journal.by_stream(clinic=clinic, before_slash="container")
    while batch := list(islice(whole, AT_ONCE)):
        yield batch


def _rows_say_so(clinic: UUID, states: dict[UUID, State]) -> None:
    """Compare each container's row, its draws, and the sum of its movements with its fold."""
    rows = Container.objects.filter(clinic_id=clinic).in_bulk(states)
    sums = dict(
        Movement.objects.filter(clinic_id=clinic, container_id__in=states)
        .values_list("container_id")
        .annotate(total=Sum("change"))
    )
    draws: dict[UUID, dict[int, Draw]] = {}
    for one in Draw.objects.filter(clinic_id=clinic, container_id__in=states):
        draws.setdefault(one.container_id, {})[one.ordinal] = one
    for id, state in states.items():
        row, name = rows.get(id), f"container/{id}"
        if row is None:
            raise DoesNotVerify(f"{name} has no row; run “ketaflow journal rebuild”.")
        laws.same(f"{name} holds", row.held, state.held)
        laws.same(f"{name} stands", row.status, state.status.value)
        laws.same(f"{name} is in", str(row.place_id), state.place)
        laws.same(f"{name}, the sum of its movements", sums.get(id), state.held)
        _draws_say_so(name, draws.get(id, {}), state)


def _draws_say_so(name: str, rows: dict[int, Draw], state: State) -> None:
    for ordinal, row in rows.items():
        draw = state.draws.get(ordinal)
        for part in ("quantity", *PARTS):
            told = getattr(draw, part) if draw else NOTHING
            laws.same(f"{name} draw {ordinal} {part}", getattr(row, part), told)
    laws.same(f"{name} draws", state.draws.keys() - rows.keys(), set())


def _accounts(clinic: UUID) -> int:
    """Every account, beside the sum of its draws."""
    sums = _drawn_mg(clinic)
    rows = Account.objects.filter(clinic_id=clinic)
    incidents = set(
        Incident.objects.filter(clinic_id=clinic, account__isnull=False).values_list(
            "account", flat=True
        )
    )
    count = 0
    for row in rows.iterator(chunk_size=2000):
        count += 1
        for part in PARTS:
            laws.same(f"{row.stream} {part}", getattr(row, part), sums.get((row.id, part), NOTHING))
        laws.of_account(_closed(row, explained=row.explained and row.id in incidents))
    return count


def _drawn_mg(clinic: UUID) -> dict[tuple[UUID, str], Decimal]:
    found: dict[tuple[UUID, str], Decimal] = {}
    rows = Draw.objects.filter(clinic_id=clinic).values_list(
        "account_id", "container__item__strength_mg", *PARTS
    )
    for account, strength_mg, *parts in rows.iterator(chunk_size=5000):
        for part, quantity in zip(PARTS, parts, strict=True):
            key = (account, part)
            found[key] = found.get(key, NOTHING) + quantity * strength_mg
    return found


def _closed(row: Account, *, explained: bool) -> Closed:
    parts = {part: getattr(row, part) for part in PARTS}
    return Closed(
        name=row.stream,
        drawn=row.drawn,
        settled=row.settled_at is not None,
        explained=explained,
        given_mg=row.given_mg,
        agreement_mg=row.agreement_mg,
        **parts,
    )
