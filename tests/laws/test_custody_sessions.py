"""A session where custody is kept: it starts with what was drawn and ends when it adds up."""

from decimal import Decimal

import pytest

from ketaflow.custody import queries
from ketaflow.custody.agreement import NotTheOrder, Residue
from ketaflow.custody.proof.queries import verify
from ketaflow.journal import queries as journal
from ketaflow.people.roles import Role
from ketaflow.session import actions
from ketaflow.session import queries as sessions
from ketaflow.session.checklist import CannotStart
from ketaflow.session.phases import Phase
from ketaflow.session.wishes import Correction
from ketaflow.web.paper import session_record

from .a_vault import TERMS, Vault
from .test_session_rows import NASAL_ORDER, VITALS, agree, at, open_session, plan, policy, screen

__all__ = ["VITALS", "agree", "open_session", "plan", "policy", "screen"]


@pytest.fixture
def vault(clinic_a):
    assert TERMS.agreement_mg == 1
    return Vault(clinic_a)


@pytest.fixture
def chair(vault, open_session, patient):
    return open_session(patient)


def home(chair, minute=115):
    chair.measure(minute - 5).score(minute - 4).leave(minute)
    return chair


def test_the_drug_waits_until_it_is_drawn(vault, chair):
    chair.prepare()
    with pytest.raises(CannotStart, match="40 mg are ordered and 0 mg are drawn"):
        chair.do(actions.start, 10, rate_mg_min=Decimal(1))
    vault.draw(vault.receive()[0], chair.id)
    chair.do(actions.start, 11, rate_mg_min=Decimal(1))
    assert chair.state.phase is Phase.RUNNING


def test_a_whole_session_adds_up_by_itself(vault, chair):
    vault.draw(vault.receive()[0], chair.id)
    home(chair.observe())
    account = vault.sum(chair.id)
    assert (account.given_mg, account.administered, account.held) == (40, 40, 0)
    verify()
    journal.rebuild()


def test_nobody_goes_home_on_a_residue(vault, chair):
    (vial,) = vault.receive()
    draw = vault.draw(vial, chair.id)
    chair.run().do(actions.stop, 38, reason="the patient asked for it")
    with pytest.raises(Residue, match="Waste the other 12 mg"):
        home(chair)
    assert chair.state.phase is Phase.OBSERVING
    vault.waste(vial, draw, "0.24")
    chair.leave(116)
    assert vault.sum(chair.id).administered == 28
    verify()


def test_a_transfer_is_never_held_back(vault, chair):
    vault.draw(vault.receive()[0], chair.id)
    chair.run().do(actions.transfer, 30, to="County Hospital", reason="chest pain")
    assert chair.state.phase is Phase.TRANSFERRED
    (incident,) = queries.incidents(clinic=vault.clinic.id)
    assert "Transferred to County Hospital" in incident.reason
    verify()


def test_a_cancelled_session_wastes_what_was_drawn_first(vault, chair):
    (vial,) = vault.receive()
    draw = vault.draw(vial, chair.id)
    with pytest.raises(Residue):
        chair.do(actions.cancel, 5, reason="fever")
    vault.waste(vial, draw, "0.8")
    chair.do(actions.cancel, 6, reason="fever")
    verify()


def test_a_correction_after_the_end_opens_an_incident(vault, chair):
    vault.draw(vault.receive()[0], chair.id)
    home(chair.observe())
    stopped = next(one.ordinal for one in chair.state.lines if one.kind == "session.stopped")
    correction = Correction(stopped, {"reason": "earlier"}, "it was ten minutes earlier", at(40))
    chair.do(actions.correct, 130, correction=correction)
    assert vault.sum(chair.id).given_mg == 30
    assert len(queries.incidents(clinic=vault.clinic.id)) == 1
    verify()


def test_a_device_of_a_lot_that_was_not_drawn_is_refused(vault, open_session, patient):
    chair = open_session(patient, NASAL_ORDER)
    first, second = vault.receive(2, item=vault.spray, lot="L7")
    vault.draw(first, chair.id, "1")
    vault.draw(second, chair.id, "1", 1)
    chair.prepare()
    with pytest.raises(NotTheOrder, match=r"Lot L8 was not drawn .* \(drawn: L7\)"):
        chair.do(actions.give_device, 10, lot="L8")
    chair.do(actions.give_device, 10, lot="L7").do(actions.give_device, 16, lot="L7")
    chair.measure(130)
    chair.score(136).leave(137)
    assert vault.sum(chair.id).administered == 56
    verify()


def test_a_clinic_without_custody_runs_its_sessions_as_before(open_session, patient):
    chair = open_session(patient)
    home(chair.observe())
    assert queries.account(clinic=chair.nurse.clinic_id, session=chair.id) is None


def test_the_session_tells_what_was_drawn_among_its_own_events(vault, chair, signed_in):
    """Asked of custody's journal each time; a draw is no second entry that could say otherwise."""
    chair.prepare()
    (vial,) = vault.receive()
    draw = vault.draw(vial, chair.id, minute=5)
    chair.do(actions.start, 11, rate_mg_min=Decimal(1)).do(actions.stop, 38, reason="asked for it")
    vault.waste(vial, draw, "0.24", minute=60)
    said = " ".join(signed_in(Role.NURSE).get(f"/sessions/{chair.id}/").content.decode().split())
    said = said[said.index('id="record"') :]
    drawn, started = "Drug drawn: 0.8 mL (40 mg), container", "Pump started at 1 mg/min"
    assert 0 < said.index(drawn) < said.index(started) < said.index("Drug wasted: 0.24 mL (12 mg)")
    assert "witnessed by" in said
    room = sessions.room(clinic=vault.clinic.id, id=chair.id)
    sheet = session_record.sheet(session_record.bundle(clinic=vault.clinic.id, room=room))
    events = next(one for one in sheet.sections if one.title == "Events").grid.rows
    assert [what.partition(":")[0] for _, what, _ in events] == [
        "Drug drawn", "Drug ended", "Drug wasted",
    ]  # fmt: skip
    assert not any("Drug drawn" in one.kind for one in room.state.lines)
