"""Taking referrals in through the browser: real bundles, the same twice, hostile ones."""

import gzip
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ketaflow.journal.models import Entry
from ketaflow.people import queries
from ketaflow.people.roles import Role

BUNDLES = Path(__file__).parents[1] / "data" / "fhir"
MILAN = (BUNDLES / "milan_beatty.json.gz").read_bytes()


def words(got):
    return " ".join(got.content.decode().split())


def upload(client, *files, **more):
    bundles = [SimpleUploadedFile(name, data) for name, data in files]
    return client.post("/referrals/upload/", {"bundles": bundles} | more, follow=True)


def test_a_referral_says_what_was_taken_and_what_was_not_used(signed_in, clinic_a):
    got = upload(signed_in(Role.NURSE), ("milan.json.gz", MILAN))
    assert "milan.json.gz: taken in" in words(got)
    assert "Milan Beatty" in words(got)
    assert "18 Claim" in words(got)
    patient = queries.patients(clinic=clinic_a.id).get()
    chart = words(signed_in(Role.NURSE).get(f"/patients/{patient.id}/"))
    assert "Fluoxetine 25MG" in chart
    assert "Major depression disorder" in chart
    assert "18 Claim" in chart


def test_the_same_file_twice_says_so_and_changes_nothing(signed_in):
    ada = signed_in(Role.NURSE)
    upload(ada, ("milan.json.gz", MILAN))
    before = Entry.objects.count()
    got = upload(ada, ("again.json.gz", MILAN), referrer="Dr Hale", referred_for="TRD")
    assert "again.json.gz: received before" in words(got)
    assert Entry.objects.count() == before


def test_the_letter_goes_with_the_file(signed_in):
    got = upload(
        signed_in(Role.NURSE), ("m.gz", MILAN), referrer="Dr Hale", referred_for="Depression"
    )
    assert "taken in" in words(got)
    assert "Depression" in words(signed_in(Role.NURSE).get("/patients/"))


def test_several_files_are_taken_one_by_one(signed_in, clinic_a):
    files = [(one.name, one.read_bytes()) for one in sorted(BUNDLES.glob("*.json.gz"))[:3]]
    got = upload(signed_in(Role.FRONT_DESK), *files, ("bad.json", b"{"))
    assert words(got).count("taken in</h2>") == 3
    assert "bad.json: refused" in words(got)
    assert queries.patients(clinic=clinic_a.id).count() == 3


def bundle(**patient):
    person = {
        "resourceType": "Patient",
        "id": "1",
        "birthDate": "1980-01-01",
        "gender": "female",
        "name": [{"family": "Abbott", "given": ["Ana"]}],
    }
    entry = {"fullUrl": "urn:uuid:1", "resource": person | patient}
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}).encode()


HOSTILE = {
    "truncated.json.gz": MILAN[:20_000],
    "zeros.json.gz": gzip.compress(bytes(80 * 1024 * 1024)),
    "deep.json": b"[" * 100_000,
    "not-fhir.json": b'{"hello": "world"}',
    "page.json": b"<html>",
    "nobody.json": b'{"resourceType": "Bundle", "type": "transaction", "entry": []}',
    "script.json": bundle(name=[{"family": "<script>alert(1)</script>"}]),
    "unborn.json": bundle(birthDate=None),
    "empty.json": b" ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence_and_nothing_is_saved(signed_in, clinic_a, name):
    ada = signed_in(Role.NURSE)
    before = Entry.objects.count()
    got = upload(ada, (name, HOSTILE[name]))
    assert got.status_code == 422
    assert name in words(got)
    assert "Traceback" not in words(got)
    assert "<script>alert" not in words(got)
    assert Entry.objects.count() == before
    assert not queries.patients(clinic=clinic_a.id)


def test_no_file_is_asked_for_again(signed_in):
    got = upload(signed_in(Role.NURSE))
    assert got.status_code == 422
    assert "Choose at least one file." in words(got)


def test_more_or_larger_files_than_a_referral_has_are_refused(signed_in, monkeypatch):
    from ketaflow.web import patients_forms

    monkeypatch.setattr(patients_forms, "LARGEST_MB", 0)
    assert "larger than 0 MB" in words(upload(signed_in(Role.NURSE), ("m.gz", MILAN)))
    monkeypatch.setattr(patients_forms, "MOST_FILES", 1)
    got = upload(signed_in(Role.NURSE), ("m.gz", MILAN), ("n.gz", MILAN))
    assert "send at most 1 at a time" in words(got)


def test_the_custodian_takes_no_referrals_in(signed_in):
    assert upload(signed_in(Role.CUSTODIAN), ("m.gz", MILAN)).status_code == 403
