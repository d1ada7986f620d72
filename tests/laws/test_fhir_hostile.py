"""Whatever is sent as a referral, a chart comes out of it, or one sentence that says why not."""

import gzip
import json
import re
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ketaflow.fhir import bundle as reader
from ketaflow.fhir import envelope
from ketaflow.fhir.bundle import NotABundle, NotOnePatient, read_bundle
from ketaflow.fhir.datatypes import Malformed, moment
from ketaflow.fhir.envelope import TooLarge, Unreadable
from ketaflow.fhir.patient import SomeoneElse, UnsafeName
from ketaflow.fhir.release import WrongVersion
from ketaflow.refusals import BadFile

DATA = Path(__file__).parents[1] / "data" / "fhir"
SMALL = (DATA / "small.json").read_bytes()
MB = 1024 * 1024


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def refusal(data: bytes, kind: type[BadFile] = BadFile) -> str:
    """The sentence that refuses `data`: one line, no traceback, and it ends with what to do."""
    with pytest.raises(kind) as caught:
        read_bundle(data, name="referral.json")
    assert caught.value.exit_code == 10
    said = str(caught.value)
    assert re.fullmatch(r"referral\.json .{8,400}[;:] ?.{5,}\.", said), said
    return said


def changed(change: Callable[[dict[str, Any]], None]) -> bytes:
    tree = json.loads(SMALL)
    change(tree)
    return json.dumps(tree).encode()


def with_fields(kind: str, **fields: Any) -> bytes:
    def change(tree: dict[str, Any]) -> None:
        resources = (entry["resource"] for entry in tree["entry"])
        next(one for one in resources if one["resourceType"] == kind).update(fields)

    return changed(change)


