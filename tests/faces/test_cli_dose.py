"""`ketaflow dose` and `ketaflow protocols`, as other programs and tired people call them."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest

CONTRACT = {
    "protocol", "dose_mg", "dosing_weight_kg", "weight_basis", "duration_min", "rate_mg_min",
    "rate_mg_h", "volume_ml", "devices", "warnings", "sources",
}  # fmt: skip
LISTED = {"id", "name", "indication", "drug", "route", "sessions", "version", "status", "sources"}


def ketaflow(*words: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-c", "from ketaflow.cli.main import main; main()"]
    return subprocess.run([*call, *words], capture_output=True, text=True, check=False, timeout=60)


def test_the_document_holds_what_other_programs_rely_on():
    done = ketaflow("dose", "TRD-IV-STD", "--weight", "80", "--strength", "50", "--json")
    found = json.loads(done.stdout)
    assert set(found) >= CONTRACT
    assert (found["dose_mg"], found["rate_mg_min"], found["rate_mg_h"]) == ("40", "1", "60")
    assert Decimal(found["volume_ml"]) == Decimal("0.8")
    assert (found["weight_basis"], found["devices"]) == ("total", None)


def test_the_spray_has_devices_and_no_rate():
    done = ketaflow("dose", "esk-trd", "--session", "2", "--amount", "84", "--age", "40", "--json")
    found = json.loads(done.stdout)
    assert (found["devices"], found["dose_mg"], found["rate_mg_h"]) == (3, "84", None)


def test_words_go_beside_and_the_table_names_its_sources():
    done = ketaflow("dose", "TRD-IV-STD", "--weight", "80")
    assert "Singh JB" in done.stdout
    assert "Note: Age not given" in done.stderr


def test_the_prescribers_weight_is_used():
    done = ketaflow(
        "dose", "TRD-IV-STD", "--weight", "130", "--height", "165", "--sex", "female",
        "--weight-basis", "ideal", "--json",
    )  # fmt: skip
    assert json.loads(done.stdout)["dosing_weight_kg"] == "56.9"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("TRD-IV-STD", "--weight", "700"), 11, "Is 700 kg meant to be 70 kg?"),
        (("TRD-IV-STD", "--weight", "nan"), 11, "finite"),
        (("TRD-IV-STD", "--weight", "inf"), 11, "finite"),
        (("TRD-IV-STD", "--weight=-70"), 11, "above 0"),
        (("TRD-IV-STD", "--weight", "0"), 11, "above 0"),
        (("TRD-IV-STD", "--weight", "1e999"), 11, "plausible"),
        (("TRD-IV-STD", "--weight", "70,5"), 2, "not a comma"),
        (("TRD-IV-STD", "--weight", "7_0"), 2, "not a number"),
        (("TRD-IV-STD",), 2, "--weight KG"),
        (("TRD-IV", "--weight", "70"), 11, "Did you mean"),
        (("TRD-IV-STD", "--weight", "70", "--age", "17"), 11, "18 years and over"),
        (("TRD-IV-STD", "--weight", "70", "--strength", "500"), 11, "meant to be 50"),
        (("PROC-SED",), 12, "no dose to propose"),
    ],
)
def test_a_refusal_is_one_sentence_and_a_code(words, code, says):
    done = ketaflow("dose", *words)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["dose", "protocols"])
def test_help_ends_with_an_example_that_runs(command):
    said = ketaflow(command, "--help").stdout.strip().splitlines()[-1]
    words = said.partition("Example: ketaflow ")[2].split()
    assert words[0] == command
    assert ketaflow(*words).returncode == 0


def test_help_loads_nothing_heavy():
    script = (
        "import sys; sys.argv = ['ketaflow', 'dose', '--help']\n"
        "from ketaflow.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'django', 'numpy', 'ketaflow.protocol.dosing'} & set(sys.modules)\n"
        "sys.exit(1 if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0


def test_the_list_of_protocols_holds_what_other_programs_rely_on():
    found = json.loads(ketaflow("protocols", "--json").stdout)
    assert all(set(one) >= LISTED for one in found)
    by_id = {one["id"]: one for one in found}
    assert (by_id["TRD-IV-STD"]["sessions"], by_id["PAIN-ASRA"]["sessions"]) == (6, None)


def test_one_protocol_is_told_with_the_evidence_against():
    said = ketaflow("protocols", "PTSD-IV-1").stdout
    assert "Evidence against" in said
    assert "found no benefit" in said


def test_the_table_lists_every_protocol_on_a_line():
    lines = ketaflow("protocols").stdout.splitlines()
    assert len(lines) == len(json.loads(ketaflow("protocols", "--json").stdout))
