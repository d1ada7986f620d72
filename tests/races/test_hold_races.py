"""Two hands at one hold: it is raised once and answered once."""

from decimal import Decimal

import pytest

from ketaflow.journal import queries as journal
from ketaflow.protocol import actions as protocol
from ketaflow.protocol.holds.rules import Advice
from ketaflow.protocol.holds.shapes import Choice
from ketaflow.session import actions
from ketaflow.session.holds import actions as holds
from ketaflow.session.holds.standing import AlreadyAnswered
from ketaflow.session.wishes import Taken

from ..laws.a_session import SET
from ..laws.test_session_rows import VITALS, at
from .hands import HANDS, together
from .test_session_races import Clinic, clinic

__all__ = ["clinic"]
HIGH = {**VITALS, "systolic": Decimal(210)}


@pytest.fixture
def chair(clinic: Clinic):
    director = clinic.director
    protocol.sign_policy(
        values=SET, note="", seen=1, by=director.author, at=at(-60),
        holds={"systolic-stop": Choice(Advice.HOLD)},
    )  # fmt: skip
    return clinic.chair().run()


def test_eight_high_readings_at_once_raise_one_hold(chair):
    seen = chair.seen

    def press(n):
        taken = Taken({**HIGH, "heart_rate": Decimal(80 + n)})
        actions.record_round(
            session=chair.id, taken=taken, seen=seen, by=chair.nurse.author, at=at(20 + n)
        )

    together(press)
    assert len(chair.state.readings) == HANDS + 1
    assert len(chair.state.holds) == 1
    journal.verify()


def test_of_eight_hands_that_release_a_hold_one_does(chair):
    hold = chair.do(actions.record_round, 20, taken=Taken(HIGH)).state.holds[0].ordinal
    seen = chair.seen

    def press(n):
        try:
            by = chair.nurse.author
            holds.release(
                session=chair.id, hold=hold, reason=f"reason {n}", seen=seen, by=by, at=at(25)
            )
        except AlreadyAnswered:
            return "told"
        return "done"

    assert sorted(together(press)) == ["done"] + ["told"] * (HANDS - 1)
    journal.verify()
