"""`ketaflow forecast --learn`: from a patient's own readings, or a clear refusal."""

import json
import re
from pathlib import Path

import pytest

from .test_cli_forecast import INFUSION, NASAL, forecast, ketaflow

__all__ = ["forecast", "ketaflow"]

MANUAL = (Path(__file__).parents[2] / "docs/learning.md").read_text()
PATIENT = ("--weight", "80", "--age", "45", "--sex", "female")
EXAMPLE = json.loads(re.search(r"```json\n(.*?)```", MANUAL, re.DOTALL)[1])
GIVEN = {"dose_mg": 40, "duration_min": 40, "before": {"systolic_mmhg": 130}}


@pytest.fixture
def learn(forecast, tmp_path):
    """Runs the forecast with a file of this content."""

    def run(content, *words, given=INFUSION):
        path = tmp_path / "readings.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return forecast(*given, *PATIENT, "--learn", str(path), *words)

    return run


def rise(document):
    found = next(one for one in document["series"] if one["name"] == "systolic pressure")
    return found["p05"][40], found["median"][40], found["p95"][40]


def test_the_example_of_the_manual_is_learned_from(learn, forecast):
    code, said = learn(EXAMPLE, "--json")
    document = json.loads(said.out)
    learned = document["learned"]
    assert code == 0
    assert learned["refused"] is None
    assert learned["sessions"] == len(learned["after_each_session"]) == 2
    assert learned["readings"] == {"dissociation": 1, "plasma level": 1, "systolic pressure": 5}
    assert 100 <= learned["effective_people"] <= learned["people"] == 2000
    assert "effective sample size" in said.err
    assert "UNVERIFIED" in learned["sources"]
    assert set(learned["sources"]) <= set(document["sources"]) & set(document["citations"])
    alone = json.loads(forecast(*INFUSION, *PATIENT, "--json")[1].out)
    assert alone["learned"] is None
    assert rise(document)[1] > rise(alone)[1]
    assert all("weighted by earlier readings" in one["status"] for one in document["series"])


def test_every_key_of_the_manual_is_taken(learn):
    keys = set(re.findall(r"^\| `(\w+)` \|", MANUAL, re.MULTILINE))
    sprays = {"sprays": [{"at_min": 0, "mg": 28}], "before": {"cadss_total": 0}}
    read = [{"at_min": 40, "cadss_total": 9, "level_ng_ml": 40, "curve": "esketamine"}]
    code, said = learn([{**sprays, "readings": read}], given=(*NASAL, "--devices", "2"))
    assert code == 0, said.err
    assert "curve" in keys
    assert keys <= {"pump", "sprays", "session_number", "systolic_mmhg", *read[0]}


def test_a_refusal_to_learn_gives_the_populations_forecast_and_says_so(learn, forecast):
    wild = [{**GIVEN, "readings": [{"at_min": 40, "systolic_mmhg": 280}]}]
    code, said = learn(wild, "--json")
    document = json.loads(said.out)
    assert code == 0
    assert "population's forecast" in document["learned"]["refused"]
    assert "population's forecast" in said.err
    alone = json.loads(forecast(*INFUSION, *PATIENT, "--json")[1].out)
    assert {**document, "learned": None} == alone


def test_nothing_read_is_the_populations_forecast(learn, forecast):
    code, said = learn([])
    assert code == 0
    assert "no earlier readings" in said.err
    assert said.out == forecast(*INFUSION, *PATIENT)[1].out


def test_the_number_of_people_and_the_seed_are_kept(learn):
    words = ("--subjects", "500", "--seed", "7", "--json")
    once, twice = (learn(EXAMPLE, *words)[1].out for _ in range(2))
    assert once == twice
    assert json.loads(once)["learned"]["people"] == 500
    assert learn(EXAMPLE, "--subjects", "0")[0] == 11


def test_a_picture_says_that_its_people_are_weighted(learn, tmp_path):
    path = tmp_path / "learned.svg"
    assert learn(EXAMPLE, "--plot", str(path))[0] == 0
    assert path.read_text().count("<g id=") > 50


FULL = {**GIVEN, "readings": [{"at_min": 40, "systolic_mmhg": 140}]}
BAD = {
    "not JSON": "[",
    "no list": {},
    "a session that is no table": [3],
    "an unknown key": [{**FULL, "weight": 80}],
    "no dose": [{"readings": []}],
    "two ways of giving": [{**FULL, "sprays": []}],
    "a pump with a duration": [{"pump": [], "duration_min": 40, "readings": []}],
    "a pump that is no list": [{"pump": 1, "readings": []}],
    "a step with another key": [{"pump": [{"at_min": 0, "mg": 3}], "readings": []}],
    "no readings": [GIVEN],
    "a reading of nothing": [{**GIVEN, "readings": [{"at_min": 40}]}],
    "a reading at no time": [{**GIVEN, "readings": [{"systolic_mmhg": 140}]}],
    "a pressure without its unit": [{**GIVEN, "readings": [{"at_min": 4, "systolic": 140}]}],
    "a pressure in words": [{**GIVEN, "readings": [{"at_min": 4, "systolic_mmhg": "high"}]}],
    "true for a pressure": [{**GIVEN, "readings": [{"at_min": 4, "systolic_mmhg": True}]}],
    "a pressure that is no number": '[{"dose_mg": 40, "duration_min": 40, "before": '
    '{"systolic_mmhg": NaN}, "readings": []}]',
    "a curve of a pressure": [
        {**GIVEN, "readings": [{"at_min": 4, "systolic_mmhg": 140, "curve": "S-ketamine"}]}
    ],
    "a diastolic before": [{**FULL, "before": {"diastolic_mmhg": 80}}],
    "a session of no number": [{**FULL, "session_number": 0}],
    "no duration above 0": [{**FULL, "duration_min": 0}],
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_file_that_is_not_what_it_should_be_is_exit_10_in_one_line(learn, content):
    code, said = learn(content)
    assert (code, said.out) == (10, "")
    assert len(said.err.strip().splitlines()) == 1


def test_a_missing_file_is_exit_10(forecast):
    assert forecast(*INFUSION, *PATIENT, "--learn", "/nowhere/readings.json")[0] == 10


SLIPS = {
    "kPa": {"at_min": 40, "systolic_mmhg": 18},
    "mg/L": {"at_min": 45, "level_ng_ml": 0.17},
    "tenfold": {"at_min": 45, "level_ng_ml": 1700},
}


@pytest.mark.parametrize(("named", "reading"), SLIPS.items(), ids=SLIPS)
def test_a_slip_of_the_unit_is_exit_11_and_named(learn, named, reading):
    code, said = learn([{**GIVEN, "readings": [reading]}])
    assert (code, said.out) == (11, "")
    assert named in said.err
