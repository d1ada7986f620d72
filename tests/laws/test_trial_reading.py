"""A TRIAL.toml is read as it was meant, or refused in one sentence that says what to correct."""

import pytest

from ketaflow.insights.trial.plan import reading
from ketaflow.insights.trial.plan.design import Absurd, Given, IllWritten, Spread, programme
from ketaflow.pharmacology.doses import NasalDose
from ketaflow.refusals import BadFile, OutsideEnvelope, Refused

HEAD = """
title = "A trial"
subjects = 100
days = 60
[population]
weight_kg = 70
age = 40
[setting]
kind = "saline"
"""
ARM = """
[[arms]]
name = "six"
drug = "ketamine"
route = "iv"
dose = { value = 0.5, unit = "mg/kg" }
duration_min = 40
sessions = 6
per_week = 3
"""
NOSE = """
[[arms]]
name = "spray"
drug = "esketamine"
route = "nasal"
dose = { value = 56, unit = "mg" }
days = [0]
"""


def read(text=HEAD + ARM, *changes, **asked):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return reading.read(text, **asked)


def test_a_trial_is_read_as_written():
    trial = read(HEAD + ARM + NOSE)
    first, second = trial.arms
    assert first.given == Given("ketamine", "iv", 0.5, per_kg=True, duration_min=40)
    assert first.sessions_d == (0, 2, 4, 7, 9, 11)
    assert first.judged_d == 12
    assert second.given == Given("esketamine", "nasal", 56)
    assert (trial.subjects, trial.seed, trial.asked.visits_apart_d) == (100, 0, (3, 4))


def test_what_is_asked_on_the_command_line_comes_first():
    trial = read(subjects=7, seed=9)
    assert (trial.subjects, trial.seed) == (7, 9)


def test_a_protocol_gives_drug_dose_and_rhythm_unless_the_arm_says_otherwise():
    by_protocol = '[[arms]]\nname = "spray"\nprotocol = "ESK-TRD"\n'
    arm = read(HEAD + by_protocol).arms[0]
    assert arm.given == Given("esketamine", "nasal", 56)
    assert arm.sessions_d == (0, 3, 7, 10, 14, 17, 21, 24)
    more = read(HEAD + by_protocol + 'dose = { value = 84, unit = "mg" }\nsessions = 2\n').arms[0]
    assert (more.given.mg, more.sessions_d) == (84, (0, 3))


def test_maintenance_follows_the_last_session():
    trial = read(HEAD + ARM + "maintenance = { every_days = 7, sessions = 2 }\n")
    assert trial.arms[0].sessions_d[-3:] == (11, 18, 25)
    assert trial.arms[0].judged_d == 12


def test_an_arm_may_get_nothing():
    arm = read(HEAD + ARM + '[[arms]]\nname = "control"\ndrug = "none"\njudged = 12\n').arms[1]
    assert arm.sessions_d == ()
    assert arm.given.drug == "none"


def test_people_may_differ_in_weight_age_and_severity():
    trial = read(
        HEAD + ARM,
        ("weight_kg = 70", "weight_kg = { mean = 80, sd = 15 }\nmadrs = 35\nantidepressant = true"),
    )
    assert trial.population.weight_kg == Spread(80, 15)
    assert trial.population.madrs == Spread(35)
    assert trial.population.antidepressant


def test_devices_lie_minutes_apart():
    assert programme(Given("esketamine", "nasal", 56), 70) == (NasalDose(0, 28), NasalDose(5, 28))


ILL_WRITTEN = {
    "not TOML": ("title = ", "title == ", "not valid TOML"),
    "a key nobody knows": ("days = 60", "days = 60\nsubject = 3", "Is subjects meant"),
    "one that is like no other": ("days = 60", "days = 60\nzzz = 3", "zzz. It may have"),
    "a missing key": ("days = 60\n", "", "The trial needs days"),
    "words for a number": ("subjects = 100", 'subjects = "many"', "needs a number for subjects"),
    "a truth for a number": ("subjects = 100", "subjects = true", "needs a number"),
    "half a person": ("subjects = 100", "subjects = 99.5", "whole number"),
    "a number for words": ('"A trial"', "3", "needs words for title"),
    "an empty title": ('"A trial"', '" "', "needs words for title"),
    "a title of two lines": ('"A trial"', '"A\\ntrial"', "one line"),
    "a setting that is none": ('"saline"', '"sham"', "midazolam, open label, saline"),
    "a number for a truth": ("age = 40", "age = 40\nantidepressant = 1", "true or false"),
    "a number for a table": (
        'dose = { value = 0.5, unit = "mg/kg" }',
        "dose = 35",
        "needs a table",
    ),
    "a dose of another unit": ('unit = "mg/kg"', 'unit = "g"', "one of mg, mg/kg"),
    "no dose": ('dose = { value = 0.5, unit = "mg/kg" }', "", "needs dose"),
    "a weight with an odd key": (
        "weight_kg = 70",
        "weight_kg = { mean = 7, var = 2 }",
        "knows: var",
    ),
    "no duration": ("duration_min = 40", "", "how long the pump runs"),
    "no rhythm": ("per_week = 3", "", "needs per_week"),
    "days and a rhythm": ("per_week = 3", "days = [0]", "leave sessions and per_week out"),
    "no days": ("sessions = 6\nper_week = 3", "days = []", "at least one entry"),
    "a drug nobody gives": ('"ketamine"', '"water"', "one of ketamine, esketamine, none"),
    "a control that has a dose": ('"ketamine"', '"none"', "without a drug"),
    "a protocol and a drug": (
        'name = "six"',
        'name = "six"\nprotocol = "TRD-IV-STD"',
        "leave them out",
    ),
    "arms that are no list": (ARM, '\narms = "two"\n', "at least one arm"),
}