def ten_gigabytes_of_zeros() -> bytes:
    """As gzip would write them, but at once: one packed megabyte, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    size = struct.pack("<II", 0, 10 * 1024 * MB % 2**32)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + megabyte * 10 * 1024 + b"\x03\0" + size


def test_ten_gigabytes_of_zeros_are_refused_at_once_and_in_little_memory() -> None:
    bomb = ten_gigabytes_of_zeros()
    began = time.process_time()
    tracemalloc.start()
    try:
        assert "64 MB" in refusal(bomb, TooLarge)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 2
    assert most < 200 * MB


def test_a_file_too_large_before_packing_is_refused_too() -> None:
    assert "64 MB" in refusal(b" " * (64 * MB + 1), TooLarge)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"resourceType":"Bundle","entry":['])
@pytest.mark.parametrize("levels", [51, 100_000])
def test_deep_nesting_is_refused(opening: bytes, levels: int) -> None:
    closing = {b"[": b"]", b'{"a":': b"}"}.get(opening, b"]}")
    assert "nested" in refusal(opening * levels + b"0" + closing * levels, TooLarge)
    assert refusal(opening * levels, BadFile)


def test_more_values_than_any_record_holds_are_refused_before_they_are_read() -> None:
    assert "values" in refusal(b"[" + b"[]," * 1_000_001 + b"[]]", TooLarge)


def test_more_entries_than_any_record_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_ENTRIES", 8)
    assert "9 entries" in refusal(SMALL, TooLarge)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (packed(b""), "empty"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        (b'<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"/>', "XML"),
        (b"MSH|^~\\&|A", "not whole JSON"),
        (b"%PDF-1.7", "not whole JSON"),
        (b"\x00\x01\x02", "not whole JSON"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        (SMALL.decode().encode("utf-16"), "not UTF-8"),
        (SMALL.decode().encode("latin-1"), "not UTF-8"),
        (SMALL[:-20], "not whole JSON"),
        (SMALL + b"{}", "not whole JSON"),
        (packed(SMALL)[:-20], "breaks off"),
        (packed(SMALL)[:12], "breaks off"),
        (packed(SMALL)[:20] + b"\xff\xff\xff" + packed(SMALL)[23:], "damaged"),
        (packed(SMALL) + packed(SMALL), "more than one"),
        (packed(packed(SMALL)), "not UTF-8"),
    ],
)
def test_what_is_not_whole_json_is_refused(data: bytes, said: str) -> None:
    assert said in refusal(data, Unreadable)


@pytest.mark.parametrize(
    "number", [b"1e400", b"-1e400", b"1e99999999999999999999", b"NaN", b"-Infinity", b"1e-400",
               b"9" * 5000, b"0." + b"3" * 60],
)  # fmt: skip
def test_numbers_no_measurement_can_be_are_refused(number: bytes) -> None:
    assert "no measurement" in refusal(SMALL.replace(b"131.50", number), Unreadable)


def test_a_key_said_twice_is_refused() -> None:
    doubled = SMALL.replace(b'"gender"', b'"birthDate": "1990-01-01", "gender"')
    assert '"birthDate" twice' in refusal(doubled, Unreadable)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read_bundle(b"\xef\xbb\xbf" + SMALL) == read_bundle(SMALL)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ([], "not FHIR"),
        ("Bundle", "not FHIR"),
        ({"hello": 1}, "not FHIR"),
        ({"resourceType": "Patient"}, '"Patient"'),
        ({"resourceType": ["Bundle"]}, "not a Bundle"),
        ({"resourceType": "Bundle", "type": "searchset"}, '"searchset"'),
        ({"resourceType": "Bundle", "type": "transaction", "entry": {"0": 1}}, "list"),
    ],
)
def test_json_that_is_no_referral_is_refused(tree: Any, said: str) -> None:
    assert said in refusal(json.dumps(tree).encode(), NotABundle)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (5, "entry 10"),
        ({"resource": "text"}, "entry 10"),
        ({"resource": {"id": "x"}}, "resourceType"),
        ({"resource": {"resourceType": "<script>"}}, "resourceType"),
        ({"resource": {"resourceType": 5}}, "resourceType"),
        ({"resource": {"resourceType": "Goal"}, "fullUrl": 5}, "fullUrl"),
        ({"resource": {"resourceType": "Goal"}, "fullUrl": "x" * 501}, "longer"),
        ({"resource": {"resourceType": "Goal", "meta": {"profile": "x"}}}, "list"),
    ],
)
def test_an_entry_that_is_none_is_refused(entry: Any, said: str) -> None:
    assert said in refusal(changed(lambda tree: tree["entry"].append(entry)), Malformed)


@pytest.mark.parametrize("fields", [{"type": 5}, {"type": "x" * 401}, {"meta": []}])
def test_a_bundle_that_is_malformed_itself_is_refused(fields: dict[str, Any]) -> None:
    refusal(changed(lambda tree: tree.update(fields)), Malformed)


def test_nobody_and_several_people_are_refused() -> None:
    assert "no Patient" in refusal(changed(lambda tree: tree["entry"].pop(0)), NotOnePatient)
    assert "no Patient" in refusal(changed(lambda tree: tree.pop("entry")), NotOnePatient)
    second = {"resource": {"resourceType": "Patient", "id": "p2"}}
    assert "2 Patients" in refusal(changed(lambda t: t["entry"].append(second)), NotOnePatient)


@pytest.mark.parametrize("whom", ["Patient/p2", "urn:uuid:someone", "https://x/Patient/p1", "#p"])
@pytest.mark.parametrize("kind", ["Condition", "Observation"])
def test_what_is_about_another_patient_is_refused(kind: str, whom: str) -> None:
    said = refusal(with_fields(kind, subject={"reference": whom}), SomeoneElse)
    assert whom in said
    assert kind in said


def test_even_what_is_not_used_may_not_be_about_another_patient() -> None:
    other = with_fields("Immunization", patient={"reference": "Patient/p2"})
    assert "Immunization" in refusal(other, SomeoneElse)
    by_number = {"identifier": {"system": "urn:example:mrn", "value": "13"}}
    assert "13" in refusal(with_fields("Immunization", patient=by_number), SomeoneElse)


def test_two_entries_of_one_name_are_refused() -> None:
    same_address = changed(lambda tree: tree["entry"].append(tree["entry"][-1]))
    assert "two entries" in refusal(same_address, NotABundle)
    same_id = changed(lambda tree: tree["entry"].append({"resource": tree["entry"][1]["resource"]}))
    assert "Condition/c1" in refusal(same_id, NotABundle)


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ({"family": "<script>alert(1)</script>"}, "<"),
        ({"family": "Fine", "given": ["<b>Bold</b>"]}, "<"),
        ({"text": "<img src=x onerror=alert(1)>"}, "<"),
        ({"family": "Turned\u202eeman"}, "which no name does"),
        ({"family": "Two\nLines"}, "which no name does"),
        ({"family": "x" * 121}, "longer"),
    ],
)
def test_a_script_or_control_character_in_a_name_is_refused(name: Any, mark: str) -> None:
    assert mark in refusal(with_fields("Patient", name=[name]), UnsafeName)


@pytest.mark.parametrize("family", ["Nul\0", "Bell\a", "x" * 500, 5, ["x"], None, ""])
def test_a_name_that_is_no_text_is_refused(family: Any) -> None:
    refusal(with_fields("Patient", name=[{"family": family}]), Malformed)


def test_half_a_character_is_refused_wherever_it_stands() -> None:
    for half in ("\\ud800", "\\uDFFF", "\\udc00\\ud800"):
        assert "half a character" in refusal(SMALL.replace(b"Rash", half.encode()), Unreadable)
    assert "half" in refusal(with_fields("Immunization", **{"\ud800": 1}), Unreadable)
    whole = read_bundle(SMALL.replace(b"Rash", b"\\ud83d\\ude00"))
    assert "\U0001f600" in [item.said for item in whole.items]


def test_what_is_no_time_is_refused_even_if_the_validator_lets_it_pass() -> None:
    with pytest.raises(Malformed, match="not a FHIR date"):
        moment({"at": "two o'clock"}, "at")


def test_a_medicine_named_by_an_endless_reference_is_not_used() -> None:
    chart = read_bundle(
        with_fields("MedicationStatement", medicationReference={"reference": "x" * 500})
    )
    assert chart.not_used["MedicationStatement (medicine not named)"] == 1


def test_script_elsewhere_is_kept_as_the_text_it_is() -> None:
    chart = read_bundle(with_fields("Condition", code={"text": "<script>alert(1)</script>"}))
    assert "<script>alert(1)</script>" in [item.text for item in chart.items]


@pytest.mark.parametrize(
    "when", ["0000", "0000-01-01", "2023-02-30", "2023-13-01", "1093-01-09", "9999-12-31", "soon",
             "2023-01-01T10:00:00", "2023-01-01T25:00:00Z", "2023-01-01T10:00:60Z", 1993, {},
             "２０２３-01-01", "2023-01-01T10:00:00+99:99"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("kind", "key"), [("Patient", "birthDate"), ("Condition", "onsetDateTime")]
)
def test_days_no_calendar_has_are_refused(kind: str, key: str, when: Any) -> None:
    said = refusal(with_fields(kind, **{key: when}), Malformed)
    assert kind in said
    assert key in said


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Patient", {"gender": "dragon"}),
        ("Patient", {"name": None}),
        ("Patient", {"name": "Zoë"}),
        ("Patient", {"identifier": [{"value": 5}]}),
        ("Patient", {"address": [{"text": "x" * 301}]}),
        ("Condition", {"code": "depression"}),
        ("Condition", {"code": '{"text": "depression"}'}),
        ("Condition", {"code": {"coding": {"code": "x"}}}),
        ("Condition", {"id": "../../etc/passwd"}),
        ("Condition", {"invented": 1}),
        ("Observation", {"status": None}),
        ("Observation", {"component": [{"code": {"text": "x"}, "valueQuantity": {"value": True}}]}),
        ("Observation", {"component": [{"code": {"text": "x"}, "valueQuantity": {"value": "9"}}]}),
        ("Medication", {"code": 5}),
    ],
)
def test_what_fhir_r4_does_not_allow_is_refused_and_named(kind: str, fields: Any) -> None:
    assert kind in refusal(with_fields(kind, **fields), Malformed)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Condition", {"clinicalStatus": "active"}),
        ("AllergyIntolerance", {"clinicalStatus": "active"}),
        ("Observation", {"context": {"reference": "Encounter/1"}}),
        ("Observation", {"triggeredBy": [{}]}),
        ("MedicationStatement", {"medication": {"concept": {"text": "x"}}}),
        ("Immunization", {"resourceType": "MedicationOrder"}),
        (
            "Patient",
            {"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient|5.0.0"]}},
        ),
        ("Patient", {"meta": {"profile": ["http://hl7.org/fhir/STU3/patient.html"]}}),
    ],
)
def test_another_release_of_fhir_is_refused_by_name(kind: str, fields: Any) -> None:
    assert "not FHIR R4" in refusal(with_fields(kind, **fields), WrongVersion)


def test_a_bundle_that_declares_another_release_is_refused() -> None:
    for version in ("3.0.2", "5.0.0", "4.6.0"):
        declared = changed(lambda tree, v=version: tree.update(fhirVersion=v))
        assert version in refusal(declared, WrongVersion)
    read_bundle(changed(lambda tree: tree.update(fhirVersion="4.0.1")))


def test_us_core_named_stu3_is_fhir_r4_all_the_same() -> None:
    profile = "http://hl7.org/fhir/us/core/STU3/StructureDefinition/us-core-patient"
    assert read_bundle(with_fields("Patient", meta={"profile": [profile]}))


def test_the_sentence_shows_no_control_characters_of_the_file_or_its_name() -> None:
    with pytest.raises(BadFile) as caught:
        read_bundle(with_fields("Patient", gender="a\u202e\u001b[31m" + "x" * 900), name="a\n\x1bb")
    assert str(caught.value).startswith("ab ")
    assert str(caught.value).isprintable()
    with pytest.raises(BadFile, match=r"^This file is empty"):
        read_bundle(b"")


def test_bounds_leave_room_for_many_times_the_largest_referral() -> None:
    largest = max((gzip.decompress(path.read_bytes()) for path in DATA.glob("*.gz")), key=len)
    assert 25 * len(largest) < envelope.LARGEST_BYTES
    assert 25 * len(json.loads(largest)["entry"]) < reader.MOST_ENTRIES
