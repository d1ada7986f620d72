"""Every read about what is where: containers, draws, accounts, and who signed how it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Count as Number
from django.db.models import Min, Sum

from ketaflow.custody.agreement import Wanted
from ketaflow.custody.container import Container as State
from ketaflow.custody.container import Status, fold
from ketaflow.custody.items import Form
from ketaflow.custody.models import (
    Account,
    Container,
    Draw,
    Incident,
    Item,
    Movement,
    Place,
    Terms,
)
from ketaflow.custody.movements import Kind
from ketaflow.custody.profiles import NotSigned, Profile, profile
from ketaflow.custody.profiles import Terms as Signed
from ketaflow.journal import queries as journal
from ketaflow.protocol.figures import show

MOST = 500


@dataclass(frozen=True)
class Balance:
    """What one place should hold of one lot of one item, sealed or open."""

    place: str
    item: str
    lot: str
    status: str
    expires_on: date
    containers: int
    quantity: Decimal
    unit: str
    mg: Decimal


def terms(*, clinic: UUID) -> Terms | None:
    """The terms in force; None where custody is not kept."""
    return Terms.objects.filter(clinic_id=clinic).order_by("-version").first()


def signed(*, clinic: UUID) -> Signed:
    """The terms in force, as decisions read them.

    Raises:
        NotSigned: custody is not kept.
    """
    row = terms(clinic=clinic)
    if row is None:
        raise NotSigned(
            "This clinic does not keep custody yet: its medical director signs the terms first."
        )
    return Signed(
        row.jurisdiction, row.agreement_mg, row.count_every_h, row.open_vial_days, _limits(row)
    )


def rules(*, clinic: UUID) -> Profile | None:
    """The rules of the place by which custody is kept; None where it is not kept."""
    row = terms(clinic=clinic)
    return profile(row.jurisdiction) if row else None


def _limits(row: Terms) -> dict[str, Decimal]:
    return {name: Decimal(limit) for name, limit in row.limits.items()}


def limits(*, clinic: UUID) -> Mapping[str, Decimal]:
    """From which percentage on a signal of diversion is marked, where the clinic signed one."""
    row = terms(clinic=clinic)
    return _limits(row) if row else {}


def items(*, clinic: UUID) -> Sequence[Item]:
    """Everything the clinic keeps, by name."""
    return list(Item.objects.filter(clinic_id=clinic).order_by("name")[:MOST])


def item_of_gtin(*, clinic: UUID, gtin: str) -> Item | None:
    """The item whose box carries that number."""
    return Item.objects.filter(clinic_id=clinic, gtin=gtin).first() if gtin else None


def places(*, clinic: UUID) -> Sequence[Place]:
    """Every place, vaults first."""
    return list(Place.objects.filter(clinic_id=clinic).order_by("-kind", "name")[:MOST])


def place(*, clinic: UUID, id: UUID) -> Place | None:
    """One place."""
    return Place.objects.filter(clinic_id=clinic, id=id).first()


def container(*, clinic: UUID, id: UUID) -> Container | None:
    """One container with its item and place."""
    rows = Container.objects.select_related("item", "place", "receipt")
    return rows.filter(clinic_id=clinic, id=id).first()


def held(*, clinic: UUID, place: UUID | None = None) -> Sequence[Container]:
    """The containers that hold something, those to be used first in front."""
    rows = Container.objects.filter(clinic_id=clinic, held__gt=0)
    rows = rows.filter(place_id=place) if place else rows
    ordered = rows.select_related("item", "place").order_by(
        "item__name", "status", "expires_on", "lot", "number"
    )
    return list(ordered[:MOST])


def for_session(*, clinic: UUID, session: UUID) -> Sequence[Container]:
    """The containers that a session's order may be drawn from, open ones and first expiry first."""
    account_ = account(clinic=clinic, session=session)
    if account_ is None:
        return []
    rows = Container.objects.filter(
        clinic_id=clinic, held__gt=0, item__drug=account_.drug, item__form=account_.form
    ).exclude(place__kind="QUARANTINE")
    if account_.strength_mg is not None:
        rows = rows.filter(item__strength_mg=account_.strength_mg)
    ordered = rows.select_related("item", "place").order_by("status", "expires_on", "number")
    return list(ordered[:50])


def state(*, clinic: UUID, id: UUID) -> State:
    """What the stream of a container says."""
    return fold(journal.entries(clinic=clinic, stream=f"container/{id}"))


def movements(*, clinic: UUID, container: UUID) -> Sequence[Movement]:
    """Everything that happened to a container, first to last."""
    rows = Movement.objects.filter(clinic_id=clinic, container_id=container)
    return list(rows.select_related("patient", "place").order_by("ordinal")[:MOST])


