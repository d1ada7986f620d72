"""A session is what its entries say, and nothing else."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.refusals import Refused
from ketaflow.session.administration import OutOfOrder
from ketaflow.session.corrections import NotCorrectable
from ketaflow.session.events import Entry, Kind, NotReadable
from ketaflow.session.fold import TAKES, SessionState, fold, folded
from ketaflow.session.phases import ADMITS, LABELS, MOVES, IllegalMove, NotNow, Phase, move
from ketaflow.session.vitals import Implausible
from tests.laws.a_session import ALDRETE, IV, NASAL, NINE, VITALS, Stream, minute


def test_before_anything_happened_a_session_is_booked():
    assert fold([]).phase is Phase.BOOKED


def test_a_session_passes_through_every_phase_of_a_quiet_morning():
    stream = Stream().prepare()
    seen = [fold(stream.entries[:1]).phase, stream.phase]
    stream.add("started", 10, rate_mg_min="1")
    seen.append(stream.phase)
    seen.append(stream.add("paused", 20, reason="anxious").phase)
    seen.append(stream.add("resumed", 25).phase)
    seen.append(stream.add("stopped", 60, reason="complete").phase)
    seen.append(stream.add("discharged", 130).phase)
    assert [phase.label for phase in seen] == [
        *("checked-in", "ready", "running", "paused", "running", "observed", "discharged"),
    ]


@pytest.mark.parametrize("but", ["identity", "escort", "fasting", "baseline", "dose"])
def test_a_session_is_ready_only_when_everything_is_there(but):
    assert Stream().prepare().phase is Phase.READY
    assert Stream().prepare(but=but).phase is Phase.CHECKED_IN


def test_taking_a_tick_away_takes_the_readiness_away():
    stream = Stream().prepare().add("checklist_item", 5, item="escort", done=False)
    assert stream.phase is Phase.CHECKED_IN
    assert not stream.state.checklist["escort"].done


def test_the_pump_cannot_start_before_the_session_is_ready():
    with pytest.raises(NotNow, match=r"Started cannot be recorded now.*checked-in.*ready"):
        _ = Stream().prepare(but="escort").add("started", rate_mg_min="1").state


def test_nobody_goes_home_straight_from_the_pump():
    with pytest.raises(NotNow, match="running"):
        _ = Stream().run().add("discharged", 50).state
    with pytest.raises(IllegalMove, match="From here: observed or paused or transferred"):
        move(Phase.RUNNING, Phase.DISCHARGED)


def test_a_session_that_has_ended_goes_nowhere():
    ended = {phase for phase in Phase if phase.over}
    assert ended == {Phase.DISCHARGED, Phase.TRANSFERRED, Phase.CANCELLED}
    with pytest.raises(IllegalMove, match="nothing, it has ended"):
        move(Phase.DISCHARGED, Phase.RUNNING)


def test_every_phase_has_words_and_moves_and_every_kind_a_place():
    assert set(LABELS) == set(MOVES) == set(Phase)
    assert set(ADMITS) == set(Kind)
    assert set(TAKES) == set(Kind) - {Kind.CORRECTED}


def test_one_milligram_a_minute_for_forty_minutes_is_forty_milligrams():
    state = Stream().observe().state
    assert state.given_mg(minute(50)) == state.given_mg(minute(500)) == Decimal(40)
    assert state.given_mg(minute(30)) == Decimal(20)
    assert state.given_mg(minute(5)) == 0
    assert (state.started_at, state.stopped_at) == (minute(10), minute(50))


def test_nothing_is_given_while_the_pump_is_paused():
    stream = Stream().run().add("paused", 20, reason="nausea").add("resumed", 30)
    state = stream.add("rate_changed", 40, rate_mg_min="0.5", reason="drowsy").state
    assert state.given_mg(minute(30)) == Decimal(10)
    assert state.given_mg(minute(60)) == Decimal(30)
    rates = [state.rate_mg_min(minute(at)) for at in (5, 15, 25, 35, 45)]
    assert rates == [0, 1, 0, 1, Decimal("0.5")]


def test_a_pump_resumed_at_another_rate_runs_at_that_rate():
    stream = Stream().run().add("paused", 20, reason="x").add("resumed", 30, rate_mg_min="0.25")
    assert stream.state.rate_mg_min(minute(31)) == Decimal("0.25")


rates = st.decimals(min_value=Decimal("0.01"), max_value=3, places=2)


@given(st.lists(rates, min_size=1, max_size=6), st.integers(0, 200))
def test_what_went_in_never_shrinks_and_never_exceeds_the_fastest_rate(steps, until):
    stream = Stream().run()
    for number, rate in enumerate(steps):
        stream.add("rate_changed", 11 + 5 * number, rate_mg_min=str(rate), reason="titrated")
    state = stream.state
    earlier, later = state.given_mg(minute(until)), state.given_mg(minute(until + 1))
    assert 0 <= later - earlier <= max([Decimal(1), *steps])


def test_a_change_timed_before_the_one_it_follows_is_refused():
    stream = Stream().run().add("rate_changed", 30, rate_mg_min="0.5", reason="drowsy")
    with pytest.raises(OutOfOrder, match="Correct the time"):
        _ = stream.add("stopped", 20, reason="complete").state


def test_two_devices_are_56_mg_and_the_second_ends_the_giving():
    first = Stream(NASAL).run()
    assert (first.phase, first.state.given_mg(minute(12))) == (Phase.RUNNING, 28)
    state = first.add("device_given", 15, lot="L2").state
    assert (state.phase, state.given_mg(minute(20))) == (Phase.OBSERVING, 56)
    assert (state.started_at, state.stopped_at) == (minute(10), minute(15))
    assert [one.lot for one in state.devices] == ["L1", "L2"]


def test_a_spray_can_be_held_and_ended_after_one_device():
    stream = Stream(NASAL).run().add("paused", 12, reason="dizzy").add("resumed", 20)
    state = stream.add("stopped", 21, reason="patient's wish").state
    assert (state.phase, state.given_mg(minute(60))) == (Phase.OBSERVING, 28)


@pytest.mark.parametrize(
    ("order", "kind", "payload"),
    [(IV, "device_given", {}), (NASAL, "started", {"rate_mg_min": "1"})],
)
def test_a_pump_is_not_a_spray(order, kind, payload):
    with pytest.raises(NotReadable, match="does not belong to this order"):
        _ = Stream(order).prepare().add(kind, 10, **payload).state


def test_a_reading_stands_in_the_table_in_order_of_time_whenever_it_was_written():
    stream = Stream().run().add("reading", 30, systolic=150, diastolic=90)
    state = stream.add("reading", 20, spo2=97).state
    assert [reading.at for reading in state.readings] == [minute(2), minute(20), minute(30)]


def test_a_corrected_reading_shows_the_new_value_and_keeps_the_old():
    stream = Stream().run().add("reading", 20, systolic=510, diastolic=90)
    with pytest.raises(Implausible):
        _ = stream.state
    wrong = stream.entries[-1].ordinal
    fixed = {"systolic": 150, "diastolic": 90}
    state = stream.add("corrected", 21, corrects=wrong, payload=fixed, reason="typed wrongly").state
    line = state.readings[-1].line
    assert (line.corrected, line.struck, line.at) == (True, False, minute(20))
    assert state.readings[-1].vitals.systolic == 150
    assert [version.payload["systolic"] for version in line.versions] == [510, 150]
    assert line.versions[1].reason == "typed wrongly"


def test_a_struck_reading_no_longer_counts_and_stays_visible():
    stream = Stream().run().add("reading", 20, spo2=97)
    wrong = stream.entries[-1].ordinal
    state = stream.add("corrected", 21, corrects=wrong, payload=None, reason="other chair").state
    assert len(state.readings) == 1
    assert [line.struck for line in state.lines][-1]
    assert state.last_ordinal == wrong + 1


def test_a_start_that_was_noted_too_late_changes_what_was_given():
    stream = Stream().observe()
    start = next(entry for entry in stream.entries if entry.kind == Kind.STARTED)
    corrected = {
        "corrects": start.ordinal,
        "payload": {"rate_mg_min": "1"},
        "at": minute(5).isoformat(),
        "reason": "pump log",
    }
    assert stream.add("corrected", 55, **corrected).state.given_mg(minute(60)) == 45


def test_a_start_cannot_be_struck_out_from_under_what_followed():
    stream = Stream().observe()
    start = next(entry for entry in stream.entries if entry.kind == Kind.STARTED)
    with pytest.raises(NotNow):
        _ = stream.add("corrected", 55, corrects=start.ordinal, payload=None, reason="no").state


@pytest.mark.parametrize(
    ("told", "refusal", "because"),
    [
        ({"corrects": 1, "payload": {}, "reason": "x"}, NotCorrectable, "never rewritten"),
        ({"corrects": 999, "payload": {}, "reason": "x"}, NotCorrectable, "no such entry"),
        ({"payload": {}, "reason": "x"}, NotCorrectable, "no such entry"),
        ({"corrects": -1, "payload": {}, "reason": "x"}, NotReadable, "0 or more"),
        ({"corrects": "READ", "payload": "150", "reason": "x"}, NotReadable, "should have said"),
        ({"corrects": "READ", "payload": {"spo2": 97}}, NotReadable, "reason is missing"),
        (
            {"corrects": "READ", "payload": {"spo2": 9}, "reason": "x", "at": "soon"},
            NotReadable,
            "no time",
        ),
        (
            {"corrects": "READ", "payload": {"spo2": 9}, "reason": "x", "at": "2026-03-02T09:00"},
            NotReadable,
            "offset",
        ),
    ],
)
def test_a_correction_says_what_it_corrects_and_why(told, refusal, because):
    stream = Stream().run().add("reading", 20, spo2=97)
    ordinals = {"READ": stream.entries[-1].ordinal}
    given_told = {**told, "corrects": ordinals.get(told.get("corrects"), told.get("corrects"))}
    with pytest.raises(refusal, match=because):
        _ = stream.add("corrected", 25, **given_told).state


def test_scales_side_effects_and_notes_are_kept_with_who_wrote_them():
    stream = Stream().run().add("sedation", 20, total=4).add("dissociation", 21, total=12)
    stream.add("pain", 22, total=3).add("sedation", 30, total=3)
    stream.add("side_effect", 23, effect="nausea", severity=2).add(
        "note", 24, text="calm", by="eve"
    )
    state = stream.state
    assert [(one.instrument, one.total) for one in state.scores] == [
        *(("moaa-s", 4), ("cadss-6", 12), ("nrs-pain", 3), ("moaa-s", 3)),
    ]
    assert state.latest("moaa-s").total == 3
    assert state.latest("phq-9") is None
    assert (state.side_effects[0].effect, state.side_effects[0].severity) == ("nausea", 2)
    assert (state.notes[0].by_name, state.notes[0].payload["text"]) == ("Eve", "calm")


@pytest.mark.parametrize(
    ("kind", "payload", "because"),
    [
        ("sedation", {"total": 6}, "0 to 5"),
        ("dissociation", {"total": 25}, "0 to 24"),
        ("dissociation", {}, "total is missing"),
        ("pain", {"total": "many"}, "must be a number"),
        ("pain", {"total": "NaN"}, "must be a number"),
        ("pain", {"total": True}, "must be a number"),
        ("pain", {"total": "1e999999"}, "must be a number"),
        ("sedation", {"total": "3.5"}, "whole number"),
        ("side_effect", {"effect": "sneezing"}, "pick one"),
        ("side_effect", {"effect": "nausea", "severity": 6}, "1 to 5"),
        ("side_effect", {"effect": "other"}, "'other' says"),
        ("note", {"text": "  "}, "text is missing"),
        ("reading", {}, "at least one"),
        ("rate_changed", {"reason": "x"}, "rate_mg_min is missing"),
        ("rate_changed", {"rate_mg_min": "1.0.0"}, "must be a number"),
        ("checklist_item", {"item": "shoes", "done": True}, "no item"),
        ("transferred", {}, "reason is missing"),
    ],
)
def test_an_entry_that_says_too_little_or_too_much_is_refused(kind, payload, because):
    stream = Stream().prepare() if kind == "checklist_item" else Stream().run()
    with pytest.raises(NotReadable, match=because):
        _ = stream.add(kind, 30, **payload).state


@pytest.mark.parametrize(
    ("order", "because"),
    [
        (None, "no order"),
        ({"drug": "propofol", "route": "iv"}, "cannot be read"),
        ({"drug": "ketamine", "route": "by mouth"}, "cannot be read"),
        ({**NASAL, "devices": "1.5"}, "whole number"),
    ],
)
def test_a_check_in_without_a_readable_order_is_refused(order, because):
    with pytest.raises(NotReadable, match=because):
        _ = Stream().add("checked_in", order=order).state


def test_an_entry_no_session_has_is_refused():
    with pytest.raises(NotReadable, match="sessions have none"):
        fold([Entry(1, "vault.counted", NINE, "ada", "Ada", {})])


def test_a_discharge_score_is_scored_as_its_instrument_says():
    stream = Stream().observe().add("discharge_scored", 60, **ALDRETE)
    half = {"instrument": "mpadss", "answers": [2, 2, None, 2, 2]}
    state = stream.add("discharge_scored", 61, **half).state
    assert [one.total for one in state.discharge_scores] == [10, None]
    with pytest.raises(NotReadable, match="lists its answers"):
        _ = stream.add("discharge_scored", 62, instrument="mpadss").state


def test_before_check_in_there_is_nothing_prepared():
    with pytest.raises(NotReadable, match="check the patient in"):
        _ = SessionState().preparation


def test_a_patient_who_is_transferred_in_mid_infusion_gets_no_more():
    state = Stream().run().add("transferred", 30, reason="chest pain", to="hospital").state
    assert (state.phase, state.given_mg(minute(90))) == (Phase.TRANSFERRED, 20)
    assert state.ended_at == minute(30)


def test_a_patient_may_be_transferred_before_the_drug():
    state = Stream().prepare().add("transferred", 5, reason="unwell", to="hospital").state
    assert (state.phase, state.stopped_at) == (Phase.TRANSFERRED, None)


def test_a_booked_or_prepared_session_can_be_cancelled_with_a_reason():
    assert Stream().add("cancelled", reason="flu").phase is Phase.CANCELLED
    assert Stream().prepare().add("cancelled", 5, reason="fever").phase is Phase.CANCELLED
    with pytest.raises(NotNow):
        _ = Stream().run().add("cancelled", 15, reason="no").state


def test_a_note_can_still_be_written_after_the_session():
    stream = Stream().run().add("transferred", 30, reason="chest pain")
    assert len(stream.add("note", 300, text="hospital called").state.notes) == 1
    with pytest.raises(NotNow):
        _ = stream.add("reading", 301, **VITALS).state


@given(st.lists(st.sampled_from(sorted(Kind)), max_size=12))
def test_whatever_is_recorded_the_answer_is_a_state_or_a_refusal(kinds):
    stream = Stream()
    for number, kind in enumerate(kinds):
        stream.add(kind.removeprefix("session."), number, order=IV, reason="x", **VITALS)
    with suppress(Refused):
        assert stream.phase in Phase


def test_a_session_with_five_thousand_readings_keeps_every_one():
    stream = Stream().run()
    for second in range(5000):
        stream.add("reading", 11 + second / 60, spo2=97)
    assert len(stream.state.readings) == 5001


def test_folding_on_from_anywhere_gives_what_folding_at_once_gives():
    """A process remembers what it has folded, and the page may not depend on where it stopped."""
    stream = Stream().run().add("reading", 12, systolic=131, diastolic=81)
    stream.add("rate_changed", 15, rate_mg_min="0.8", reason="dizzy").add("sedation", 16, total=4)
    stream.add("corrected", 17, corrects=len(stream.entries), reason="slip", payload={"total": 5})
    stream.add("paused", 18, reason="anxious").add("resumed", 20).add("reading", 14, spo2=97)
    whole = vars(stream.state)
    for cut in range(len(stream.entries) + 1):
        before = folded(stream.entries[:cut])
        was = dict(vars(before.state))
        assert vars(before.after(stream.entries[cut:]).state) == whole
        assert vars(before.state) == was, "what others still show is not touched"
