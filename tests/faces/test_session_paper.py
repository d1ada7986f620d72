"""The record of a session as a PDF: whole, the same bytes each time, and read by name."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from ketaflow.journal import queries as journal
from ketaflow.people.roles import Role
from ketaflow.protocol.holds.rules import Advice
from ketaflow.protocol.holds.shapes import Choice
from ketaflow.session import actions, queries
from ketaflow.session.holds import actions as holds
from ketaflow.session.wishes import Correction, Taken
from ketaflow.web.paper import session_record
from ketaflow.web.paper.drawing import draw

from ..laws import test_holds_rows as held
from ..laws import test_session_rows as rows
from ..laws.test_session_rows import VITALS, chair, open_session, policy, spray

__all__ = ["chair", "open_session", "policy", "spray"]
SAID = {name: str(value) for name, value in VITALS.items()}
SHOTS = os.environ.get("KETAFLOW_SHOTS")


@pytest.fixture
def told(director, chair, prescriber):
    """An infusion with a rate change, a hold, a correction and the way home."""
    held.sign(director, {"systolic-alert": Choice(Advice.HOLD), "spo2-low": Choice(Advice.ASK)})
    chair.run().measure(20, systolic=Decimal(151))
    chair.do(actions.record_round, 30, taken=Taken({**VITALS, "systolic": Decimal(178)}, 4, 9, 2))
    hold = chair.state.holds[-1].ordinal
    chair.do(actions.change_rate, 31, rate_mg_min=Decimal("0.6"), reason="pressure")
    chair.do(actions.pause, 32, reason="pressure and anxious")
    chair.do(holds.acknowledge, 33, hold=hold, words="Called Dr Ben; legs down, quiet room")
    chair.do(
        actions.note_side_effect, 34, found={"effect": "anxiety", "severity": 2, "note": "settled"}
    )
    chair.measure(40, systolic=Decimal(148))
    chair.do(holds.release, 41, by=prescriber, hold=hold, reason="148 after eight minutes")
    chair.do(actions.resume, 42, rate_mg_min=Decimal("0.6"))
    chair.measure(50, systolic=Decimal(144), heart_rate=Decimal(90))
    chair.do(
        actions.correct, 51,
        correction=Correction(chair.seen, {**SAID, "heart_rate": "80"}, "typed 90 for 80"),
    )  # fmt: skip
    chair.do(actions.note, 52, text="Says *feels* lighter <b>now</b> #1")
    chair.do(actions.stop, 70, reason="complete").measure(85).measure(115)
    return chair.score(129).leave(135)


def pdf(client, chair):
    answer = client.get(reverse("session_pdf", args=[chair.id]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    if SHOTS:
        Path(SHOTS, "session-record.pdf").write_bytes(answer.content)
    return answer.content


def sheet(chair):
    clinic = chair.nurse.clinic_id
    room = queries.room(clinic=clinic, id=chair.id)
    return session_record.sheet(session_record.bundle(clinic=clinic, room=room))


def everything(sheet):
    said = [sheet.title, sheet.seal, sheet.banner]
    for one in sheet.sections:
        said += [one.title, *one.words, *(" ".join(pair) for pair in one.pairs)]
        said += [cell for row in (one.grid.rows if one.grid else ()) for cell in row]
    return "\n".join(said)


def section(sheet, title):
    return next(one for one in sheet.sections if one.title == title)


def test_the_same_journal_gives_the_same_bytes(told, signed_in):
    client = signed_in(Role.NURSE)
    first = pdf(client, told)
    assert first.startswith(b"%PDF-")
    assert pdf(client, told) == first
    journal.rebuild()
    assert pdf(client, told) == first


def test_an_entry_more_gives_another_document(told, signed_in):
    client = signed_in(Role.NURSE)
    first = pdf(client, told)
    told.do(actions.note, 140, text="Escort rang: home safely")
    assert pdf(client, told) != first


def test_reading_it_is_in_the_record(told, signed_in):
    pdf(signed_in(Role.NURSE), told)
    stream = f"access/{told.row.patient_id}"
    pages = journal.entries(clinic=told.nurse.clinic_id, stream=stream)
    assert [one.payload["page"] for one in pages] == ["session record (PDF)"]
    assert signed_in(Role.FRONT_DESK).get(reverse("session_pdf", args=[told.id])).status_code == 403


def test_the_record_holds_the_order_the_head_and_every_entry(told):
    found = sheet(told)
    entries = journal.entries(clinic=told.nurse.clinic_id, stream=f"session/{told.id}")
    said = everything(found)
    wanted = (
        "40 mg = 0.5 mg/kg × 80 kg", entries[-1].hash, "Went home with Rosa, sister",
        "Called Dr Ben", "148 after eight minutes", "policy version 2, signed by Mia",
    )  # fmt: skip
    for words in wanted:
        assert words in said
    every = section(found, "Everything that was recorded").grid.rows
    assert [row[0] for row in every] == [str(one.ordinal) for one in entries]


def test_the_pump_programme_adds_up_to_what_was_given(told):
    steps = section(sheet(told), "Pump programme").grid.rows
    assert [(row[2], row[3], row[4]) for row in steps] == [
        ("21.0", "1", "21"), ("1.0", "0.6", "21.6"), ("10.0", "paused", "21.6"),
        ("28.0", "0.6", "38.4"),
    ]  # fmt: skip


def test_the_forecast_stands_in_it_with_its_band_and_what_it_rests_on(told):
    found = section(sheet(told), "What a model forecast")
    assert "5 to 95 % of them" in found.words[0]
    assert any("Sources: [S" in one for one in found.words)
    first = found.pictures[0]
    assert "5–95 % of people" in first.words
    assert first.svg.count("<polygon") == 1, "the band"


def test_a_correction_shows_old_and_new(told):
    ((entry, was, became, why, _, by),) = section(sheet(told), "Corrections").grid.rows
    assert ("pulse 90" in was, "pulse 80" in became) == (True, True)
    assert (why, by) == ("typed 90 for 80", "Ada Nurse")
    assert int(entry) > 1


def test_every_signature_has_name_role_meaning_and_time(told):
    signed = section(sheet(told), "Signatures").grid.rows
    said = {(name, role, meaning) for name, role, meaning, _, _ in signed}
    assert ("Ben Prescriber", "Prescriber", "Ordered the course and its dose") in said
    assert ("Ada Nurse", "Nurse", "Prepared the drug") in said
    assert ("Ben Prescriber", "Prescriber", "Released a hold: the drug may go on") in said
    assert any(meaning.startswith("Second person") for _, _, meaning in said)
    assert all(when for *_, when, _ in signed)


def test_the_policy_of_the_day_and_no_later_one_is_read(told, director):
    before = sheet(told)
    raised = {**rows.SET, "alert_systolic_mmhg": Decimal(195)}
    from ketaflow.protocol import actions as protocol

    protocol.sign_policy(
        values=raised, note="", seen=2, by=director.author, at=rows.at(9999), holds={}
    )
    assert sheet(told) == before


def test_a_session_under_way_has_a_record_as_of_its_last_entry(chair, signed_in):
    chair.run()
    pdf(signed_in(Role.NURSE), chair)
    found = sheet(chair)
    assert "No discharge: drug being given." in everything(found)
    assert section(found, "Pump programme").grid.rows[0][4] == "0"


def test_a_session_just_opened_has_a_record_too(chair, signed_in):
    pdf(signed_in(Role.NURSE), chair)
    assert "The pump was not started." in [one.empty for one in sheet(chair).sections]


def test_a_spray_lists_its_devices_with_their_lots(spray, signed_in):
    spray.prepare().do(actions.give_device, 10, lot="L7 <x>").do(actions.give_device, 15, lot="L8")
    spray.measure(50).measure(120).score(130)
    spray.leave(131)
    pdf(signed_in(Role.NURSE), spray)
    devices = section(sheet(spray), "Nasal devices").grid.rows
    assert [row[3] for row in devices] == ["L7 <x>", "L8"]


def test_the_charts_hold_what_was_measured(told):
    pictures = section(sheet(told), "Charts").pictures
    assert len(pictures) == 4
    assert all(one.words for one in pictures)
    assert "<text" in pictures[0].svg
    assert ">hold<" in pictures[0].svg


def test_a_word_in_a_drawing_is_never_markup():
    from ketaflow.web.charts import Chart, Line

    drawn = draw(Chart("x", (0.0, 1.0), (Line("<b>&", (1.0, None)),), "words"))
    assert "&lt;b&gt;&amp;" in drawn


def test_the_record_needs_no_more_queries_for_a_longer_session(
    told, chair, signed_in, django_assert_max_num_queries
):
    client = signed_in(Role.NURSE)
    client.get(reverse("board"))
    with django_assert_max_num_queries(28):
        pdf(client, told)
