"""A session forecast, and the models behind it, from the command line."""

import json
import subprocess
import sys

import pytest

from ketaflow.cli.main import main

PATIENT = ("--weight", "70", "--age", "40", "--sex", "female")
IV = ("--drug", "ketamine", "--route", "iv")
INFUSION = (*IV, "--dose-mg", "35", "--duration-min", "40")
NASAL = ("--drug", "esketamine", "--route", "nasal")
TYPICAL = ("--subjects", "0")


@pytest.fixture
def ketaflow(monkeypatch, capsys):
    """Runs the command line; gives its exit code and what it said."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["ketaflow", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr()

    return run


@pytest.fixture
def forecast(ketaflow):
    return lambda *words: ketaflow("forecast", *words)


@pytest.fixture
def pump(tmp_path):
    """A pump programme on disk."""

    def write(content):
        path = tmp_path / "pump.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def test_json_is_one_document_with_the_agreed_keys(forecast):
    code, said = forecast(*INFUSION, *PATIENT, "--subjects", "20", "--json")
    document = json.loads(said.out)
    assert code == 0
    assert {"time_min", "series", "summary", "model", "sources"} <= set(document)
    first = document["series"][0]
    assert {"name", "quantity", "site", "unit", "median", "p05", "p95"} <= set(first)
    assert len(first["median"]) == len(document["time_min"]) == 181
    assert {"cmax", "tmax_min", "auc"} <= set(document["summary"]["S-ketamine"])


def test_the_typical_patient_has_null_bands(forecast):
    document = json.loads(forecast(*INFUSION, *PATIENT, *TYPICAL, "--json")[1].out)
    assert document["series"][0]["p05"] is None
    assert document["summary"]["ketamine, S + R"]["cmax"] == pytest.approx(296.7, abs=0.1)


def test_the_table_names_curves_grades_model_and_sources(forecast):
    code, said = forecast(*INFUSION, *PATIENT, "--subjects", "20")
    assert code == 0
    for word in ("expected venous lab value", "dissociation", "L-M", "racemic-iv", "Simons2022"):
        assert word in said.out
    assert "clearance" not in said.err


def test_devices_and_milligrams_say_the_same_spray(forecast):
    by_devices = forecast(*NASAL, "--devices", "2", *PATIENT, *TYPICAL, "--json")[1].out
    by_mg = forecast(*NASAL, "--dose-mg", "56", *PATIENT, *TYPICAL, "--json")[1].out
    both = forecast(*NASAL, "--dose-mg", "56", "--devices", "2", *PATIENT, *TYPICAL, "--json")[1]
    assert by_devices == by_mg == both.out


def test_a_pump_programme_is_followed(forecast, pump):
    path = pump([{"at_min": 0, "rate_mg_min": 0.875}, {"at_min": 40, "rate_mg_min": 0}])
    pumped = forecast(*IV, "--pump", path, *PATIENT, *TYPICAL, "--json")[1].out
    assert pumped == forecast(*INFUSION, *PATIENT, *TYPICAL, "--json")[1].out


def test_a_protocol_gives_the_dose(forecast):
    code, said = forecast("--protocol", "TRD-IV-STD", *PATIENT, *TYPICAL, "--json")
    assert code == 0
    document = json.loads(said.out)
    assert document["summary"]["ketamine, S + R"]["cmax"] == pytest.approx(296.7, abs=0.5)


def test_a_protocol_gives_sprays_and_a_pump_may_replace_its_programme(forecast, pump):
    code, said = forecast("--protocol", "ESK-TRD", *PATIENT, *TYPICAL, "--json")
    assert (code, json.loads(said.out)["model"]) == (0, "perez-ruixo-2021")
    path = pump([{"at_min": 0, "rate_mg_min": 0.5}, {"at_min": 60, "rate_mg_min": 0}])
    assert forecast("--protocol", "TRD-IV-STD", "--pump", path, *PATIENT, *TYPICAL)[0] == 0


def test_a_protocol_without_a_fixed_total_asks_for_the_programme(forecast):
    code, said = forecast("--protocol", "MIG-IP-1", *PATIENT)
    assert code == 12
    assert "--pump" in said.err


def test_a_long_infusion_is_shown_to_its_end(forecast):
    words = (*IV, "--dose-mg", "100", "--duration-min", "240", *PATIENT, *TYPICAL, "--json")
    assert json.loads(forecast(*words)[1].out)["time_min"][-1] == 300


def test_extrapolation_is_asked_for_and_said_everywhere(forecast):
    words = (*IV, "--dose-mg", "200", "--duration-min", "120", *PATIENT, *TYPICAL)
    code, said = forecast(*words)
    assert (code, said.out) == (11, "")
    assert "up to 1.99 mg/kg" in said.err
    code, said = forecast(*words, "--extrapolate", "--json")
    document = json.loads(said.out)
    assert code == 0
    assert document["extrapolated"]
    assert all("extrapolated" in one["status"] for one in document["series"])
    assert "EXTRAPOLATED" in forecast(*words, "--extrapolate")[1].out


ORAL = ("--drug", "esketamine", "--route", "oral")


def test_a_swallowed_dose_has_its_model(forecast):
    code, said = forecast(*ORAL, "--dose-mg", "84", *PATIENT, *TYPICAL, "--json")
    assert (code, json.loads(said.out)["model"]) == (0, "perez-ruixo-2021")


def test_a_covariate_and_effects_are_applied_when_named(forecast):
    words = (*INFUSION, *PATIENT, *TYPICAL, "--json")
    plain = json.loads(forecast(*words)[1].out)
    code, said = forecast(*words, "--covariate", "sex", "--effects", "analgesia-heat, systolic")
    asked = json.loads(said.out)
    assert code == 0
    assert asked["summary"]["S-ketamine"]["auc"] < plain["summary"]["S-ketamine"]["auc"]
    names = [one["name"] for one in asked["series"] if one["quantity"] != "concentration"]
    assert names == ["pain relief, electrical and heat pain", "systolic pressure"]
    assert "Applied, as asked" in said.err


WEEKS = (
    *("--drug", "esketamine", "--route", "iv", "--dose-mg", "2000", "--duration-min", "6000"),
    *("--hours", "400", "--grid-min", "60", "--effects", "crps-pain", "--extrapolate"),
)


def test_relief_over_weeks_is_drawn_in_days_with_the_word_on_it(forecast, tmp_path):
    path = tmp_path / "weeks.svg"
    code, said = forecast(*WEEKS, *PATIENT, "--subjects", "20", "--plot", str(path))
    assert code == 0
    assert "EXTRAPOLATED" in said.out
    assert "Extrapolated: Model esketamine-iv" in said.err
    drawn = path.read_text()
    assert "EXTRAPOLATED beyond the model" in drawn
    assert "days since the start" in drawn


@pytest.mark.parametrize(("hours", "unit"), [("3", "minutes"), ("20", "hours"), ("200", "days")])
def test_the_axis_counts_what_a_reader_counts(forecast, tmp_path, hours, unit):
    path = tmp_path / "session.svg"
    words = (*INFUSION, *PATIENT, *TYPICAL, "--hours", hours, "--grid-min", "10")
    assert forecast(*words, "--plot", str(path))[0] == 0
    said = path.read_text()
    assert f"{unit} since the start" in said
    for words in ("Given: 35 mg in all", "Drug (ng/mL)", "Blood pressure (mmHg", "Sources: Simons"):
        assert words in said


def test_what_is_for_research_says_so_in_table_and_picture(forecast, tmp_path):
    path = tmp_path / "research.svg"
    given = ("--drug", "esketamine", "--route", "iv", "--dose-mg", "20", "--duration-min", "30")
    words = (*given, *PATIENT, *TYPICAL, "--model", "simons-2022-hnk", "--plot", str(path))
    code, said = forecast(*words)
    assert (code, "L      research; published model" in said.out) == (0, True)
    assert "S-hydroxynorketamine, arterial plasma, research [L]" in path.read_text()


PICTURES = {
    "png": (b"\x89PNG", (*INFUSION, "--subjects", "20")),
    "svg": (b"<?xml", (*NASAL, "--devices", "3", *TYPICAL)),
}


@pytest.mark.parametrize("suffix", PICTURES)
def test_the_picture_is_drawn_the_same_twice(forecast, tmp_path, suffix):
    start, given = PICTURES[suffix]
    files = [tmp_path / f"{name}.{suffix}" for name in ("once", "twice")]
    for path in files:
        code, _ = forecast(*given, *PATIENT, "--plot", str(path))
        assert code == 0
    once, twice = (path.read_bytes() for path in files)
    assert once == twice
    assert once.startswith(start)


BAD_PUMPS = {
    "not JSON": "{",
    "not a list": {"at_min": 0},
    "an entry that is no step": [3],
    "a step without a rate": [{"at_min": 0}],
    "a rate in words": [{"at_min": 0, "rate_mg_min": "fast"}],
    "true for a rate": [{"at_min": 0, "rate_mg_min": True}],
    "never ending": [{"at_min": 0, "rate_mg_min": 1}],
    "no number": '[{"at_min": 0, "rate_mg_min": NaN}]',
    "far too large": '[{"at_min": 0, "rate_mg_min": 1' + "0" * 400 + "}]",
    "endless nesting": "[" * 200_000,
    "too large a file": " " * 1_000_001,
    "empty": [],
}


@pytest.mark.parametrize("content", BAD_PUMPS.values(), ids=BAD_PUMPS)
def test_a_bad_pump_file_is_refused_in_one_line(forecast, pump, content):
    code, said = forecast(*IV, "--pump", pump(content), *PATIENT)
    assert (code, said.out) == (10, "")
    assert len(said.err.strip().splitlines()) == 1


def test_a_missing_pump_file_and_an_unwritable_picture_are_named(forecast, tmp_path):
    code, said = forecast(*IV, "--pump", str(tmp_path / "none.json"), *PATIENT)
    assert code == 10
    assert "cannot be read" in said.err
    code, said = forecast(*INFUSION, *PATIENT, *TYPICAL, "--plot", str(tmp_path / "no/dir.png"))
    assert code == 10
    assert "cannot be written" in said.err


USAGE = {
    "no dose at all": PATIENT,
    "no duration": (*IV, "--dose-mg", "35", *PATIENT),
    "no devices": (*NASAL, *PATIENT),
    "a spray with a duration": (*NASAL, "--devices", "2", "--duration-min", "5", *PATIENT),
    "a swallowed dose without a dose": (*ORAL, *PATIENT),
    "a swallowed dose by the minute": (*ORAL, "--dose-mg", "84", "--duration-min", "5", *PATIENT),
    "protocol and drug": ("--protocol", "TRD-IV-STD", *IV, *PATIENT),
    "an unknown picture": (*INFUSION, *PATIENT, "--plot", "session.gif"),
}


@pytest.mark.parametrize("words", USAGE.values(), ids=USAGE)
def test_a_wrong_command_line_is_exit_2(forecast, words):
    code, said = forecast(*words)
    assert (code, said.out) == (2, "")


OUTSIDE = {
    "not whole devices": (*NASAL, "--dose-mg", "50", *PATIENT),
    "devices and dose that differ": (*NASAL, "--dose-mg", "56", "--devices", "3", *PATIENT),
    "no device": (*NASAL, "--devices", "0", *PATIENT),
    "a dose that is no number": (*NASAL, "--dose-mg", "nan", *PATIENT),
    "ten devices": (*NASAL, "--devices", "10", *PATIENT),
    "racemic spray": ("--drug", "ketamine", "--route", "nasal", "--devices", "1", *PATIENT),
    "unknown model": (*INFUSION, "--model", "nobody-2018", *PATIENT),
    "weight with a slip": (*INFUSION, "--weight", "700", "--age", "40", "--sex", "male"),
    "dose with a slip": (*IV, "--dose-mg", "350", "--duration-min", "40", *PATIENT),
    "unknown covariate": (*INFUSION, "--covariate", "shoe-size", *PATIENT),
    "unknown effect": (*INFUSION, "--effects", "joy", *PATIENT),
    "weeks in an afternoon": (*INFUSION, "--effects", "crps-pain", *PATIENT),
    "a child": (*INFUSION, "--weight", "40", "--age", "12", "--sex", "male"),
    "a model of children": (*INFUSION, "--model", "hornik-2018", "--extrapolate", *PATIENT),
    "unknown protocol": ("--protocol", "NO-SUCH", *PATIENT),
}


@pytest.mark.parametrize("words", OUTSIDE.values(), ids=OUTSIDE)
def test_outside_the_envelope_is_exit_11_in_one_line(forecast, words):
    code, said = forecast(*words)
    assert (code, said.out) == (11, "")
    assert len(said.err.strip().splitlines()) == 1


def test_a_pump_does_not_spray(forecast, pump):
    path = pump([{"at_min": 0, "rate_mg_min": 1}, {"at_min": 9, "rate_mg_min": 0}])
    assert forecast(*NASAL, "--pump", path, *PATIENT)[0] == 11


def test_the_models_are_listed_with_envelope_and_sources(ketaflow):
    code, said = ketaflow("models", "--json")
    document = {one["id"]: one for one in json.loads(said.out)}
    assert code == 0
    racemic = document["racemic-iv"]
    assert (racemic["drug"], racemic["route"], racemic["site"]) == (
        *("ketamine", ["iv"], "arterial plasma"),
    )
    assert racemic["envelope"]["dose"]["high"] == 1.99
    assert racemic["envelope"]["weight"]["high"] is None
    assert "Simons2022" in racemic["sources"]


def test_the_models_are_readable(ketaflow):
    code, said = ketaflow("models")
    assert code == 0
    assert "perez-ruixo-2021: " in said.out
    assert "unknown; weight was tested and not retained" in said.out


def test_neither_the_web_framework_nor_the_plotter_is_loaded_for_a_table():
    code = (
        "import sys; from ketaflow.cli.main import group;"
        f"group({['forecast', *INFUSION, *PATIENT, *TYPICAL]!r}, standalone_mode=False);"
        "sys.exit(sum(name in sys.modules for name in ('django', 'matplotlib')))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