@pytest.mark.parametrize("name", ILL_WRITTEN)
def test_what_is_not_a_trial_is_named(name):
    old, new, said = ILL_WRITTEN[name]
    text = HEAD + ARM
    if old == ARM:
        text = new + HEAD
    else:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(IllWritten, match=said) as refused:
        read(text)
    assert refused.value.exit_code == BadFile.exit_code


ABSURD = {
    "nobody": ("subjects = 100", "subjects = 0", "from 1 to"),
    "more than live here": ("subjects = 100", "subjects = 1_000_000_000", "from 1 to"),
    "a trial of no days": ("days = 60", "days = 0", "from 2 to 730"),
    "a negative seed": ("days = 60", "days = 60\nseed = -1", "seed = -1"),
    "a weight that is not a number": ("weight_kg = 70", "weight_kg = nan", "weight_kg = nan"),
    "an infinite dose": ("value = 0.5", "value = inf", "value = inf"),
    "a dose of nothing": ("value = 0.5", "value = 0", "above 0"),
    "a tenfold dose": ("value = 0.5", "value = 5", "tenfold slip for 0.5"),
    "a tenfold weight": ("weight_kg = 70", "weight_kg = 700", "from 25 to 350"),
    "a spread wider than the mean": (
        "weight_kg = 70",
        "weight_kg = { mean = 70, sd = 60 }",
        "sd = 60",
    ),
    "a child": ("age = 40", "age = 9", "18"),
    "five a week": ("per_week = 3", "per_week = 5", "List their days"),
    "days out of order": ("sessions = 6\nper_week = 3", "days = [3, 1]", "in order"),
    "a session after the end": ("sessions = 6\nper_week = 3", "days = [0, 60]", "ends on day 60"),
    "sessions without end": (
        "per_week = 3",
        "per_week = 3\nmaintenance = { every_days = 1, sessions = 200 }",
        "at most 200",
    ),
    "a visit every zero days": (
        "days = 60",
        "days = 60\noutcomes = { visits = [0] }",
        "from 1 to 60",
    ),
    "an unknown protocol": (
        'drug = "ketamine"\nroute = "iv"',
        'protocol = "TRD-IV-STDD"',
        "TRD-IV-STD",
    ),
    "a protocol without a dose a session": (
        'drug = "ketamine"\nroute = "iv"',
        'protocol = "CRPS-IP-1"',
        "settles no dose",
    ),
    "racemate by nose": ('route = "iv"', 'route = "nasal"', "no model for ketamine by nasal"),
}


@pytest.mark.parametrize("name", ABSURD)
def test_what_nobody_means_is_refused(name):
    old, new, said = ABSURD[name]
    with pytest.raises(Refused, match=said) as refused:
        read(HEAD + ARM, (old, new))
    assert refused.value.exit_code == OutsideEnvelope.exit_code


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("value = 56", "value = 50"), "whole number of 28 mg devices"),
        (("days = [0]", "days = [0]\nduration_min = 5"), "no duration_min"),
        (('unit = "mg"', 'unit = "mg/kg"'), "give its dose in mg"),
        (("value = 56", "value = 112"), "28 to 84 mg"),
    ],
)
def test_a_spray_is_whole_devices_and_no_infusion(change, said):
    with pytest.raises(Refused, match=said):
        read(HEAD + NOSE, change)


def test_outside_the_model_only_when_told_to():
    younger = ("age = 40", "age = 16")
    with pytest.raises(OutsideEnvelope, match="write extrapolate = true"):
        read(HEAD + ARM, younger)
    trial = read(HEAD + ARM, younger, ("days = 60", "days = 60\nextrapolate = true"))
    assert trial.extrapolate


def test_two_arms_need_two_names():
    with pytest.raises(IllWritten, match="Two arms are called “six”"):
        read(HEAD + ARM + ARM)


def test_there_are_not_arms_without_end():
    many = "".join(ARM.replace('"six"', f'"arm {place}"') for place in range(13))
    with pytest.raises(IllWritten, match="at most 12"):
        read(HEAD + many)


def test_no_arm_is_no_trial():
    with pytest.raises(IllWritten, match="needs arms"):
        read(HEAD)
    with pytest.raises(IllWritten, match="at least one arm"):
        read("arms = []\n" + HEAD)


def test_the_weight_of_s_against_r_may_be_set():
    assert read(HEAD + ARM, ("days = 60", "days = 60\nr_weight = 0")).r_weight == 0
    with pytest.raises(Absurd, match="from 0 to 1"):
        read(HEAD + ARM, ("days = 60", "days = 60\nr_weight = 2"))


def test_a_file_that_is_not_there_names_the_examples(tmp_path):
    with pytest.raises(IllWritten, match="Examples: doses, maintenance"):
        reading.text_of(str(tmp_path / "nothing.toml"))


def test_a_file_that_cannot_be_text_is_refused(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(IllWritten, match="not text in UTF-8"):
        reading.text_of(str(path))
    path.write_bytes(b" " * 1_000_001)
    with pytest.raises(IllWritten, match="larger than a trial"):
        reading.text_of(str(path))
    with pytest.raises(IllWritten, match="cannot be read"):
        reading.text_of(str(tmp_path))
    path.write_text(HEAD)
    assert reading.text_of(str(path)) == HEAD


@pytest.mark.parametrize("name", sorted(reading.examples()))
def test_every_example_reads(name):
    assert len(read(reading.text_of(name)).arms) >= 2
