"""Finding, registering and reading patients in the browser; staff and the record beside them."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ketaflow.journal import queries as journal
from ketaflow.people import actions, queries
from ketaflow.people.roles import Role

from ..conftest import NOW, PASSWORD, register

ANA = {
    "family": "Abbott",
    "given": "Ana",
    "born_on": "1980-01-31",
    "sex": "female",
    "number": "K-0100",
    "referrer": "Dr Hale",
    "referred_for": "Depression",
}


def words(got):
    return " ".join(got.content.decode().split())


def test_a_nurse_registers_a_patient_and_sees_the_chart(signed_in):
    ada = signed_in(Role.NURSE)
    got = ada.post("/patients/new/", ANA, follow=True)
    assert "Ana Abbott is registered." in words(got)
    assert "Dr Hale" in words(got)
    assert "Nobody has screened this patient yet" in words(got)


def test_the_front_desk_registers_but_reads_no_chart(signed_in, patient):
    flo = signed_in(Role.FRONT_DESK)
    got = flo.post("/patients/new/", ANA, follow=True)
    assert "Ana Abbott is registered." in words(got)
    assert f"/patients/{patient.id}/edit/" in words(got)
    assert flo.get(f"/patients/{patient.id}/").status_code == 403
    assert flo.get(f"/patients/{patient.id}/record/").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"born_on": "2090-01-31"}, "future"),
        ({"family": "<script>alert(1)</script>"}, "not a name"),
        ({"referred_for": ""}, "Write this too"),
        ({"number": "K-0001"}, "belongs to a patient already"),
    ],
)
def test_what_cannot_be_right_is_said_and_nothing_typed_is_lost(signed_in, patient, wrong, said):
    before = queries.patients(clinic=patient.clinic_id).count()
    got = signed_in(Role.NURSE).post("/patients/new/", ANA | wrong)
    assert got.status_code == 422
    assert said in words(got)
    assert 'value="Ana"' in words(got)
    assert "<script>alert" not in words(got)
    assert queries.patients(clinic=patient.clinic_id).count() == before


def test_a_correction_names_its_reason_and_keeps_the_old(signed_in, patient):
    ada = signed_in(Role.NURSE)
    form = {key: value for key, value in ANA.items() if not key.startswith("refer")}
    form |= {"number": "K-0001", "seen": "1"}
    assert ada.post(f"/patients/{patient.id}/edit/", form).status_code == 422
    got = ada.post(f"/patients/{patient.id}/edit/", form | {"reason": "Married"}, follow=True)
    assert "Ana Abbott" in words(got)
    assert "Married" in words(ada.get(f"/patients/{patient.id}/record/"))


def test_a_stale_correction_is_refused(signed_in, nurse, patient):
    actions.refer(patient=patient, referrer="Dr Hale", reason="TRD", by=nurse.author, at=NOW)
    form = {**ANA, "number": "K-0001", "seen": "1", "reason": "Married"}
    got = signed_in(Role.NURSE).post(f"/patients/{patient.id}/edit/", form)
    assert got.status_code == 422
    assert "Someone else changed this" in words(got)


def test_what_the_clinic_found_itself_is_in_the_chart(signed_in, patient):
    ada = signed_in(Role.NURSE)
    where = f"/patients/{patient.id}/note/"
    weight = {"what": "weight", "value": "81.5", "on": "2026-03-09"}
    assert "81.5" in words(ada.post(where, weight, follow=True))
    medicine = {"what": "MEDICATION", "text": "Lithium 400 mg", "on": "2025-01-01"}
    assert "Lithium 400 mg" in words(ada.post(where, medicine, follow=True))
    assert ada.post(where, medicine | {"text": ""}).status_code == 422
    assert ada.post(where, weight | {"value": ""}).status_code == 422


def test_the_list_pages_by_name_and_finds_by_beginnings(signed_in, nurse):
    for n in range(60):
        register(nurse, f"K-{n:04}", "Ana", f"Name{n:02}")
    ada = signed_in(Role.NURSE)
    first = ada.get("/patients/")
    assert "Name49, Ana" in words(first)
    assert "Name50, Ana" not in words(first)
    after = first.context["after"]
    assert "Name50, Ana" in words(ada.get("/patients/", {"after": after}))
    assert "Name07, Ana" in words(ada.get("/patients/", {"search": "name07 an"}))
    assert "Nobody is called “zz”" in words(ada.get("/patients/", {"search": "zz"}))
    assert ada.get("/patients/", {"after": "x"}).status_code == 404


@pytest.mark.parametrize("search", ["", "name"])
def test_the_list_costs_the_same_with_three_patients_and_with_sixty(signed_in, nurse, search):
    ada = signed_in(Role.NURSE)

    def cost():
        ada.get("/patients/", {"search": search})
        with CaptureQueriesContext(
            connection,
        ) as ran:
            ada.get("/patients/", {"search": search})
        assert not any("COUNT(" in one["sql"] for one in ran.captured_queries)
        return len(ran)

    for n in range(3):
        register(nurse, f"K-{n:04}", "Ana", f"Name{n:02}")
    few = cost()
    for n in range(3, 60):
        register(nurse, f"K-{n:04}", "Ana", f"Name{n:02}")
    assert cost() == few


def test_reading_a_chart_is_in_its_record(signed_in, patient):
    signed_in(Role.PRESCRIBER).get(f"/patients/{patient.id}/")
    got = words(signed_in(Role.NURSE).get(f"/patients/{patient.id}/record/"))
    assert "Read the chart" in got
    assert "Ben Prescriber" in got
    assert "Registered" in got


def test_the_record_of_a_chart_is_paged(signed_in, nurse, patient):
    for _ in range(60):
        actions.note_reading(patient=patient, page="overview", by=nurse.author, at=NOW)
    ada = signed_in(Role.NURSE)
    first = ada.get(f"/patients/{patient.id}/record/")
    assert len(first.context["rows"]) == 50
    rest = ada.get(f"/patients/{patient.id}/record/", {"before": first.context["before"]})
    assert rest.context["rows"][-1]["words"] == "Registered"
    assert ada.get(f"/patients/{patient.id}/record/", {"before": "x"}).status_code == 404


@pytest.mark.parametrize("tail", ["", "edit/", "note/", "record/", "screening/"])
def test_a_patient_of_another_clinic_is_not_found(dee, patient, tail):
    stranger = Client()
    stranger.force_login(dee.user)
    before = list(journal.newest_first(clinic=patient.clinic_id, most=5))
    for id in (patient.id, uuid4()):
        assert stranger.get(f"/patients/{id}/{tail}").status_code == 404
        assert stranger.post(f"/patients/{id}/{tail}", ANA).status_code in (404, 405)
    assert list(journal.newest_first(clinic=patient.clinic_id, most=5)) == before


# Staff and the clinic's record


def test_papers_that_run_out_are_named(signed_in, director, nurse):
    for kind, day in (("ACLS", date(2020, 1, 1)), ("Licence", date(2090, 1, 1))):
        actions.certify(
            staff=nurse.id, kind=kind, number="7", expires_on=day, by=director.author, at=NOW
        )
    got = words(signed_in(Role.ADMINISTRATOR).get("/staff/"))
    assert "ACLS <strong>expired on 1 Jan 2020</strong>" in got
    assert "Licence 7, until 1 Jan 2090" in got


def test_a_new_colleague_signs_in_and_one_who_left_does_not(signed_in):
    abe = signed_in(Role.ADMINISTRATOR)
    new = {"name": "Eve New", "email": "eve@example.org", "roles": ["NURSE"], "password": PASSWORD}
    got = abe.post("/staff/new/", new, follow=True)
    assert "Eve New can sign in now" in words(got)
    where = got.request["PATH_INFO"]
    held = {"kind": "ACLS", "number": "1", "expires_on": "2090-01-01"}
    assert "ACLS 1" in words(abe.post(where, held, follow=True))
    gone = abe.post(f"{where}leave/", {"reason": "Moved away", "sure": "on"}, follow=True)
    assert "Eve New can no longer sign in" in words(gone)
    assert abe.get(where).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"password": "short"}, {"roles": []}, {"email": "no address"}, {"name": ""}]
)
def test_a_colleague_needs_a_name_a_role_an_address_and_a_good_password(signed_in, wrong):
    new = {"name": "Eve", "email": "eve@example.org", "roles": ["NURSE"], "password": PASSWORD}
    assert signed_in(Role.ADMINISTRATOR).post("/staff/new/", new | wrong).status_code == 422


def test_nobody_shuts_themselves_out(signed_in, people):
    abe = people[Role.ADMINISTRATOR]
    where = f"/staff/{abe.id}/leave/"
    got = signed_in(Role.ADMINISTRATOR).post(where, {"reason": "x", "sure": "on"})
    assert got.status_code == 422
    assert "your own way in" in words(got)


def test_staff_of_another_clinic_is_not_found(dee, nurse):
    stranger = Client()
    stranger.force_login(dee.user)
    for tail in ("", "leave/"):
        assert stranger.get(f"/staff/{nurse.id}/{tail}").status_code == 404


def test_the_director_checks_the_record(signed_in, patient):
    mia = signed_in(Role.MEDICAL_DIRECTOR)
    assert "Registered" in words(mia.get("/record/"))
    assert "The record verifies" in words(mia.post("/record/"))
    assert signed_in(Role.NURSE).get("/record/").status_code == 403


def test_a_broken_record_is_named(signed_in, patient, monkeypatch):
    from ketaflow.refusals import DoesNotVerify

    def broken():
        raise DoesNotVerify("Entry patient/1 #2 is missing.")

    monkeypatch.setattr(journal, "verify", broken)
    got = words(signed_in(Role.MEDICAL_DIRECTOR).post("/record/"))
    assert "Entry patient/1 #2 is missing." in got