def of_session(*, clinic: UUID, session: UUID) -> Sequence[Movement]:
    """What was drawn for a session and what became of it, in the order it happened."""
    rows = Movement.objects.filter(clinic_id=clinic, account=session)
    # They are few. Sorted by the database, they would be looked for in all there ever were.
    found = rows.select_related("container", "item")
    return sorted(found, key=lambda one: (one.at, one.container_id, one.ordinal))


def account(*, clinic: UUID, session: UUID) -> Account | None:
    """What was drawn for a session; None where custody was not kept when it began."""
    return Account.objects.filter(clinic_id=clinic, id=session).first()


def wanted(*, clinic: UUID, account: Account) -> Wanted:
    """What the verified order of a session asks for."""
    assert account.clinic_id == clinic
    return Wanted(
        drug=account.drug,
        form=Form(account.form),
        dose_mg=account.dose_mg,
        strength_mg=account.strength_mg,
        quantity=account.quantity,
    )


def draws(*, clinic: UUID, session: UUID) -> Sequence[Draw]:
    """What was drawn for a session, in the order of containers."""
    rows = Draw.objects.filter(clinic_id=clinic, account_id=session, quantity__gt=0)
    return list(rows.select_related("container__item").order_by("container_id", "ordinal"))


def draw(*, clinic: UUID, container: UUID, ordinal: int) -> Draw | None:
    """One draw from a container."""
    rows = Draw.objects.filter(clinic_id=clinic, container_id=container, ordinal=ordinal)
    return rows.select_related("container__item").first()


def draw_meant(*, clinic: UUID, container: UUID, ordinal: int) -> int | None:
    """The draw that an entry of a container makes or speaks of."""
    entries = journal.entries(clinic=clinic, stream=f"container/{container}")
    meant = next((one for one in entries if one.ordinal == ordinal), None)
    if meant is None:
        return None
    return ordinal if meant.kind == Kind.DRAWN else meant.payload.get("draw")


def unsettled(*, clinic: UUID) -> Sequence[Account]:
    """The accounts of sessions that are still running, oldest first."""
    rows = Account.objects.filter(clinic_id=clinic, settled_at=None)
    return list(rows.select_related("patient").order_by("opened_at")[:MOST])


def obstacles(*, clinic: UUID, session: UUID, device: bool) -> tuple[str, ...]:
    """Why the drug of a session cannot be given yet, as far as custody knows."""
    row = account(clinic=clinic, session=session)
    if row is None:
        return ()
    if row.held >= _least_mg(row, device):
        return ()
    return (f"{show(row.dose_mg)} mg are ordered and {show(row.held)} mg are drawn in custody",)


def _least_mg(row: Account, device: bool) -> Decimal:
    """What must be in hand to begin: one device, or the ordered volume, which was rounded down."""
    if row.strength_mg is None or row.quantity is None:
        return row.dose_mg
    return row.strength_mg * (1 if device else row.quantity)


def drawn_lots(*, clinic: UUID, session: UUID) -> frozenset[str] | None:
    """The lots of what was drawn for a session; None where custody was not kept."""
    if account(clinic=clinic, session=session) is None:
        return None
    return frozenset(one.container.lot for one in draws(clinic=clinic, session=session))


def incident(*, clinic: UUID, id: UUID) -> Incident | None:
    """One incident with its place and container."""
    rows = Incident.objects.select_related("place", "container__item")
    return rows.filter(clinic_id=clinic, id=id).first()


def incidents(*, clinic: UUID, closed: bool = False) -> Sequence[Incident]:
    """The incidents that are open, oldest first, or closed ones, newest first."""
    rows = Incident.objects.select_related("place", "container")
    rows = rows.filter(clinic_id=clinic, closed_at__isnull=not closed)
    return list(rows.order_by("-opened_at" if closed else "opened_at")[:MOST])


def balance(*, clinic: UUID) -> Sequence[Balance]:
    """What each place should hold now, by lot; few rows, however long the history."""
    rows = Container.objects.filter(clinic_id=clinic, held__gt=0)
    grouped = rows.values(
        "place__name", "item__name", "item__form", "item__strength_mg", "lot", "status"
    ).annotate(number=Number("id"), total=Sum("held"), first=Min("expires_on"))
    return [
        Balance(
            place=row["place__name"],
            item=row["item__name"],
            lot=row["lot"],
            status=row["status"],
            expires_on=row["first"],
            containers=row["number"],
            quantity=row["total"],
            unit=Form(row["item__form"]).unit,
            mg=row["total"] * row["item__strength_mg"],
        )
        for row in grouped.order_by("place__name", "item__name", "lot", "status")
    ]


def expired(*, clinic: UUID, on: date) -> Sequence[Container]:
    """What has run out by a day and is not in quarantine yet."""
    rows = Container.objects.filter(clinic_id=clinic, held__gt=0)
    rows = rows.exclude(place__kind="QUARANTINE").select_related("item", "place")
    late = [one for one in rows[:MOST] if min(one.expires_on, one.use_by or one.expires_on) < on]
    return [one for one in late if one.status != Status.GONE]
