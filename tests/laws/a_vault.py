"""A small clinic that keeps custody, for the laws and races that need one."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import transaction

from ketaflow.custody import actions, queries
from ketaflow.custody.accounts import actions as accounts
from ketaflow.custody.actions import On, Sworn
from ketaflow.custody.agreement import Wanted
from ketaflow.custody.items import Details, Form
from ketaflow.custody.models import Container
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.profiles import Terms
from ketaflow.custody.setting import actions as setting
from ketaflow.custody.setting.actions import Delivered, Supplier
from ketaflow.custody.witness import Witness
from ketaflow.journal import queries as journal
from ketaflow.people.roles import Role
from ketaflow.protocol.library import Drug

from ..conftest import NOW, employ, register

TERMS = Terms("us-federal", Decimal(1), 24, 0)
SUPPLIER = Supplier("Elm Pharma", "2 Elm Street", "RE0000001", "INV-1")
KETAMINE = Details(
    Drug.KETAMINE, Form.VIAL, Decimal(50), Decimal(10), "CIII", gtin="00312345678906"
)
SPRAY = Details(Drug.ESKETAMINE, Form.NASAL_DEVICE, Decimal(28), Decimal(1), "CIII")
EXPIRES = date(2027, 7, 31)
IV = Wanted("ketamine", Form.VIAL, Decimal(40), Decimal(50), Decimal("0.8"))
NASAL = Wanted("esketamine", Form.NASAL_DEVICE, Decimal(56), Decimal(28), Decimal(2))


def at(minute=0.0):
    return NOW + timedelta(minutes=minute)


class Vault:
    """Custody as people keep it: every press saw the newest page, unless a test says otherwise."""

    def __init__(self, clinic, *, terms=TERMS):
        self.clinic = clinic
        self.director = employ(clinic, "Vera Director", Role.MEDICAL_DIRECTOR)
        self.custodian = employ(clinic, "Kim Custodian", Role.CUSTODIAN)
        self.nurse = employ(clinic, "Nell Nurse", Role.NURSE)
        self.second = employ(clinic, "Noah Nurse", Role.NURSE)
        setting.sign_terms(terms=terms, seen=0, by=self.director.author, at=at(-99))
        by, self.places = self.custodian.author, {}
        for kind in PlaceKind:
            name = kind.label.capitalize()
            self.places[kind] = setting.add_place(name=name, kind=kind, by=by, at=at(-98))
        self.vial = setting.add_item(details=KETAMINE, by=by, at=at(-98))
        self.spray = setting.add_item(details=SPRAY, by=by, at=at(-98))
        self.patient = register(self.nurse, f"K-{uuid4().hex[:6]}", "Cy", "Patient")
        self.invoices = 0

    def receive(self, containers=1, *, item=None, lot="A12", expires_on=EXPIRES, minute=-90):
        """The containers that came with the next invoice."""
        self.invoices += 1
        supplier = Supplier("Elm Pharma", "2 Elm Street", "RE0000001", f"INV-{self.invoices}")
        line = Delivered(item or self.vial, lot, expires_on, containers)
        came = setting.receive(
            supplier=supplier, lines=(line,), place=self.places[PlaceKind.VAULT],
            by=self.custodian.author, at=at(minute),
        )  # fmt: skip
        rows = Container.objects.filter(receipt=came).order_by("number")
        return [one.id for one in rows]

    def account(self, wanted=IV, minute=-60):
        """The account of a session that begins."""
        session = uuid4()
        accounts.open_account(
            session=session, patient=self.patient.id, wanted=wanted, by=self.nurse.author,
            at=at(minute),
        )  # fmt: skip
        return session

    def on(self, container):
        stream = f"container/{container}"
        return On(container, journal.last_ordinal(clinic=self.clinic.id, stream=stream))

    def sworn(self, minute, reason="left in the syringe", witness=None):
        return Sworn(reason, Witness((witness or self.second).author, at(minute)))

    def do(self, action, container, minute=0.0, by=None, **said):
        action(on=self.on(container), by=(by or self.nurse).author, at=at(minute), **said)
        return self

    def draw(self, container, session, quantity="0.8", minute=0.0, by=None):
        """Draw; returns the entry that says so."""
        said = {"session": session, "quantity": Decimal(quantity)}
        self.do(actions.draw, container, minute, by, **said)
        return self.on(container).seen

    def waste(self, container, draw, quantity, minute=1.0):
        said = {"draw": draw, "quantity": Decimal(quantity), "sworn": self.sworn(minute)}
        return self.do(actions.waste, container, minute, **said)

    def close(self, session, given_mg, minute=60.0, hurried=""):
        given = accounts.Given(Decimal(given_mg), hurried)
        accounts.close_account(session=session, given=given, by=self.nurse.author, at=at(minute))

    def state(self, container):
        return queries.state(clinic=self.clinic.id, id=container)

    def row(self, container):
        return queries.container(clinic=self.clinic.id, id=container)

    def sum(self, session):
        return queries.account(clinic=self.clinic.id, session=session)

    def move(self, containers, kind, minute=0.0, by=None):
        chosen = {one: self.on(one).seen for one in containers}
        with transaction.atomic():
            actions.transfer(
                containers=chosen, to=self.places[kind], by=(by or self.nurse).author,
                at=at(minute),
            )  # fmt: skip
