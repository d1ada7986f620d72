"""Eight hands at the same vials: no milligram is drawn twice, none is lost, and nobody waits."""

import random
import sys
import time
from collections import Counter
from decimal import Decimal

import pytest
from django.db import close_old_connections

from ketaflow.custody import actions, queries
from ketaflow.custody.agreement import Residue, Settled
from ketaflow.custody.counting import actions as counting
from ketaflow.custody.counting import queries as sheets
from ketaflow.custody.counts import CountMoved, Found
from ketaflow.custody.models import Account, Count, Movement
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.proof.queries import verify
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved

from ..conftest import open_clinic
from ..laws.a_vault import Vault, at
from .hands import HANDS, together


@pytest.fixture
def vault(committed):
    return Vault(open_clinic("Races"))


def test_of_eight_hands_on_one_page_one_draws(vault):
    (vial,) = vault.receive()
    session, seen = vault.account(), vault.on(vial)

    def press(n):
        try:
            actions.draw(
                on=seen, session=session, quantity=Decimal("0.8"), by=vault.nurse.author, at=at(n)
            )
        except SomeoneElseMoved:
            return "told"
        return "done"

    assert Counter(together(press)) == {"done": 1, "told": HANDS - 1}
    assert vault.row(vial).held == Decimal("9.2")
    verify()


def test_of_eight_hands_that_close_a_session_and_draw_for_it_it_adds_up(vault):
    vials = vault.receive(HANDS)
    session = vault.account()
    vault.draw(vials[0], session)

    def press(n):
        if n % 2:
            return outcome(lambda: vault.close(session, "40"))
        return outcome(lambda: vault.draw(vials[n], session, "0.1"))

    together(press)
    row = vault.sum(session)
    assert row.drawn == row.administered + row.held
    assert row.held == 0 or row.settled_at is None
    verify()
    journal.rebuild()


def outcome(work):
    try:
        work()
    except (SomeoneElseMoved, Residue, Settled) as why:
        return type(why).__name__
    return "done"


class Hand:
    """Somebody who does whatever comes next, on whichever page was last seen."""

    def __init__(self, vault, vials, number):
        self.vault, self.vials = vault, vials
        self.dice, self.did = random.Random(number), Counter()
        self.session, self.draws = None, []

    def work(self, until):
        while time.monotonic() < until:
            todo = self.dice.choice([self.draw, self.draw, self.waste, self.close, self.count])
            self.did[todo.__name__, self.tried(todo)] += 1
        close_old_connections()
        return self.did

    def tried(self, todo):
        try:
            return "done" if todo() is not False else "nothing to do"
        except (SomeoneElseMoved, Residue, CountMoved) as why:
            return type(why).__name__

    def draw(self):
        if self.session is None:
            self.session, self.draws = self.vault.account(), []
        if len(self.draws) > 2:
            return False
        vial = self.dice.choice(self.vials)
        if self.vault.row(vial).held < 1:
            return False
        self.draws.append((vial, self.vault.draw_here(vial, self.session, "0.2")))
        return True

    def waste(self):
        if not self.draws:
            return False
        vial, draw = self.draws.pop()
        try:
            self.vault.waste(vial, draw, "0.2")
        except SomeoneElseMoved:
            self.draws.append((vial, draw))
            raise
        return True

    def close(self):
        if self.session is None:
            return False
        self.vault.close(self.session, str(10 * len(self.draws)))
        self.session, self.draws = None, []
        return True

    def count(self):
        clinic, place = self.vault.clinic.id, self.vault.places[PlaceKind.VAULT]
        lines = sheets.sheet(clinic=clinic, place=place)
        found = {one.key: Found(one.expected, one.mark) for one in lines}
        sheet = counting.Sheet(place, found)
        counting.count(sheet=sheet, by=self.vault.nurse.author, at=at(self.dice.random() * 600))
        return True


class Shared(Vault):
    """A vault whose draws say which entry they became, whoever else writes beside."""

    def draw_here(self, container, session, quantity):
        seen = self.on(container)
        actions.draw(
            on=seen, session=session, quantity=Decimal(quantity), by=self.nurse.author, at=at()
        )
        mine = queries.draws(clinic=self.clinic.id, session=session)
        return max(one.ordinal for one in mine if one.container_id == container)


def crowd(seconds):
    """Let eight hands work for so long; return what they did, and how fast."""
    vault = Shared(open_clinic("Races"))
    vials = vault.receive(40)
    until = time.monotonic() + seconds
    hands = [Hand(vault, vials, number) for number in range(HANDS)]
    did = sum(together(lambda n: hands[n].work(until)), Counter())
    for hand in hands:
        if hand.session:
            hand.vault.close(hand.session, str(10 * len(hand.draws)))
    return did, Movement.objects.count() / seconds


def check(did):
    done = Counter()
    for (what, how), times in did.items():
        done[what] += times if how == "done" else 0
    assert min(done[one] for one in ("draw", "waste", "close", "count")) > 0, did
    found = verify()
    assert found.draws == done["draw"]
    assert Count.objects.filter(agrees=False).count() == 0, "a count met a half-written draw"
    assert Count.objects.count() == done["count"]
    assert not Account.objects.filter(settled_at=None).exists()
    journal.rebuild()


def test_eight_hands_draw_waste_and_count_and_every_law_holds(committed):
    did, _ = crowd(2)
    check(did)


@pytest.mark.deep
def test_for_a_minute_too(committed, capsys):
    did, rate = crowd(60)
    check(did)
    with capsys.disabled():
        sys.stdout.write(f"\n{rate:.0f} movements a second by {HANDS} hands: {dict(did)}\n")
