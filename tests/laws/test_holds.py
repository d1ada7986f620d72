"""Hold rules: one hold for a rule and an episode, and no more drug until it is released."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.protocol.figures import BadFigure
from ketaflow.protocol.holds import rules, shapes
from ketaflow.protocol.holds.rules import Advice
from ketaflow.protocol.holds.shapes import Choice
from ketaflow.protocol.limits import Policy, PolicyNotReady, limits
from ketaflow.session import discharge
from ketaflow.session.discharge import Leaving
from ketaflow.session.events import Entry, Kind, NotReadable, side_effects
from ketaflow.session.fold import fold
from ketaflow.session.holds import standing, watch
from ketaflow.session.holds.standing import AlreadyAnswered, Held

from .a_session import IV, NINE, SET, Stream, minute

HOLD = {"systolic-stop": Choice(Advice.HOLD)}  # SET: 200 mmHg or more
TWICE = {"systolic-stop": Choice(Advice.HOLD, readings=2, lasting_min=D(5))}


def policy(choices):
    signed = shapes.chosen(choices, values=SET)
    told = [rules.from_payload(one.payload(), signed_by="Mia", version="3") for one in signed]
    return Policy("3", "Mia", NINE, SET, holds=tuple(told))


class Watched(Stream):
    """A stream in which rules are watched as the action watches them."""

    def __init__(self, choices, order=IV):
        super().__init__(order)
        self.policy = policy(choices)
        self.charted = watch.nothing

    def tell(self, kind, at=0, **payload):
        first = len(self.entries) + 1
        self.add(kind, at, **payload)
        since = watch.touched(self.state, first=first)
        for told in watch.raised(self.state, self.policy, since=since, charted=self.charted):
            self.add("hold", at, **told)
        return self

    def take(self, *systolic, start=12, every=5):
        for n, value in enumerate(systolic):
            self.tell("reading", start + n * every, systolic=value, diastolic=80)
        return self

    @property
    def holds(self):
        return self.state.holds


def watched(choices=HOLD, order=IV):
    stream = Watched(choices, order)
    stream.run()
    return stream


# The library and the policy


def test_every_shape_has_its_words_and_sources_and_no_number():
    for one in shapes.shapes().values():
        assert one.sources
        assert one.unit
        assert (one.limit is None) != (one.own is None)
        assert set(one.effects + one.symptoms) <= set(side_effects())


def test_a_shape_that_lacks_something_does_not_load():
    good = {"label": "x", "what": "spo2", "op": "<", "limit": "spo2_min_pct", "seen": "x"}
    good["source"] = "S25"
    assert shapes.shape("k", good).limit is limits()["spo2_min_pct"]
    wrong = (
        {"limit": ""}, {"label": ""}, {"op": "~"}, {"effects": ["nausea"]}, {"what": "effect"},
        {"own": {"unit": "%", "low": 1, "high": 2}},
    )  # fmt: skip
    for change in wrong:
        with pytest.raises(BadFigure):
            shapes.shape("k", good | change)


def test_a_rule_takes_the_number_that_the_policy_already_has():
    (rule,) = shapes.chosen(HOLD, values=SET)
    assert rule.value == SET["stop_systolic_mmhg"]
    assert rule.words == "Systolic pressure of 200 mmHg or more"


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"nonsense": Choice(Advice.ASK)}, "not a hold rule"),
        ({"dissociation": Choice(Advice.ASK)}, "has no number"),
        ({"dissociation": Choice(Advice.ASK, D(25))}, "takes 1 to 24 points"),
        ({"spo2-low": Choice(Advice.ASK, readings=0)}, "1 to 20 readings"),
        ({"spo2-low": Choice(Advice.ASK, readings=2, lasting_min=D(121))}, "0 to 120 minutes"),
        ({"spo2-low": Choice(Advice.ASK, lasting_min=D(5))}, "over 2 readings or more"),
        ({"spo2-low": Choice(Advice.ASK, only_with_symptom=True)}, "no symptom"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(choices, said):
    with pytest.raises(PolicyNotReady, match=said):
        shapes.chosen(choices, values=SET)


def test_a_rule_says_its_change_its_time_and_its_gate_in_words():
    told = shapes.chosen(
        {
            "systolic-rise": Choice(Advice.ASK),
            "systolic-stop": Choice(Advice.STOP, None, 2, D(5), True),
            "distress": Choice(Advice.HOLD, D(3)),
        },
        values=SET,
    )
    assert {one.key: one.words for one in told} == {
        "systolic-rise": "Systolic pressure 55 mmHg or more above baseline",
        "systolic-stop": "Systolic pressure of 200 mmHg or more, in 2 readings in a row, "
        "over 5 minutes, with a symptom",
        "distress": "Distress (anxiety, emergence reaction, psychotic symptoms), severity "
        "3 of 5 or more",
    }
    assert [one.label for one in Advice] == [rules.LABELS[one] for one in Advice]


# When a rule is met


def test_without_a_policy_or_a_rule_nothing_is_raised():
    stream = watched({}).take(240)
    assert stream.holds == ()
    assert watch.raised(stream.state, None, since=NINE) == ()


def test_what_measures_nothing_raises_nothing_more():
    stream = watched().take(210)
    stream.tell("note", 13, text="Calm").tell("paused", 14, reason="pressure")
    assert len(stream.holds) == 1


def test_one_episode_raises_one_hold_and_the_next_another():
    stream = watched().take(210, 220, 205)
    assert len(stream.holds) == 1
    stream.take(150, 201, 202, start=40)
    assert [one.seen[-1].measured for one in stream.holds] == [210, 201]


def test_a_released_hold_is_not_raised_again_in_its_episode():
    stream = watched().take(210)
    stream.add("hold_released", 14, hold=stream.holds[0].ordinal, reason="treated")
    assert len(stream.take(215, start=16).holds) == 1


def test_what_gets_worse_meets_the_graver_rule():
    both = {"systolic-alert": Choice(Advice.ASK), **HOLD}
    stream = watched(both).take(175, 205)
    assert [one.rule.advice for one in stream.holds] == [Advice.ASK, Advice.HOLD]


@pytest.mark.parametrize(
    ("taken", "every", "found"),
    [((210,), 5, 0), ((210, 211), 5, 1), ((210, 211), 4, 0), ((210, 150, 211), 5, 0),
     ((210, 211, 212), 3, 1)],
)  # fmt: skip
def test_a_sustained_rule_waits_for_its_readings_and_its_minutes(taken, every, found):
    assert len(watched(TWICE).take(*taken, every=every).holds) == found


def test_a_change_is_read_against_the_baseline_and_not_without_one():
    rise = {"systolic-rise": Choice(Advice.ASK)}  # 55 above 130
    assert watched(rise).take(184).holds == ()
    (hold,) = watched(rise).take(185).holds
    assert hold.reading == "Systolic pressure 185 mmHg, 55 above baseline"
    bare = Watched(rise)
    bare.add("checked_in", order=IV)
    assert bare.take(230, start=1).holds == ()


def test_a_symptom_gate_opens_with_the_symptom():
    gated = {"systolic-stop": Choice(Advice.STOP, only_with_symptom=True)}
    stream = watched(gated).take(210)
    assert stream.holds == ()
    stream.tell("side_effect", 14, effect="nausea", severity=1)
    assert stream.holds == ()
    stream.tell("side_effect", 15, effect="chest-pain", severity=1)
    assert len(stream.holds) == 1


def test_sedation_and_symptoms_are_watched_too():
    stream = watched({"sedation-pause": Choice(Advice.HOLD), "crisis": Choice(Advice.STOP, D(2))})
    stream.tell("sedation", 12, total=4).tell("pain", 12, total=9)
    stream.tell("side_effect", 13, effect="seizure", severity=1)
    assert stream.holds == ()
    stream.tell("sedation", 14, total=3).tell("side_effect", 15, effect="chest-pain", severity=2)
    assert [one.reading for one in stream.holds] == [
        "Sedation (MOAA/S) 3 points", "Chest pain, severity 2 of 5",
    ]  # fmt: skip


def test_a_late_reading_is_read_where_it_belongs():
    """Ten minutes old and crossing: the episode is over, yet nobody was told of it."""
    stream = watched().take(150, start=30).take(150, start=12)
    assert len(stream.take(210, start=20).holds) == 1
    assert stream.tell("pain", 40, total=0).holds[0].seen[0].at == minute(20)


def test_a_correction_can_meet_a_rule():
    stream = watched().take(120)
    changed = {"systolic": 210, "diastolic": 80}
    stream.tell("corrected", 13, corrects=len(stream.entries), reason="typed wrong",
                payload=changed)  # fmt: skip
    assert len(stream.holds) == 1


def test_a_reading_that_lacks_the_sign_ends_no_episode():
    stream = watched().take(210)
    stream.tell("reading", 20, spo2=97)
    assert len(stream.take(211, start=25).holds) == 1


def test_when_the_session_is_over_nothing_is_raised():
    stream = watched()
    stream.add("transferred", 20, to="ward", reason="as planned")
    assert watch.raised(stream.state, stream.policy, since=NINE) == ()


@given(st.lists(st.integers(120, 240), min_size=1, max_size=12))
def test_there_are_as_many_holds_as_episodes(taken):
    crossing = [value >= 200 for value in taken]
    episodes = sum(
        now and not before for before, now in zip([False, *crossing], crossing, strict=False)
    )
    assert len(watched().take(*taken).holds) == episodes


# Answering


def test_who_answered_and_how_long_it_took_is_on_record():
    stream = watched().take(210)
    (hold,) = stream.holds
    assert (hold.open, hold.waits, hold.blocks, hold.waited) == (True, True, True, None)
    stream.add("hold_acknowledged", 13.5, hold=hold.ordinal, words="Called Ben", by="ada")
    (seen,) = stream.holds
    assert (seen.waits, seen.blocks, seen.waited.total_seconds()) == (False, True, 90)
    assert (seen.acknowledged.by_name, seen.acknowledged.words) == ("Ada", "Called Ben")
    stream.add("hold_released", 15, hold=hold.ordinal, reason="195 now", by="ben")
    (done,) = stream.holds
    assert (done.open, done.released.by_name, done.waited) == (False, "Ben", seen.waited)


def test_a_release_also_says_that_it_was_seen():
    stream = watched().take(210)
    stream.add("hold_released", 13, hold=stream.holds[0].ordinal, reason="treated")
    assert stream.holds[0].waited.total_seconds() == 60


def test_nobody_answers_twice_or_what_is_not_there():
    stream = watched({"systolic-alert": Choice(Advice.ASK), **HOLD}).take(210)
    ask, hold = stream.holds
    stream.add("hold_acknowledged", 13, hold=ask.ordinal)
    wrong = (
        ("hold_acknowledged", ask.ordinal, AlreadyAnswered), ("hold_released", 99, NotReadable),
        ("hold_released", ask.ordinal, NotReadable),
    )  # fmt: skip
    for kind, ordinal, refusal in wrong:
        with pytest.raises(refusal):
            fold([*stream.entries, _next(stream, kind, hold=ordinal, reason="x")])
    stream.add("hold_released", 14, hold=hold.ordinal, reason="x")
    with pytest.raises(AlreadyAnswered, match="Ada released"):
        fold([*stream.entries, _next(stream, "hold_released", hold=hold.ordinal, reason="x")])


def _next(stream, kind, **payload):
    return Entry(len(stream.entries) + 1, f"session.{kind}", minute(60), "ada", "Ada", payload)


@pytest.mark.parametrize("change", [{"rule": {}}, {"readings": []}, {"readings": [{"at": "x"}]}])
def test_a_hold_that_does_not_say_why_is_not_readable(change):
    told = watched().take(210).entries[-1].payload
    with pytest.raises(NotReadable, match="A hold names"):
        standing.hold({**told, **change}, ordinal=1, at=NINE)


def test_a_note_asks_nobody():
    (note,) = watched({"systolic-stop": Choice(Advice.NOTE)}).take(210).holds
    assert not note.open


def test_no_more_drug_is_given_before_the_release_and_less_always():
    holds = watched().take(210).holds
    one = D(1)
    for kind in (Kind.STARTED, Kind.RESUMED, Kind.DEVICE_GIVEN):
        with pytest.raises(Held, match=r"210 mmHg.*Systolic pressure of 200 mmHg or more"):
            standing.require_released(holds, kind, before_mg_min=one, rate_mg_min=None)
    with pytest.raises(Held):
        standing.require_released(holds, Kind.RATE_CHANGED, before_mg_min=one, rate_mg_min=D("1.1"))
    standing.require_released(holds, Kind.RATE_CHANGED, before_mg_min=one, rate_mg_min=D("0.5"))
    for kind in (Kind.PAUSED, Kind.STOPPED, Kind.READING, Kind.TRANSFERRED):
        standing.require_released(holds, kind, before_mg_min=one, rate_mg_min=None)
    standing.require_released((), Kind.STARTED, before_mg_min=one, rate_mg_min=one)


def test_nobody_goes_home_while_a_hold_was_seen_by_nobody():
    stream = watched().take(210)
    stream.add("stopped", 50, reason="held")
    leaving = Leaving(minute(120), frozenset(), None, stream.policy)
    said = "nobody has acknowledged: Systolic pressure 210 mmHg"
    assert said in discharge.still_to_do(stream.state, leaving)
    stream.add("hold_acknowledged", 51, hold=stream.holds[0].ordinal, words="")
    assert said not in discharge.still_to_do(stream.state, leaving)


def test_a_long_row_is_kept_by_its_first_and_last_readings():
    late = {"systolic-stop": Choice(Advice.STOP, readings=2, only_with_symptom=True)}
    stream = watched(late).take(210, 211, 212, 213, 214)
    stream.tell("side_effect", 40, effect="seizure", severity=3)
    assert [one.measured for one in stream.holds[0].seen] == [210, 213, 214]
