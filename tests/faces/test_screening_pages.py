"""Screening in the browser: from a referral with one antidepressant to a verdict in words."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ketaflow.journal import queries as journal
from ketaflow.people.roles import Role
from ketaflow.screening import queries
from ketaflow.screening.verdict import TRD

from ..laws.test_screening_rows import FINE, take_in

FLUOXETINE = {
    "drug": "Fluoxetine",
    "dose": "40 mg a day",
    "started_on": "2025-01-10",
    "stopped_on": "2025-04-20",
    "adequate_dose": "yes",
    "outcome": "none",
    "stopped_because": "No better",
}
SERTRALINE = FLUOXETINE | {
    "drug": "Sertraline",
    "started_on": "2025-05-01",
    "stopped_on": "2025-09-01",
}


@pytest.fixture
def milan(nurse):
    """The patient of a real referral: depressed, on one antidepressant."""
    return take_in(nurse)


def words(got):
    return " ".join(got.content.decode().split())


def page(client, patient, tail="", **query):
    return client.get(f"/patients/{patient.id}/screening/{tail}", query)


def post(client, patient, said, tail="", follow=True):
    stream = f"screening/{patient.id}"
    seen = journal.last_ordinal(clinic=patient.clinic_id, stream=stream)
    where = f"/patients/{patient.id}/screening/{tail}"
    return client.post(where, {"seen": seen, **said}, follow=follow)


def test_milan_needs_a_second_antidepressant_and_then_is_eligible(signed_in, milan):
    ada = signed_in(Role.NURSE)
    first = words(page(ada, milan))
    assert "Not yet: something must be known or decided first" in first
    assert "0 of 2 adequate antidepressant trials" in first
    assert "Answer 26 questions" in first
    assert "From the chart: complete it" in first
    answered = words(post(ada, milan, FINE))
    assert "26 answers saved." in answered
    one = words(post(ada, milan, FLUOXETINE, "trials/new/"))
    assert "a second adequate trial" in one
    assert "Blocked: this patient may not be treated" in one
    two = words(post(ada, milan, SERTRALINE, "trials/new/"))
    assert "Eligible: nothing known stands in the way" in two
    recorded = words(post(ada, milan, {"assess": "1"}))
    assert "Recorded: eligible for Depression, intravenous, six infusions." in recorded
    assert "A prescriber can plan the course now." in recorded
    ben = signed_in(Role.PRESCRIBER)
    assert f"/patients/{milan.id}/courses/new/TRD-IV-STD/" in words(page(ben, milan))


def test_the_chart_fills_in_what_it_knows_of_a_trial(signed_in, milan):
    got = words(page(signed_in(Role.NURSE), milan, "trials/new/", drug="fluoxetine"))
    assert 'value="Fluoxetine"' in got
    assert 'value="1993-01-17"' in got


def test_a_trial_is_corrected_with_a_reason(signed_in, milan):
    ada = signed_in(Role.NURSE)
    post(ada, milan, FLUOXETINE, "trials/new/")
    trial = queries.trials(clinic=milan.clinic_id, patient=milan.id)[0]
    tail = f"trials/{trial.id}/"
    assert post(ada, milan, FLUOXETINE, tail).status_code == 422
    got = words(post(ada, milan, FLUOXETINE | {"dose": "20 mg", "reason": "Misheard"}, tail))
    assert "The correction is saved." in got
    assert "20 mg" in got


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"stopped_on": "2024-01-01"}, "before it starts"), ({"ongoing": "on"}, "cannot both")],
)
def test_a_trial_that_cannot_be_is_refused_and_nothing_typed_is_lost(signed_in, milan, wrong, said):
    got = post(signed_in(Role.NURSE), milan, FLUOXETINE | wrong, "trials/new/")
    assert got.status_code == 422
    assert said in words(got)
    assert 'value="40 mg a day"' in words(got)


def test_the_director_overrides_in_writing_and_a_prescriber_may_not(signed_in, milan):
    ada, mia = signed_in(Role.NURSE), signed_in(Role.MEDICAL_DIRECTOR)
    post(ada, milan, FINE)
    post(ada, milan, FLUOXETINE, "trials/new/")
    said = {"severity": "absolute", "reason": "ECT failed too."}
    refused = post(signed_in(Role.PRESCRIBER), milan, said, f"reasons/{TRD}/")
    assert refused.status_code == 422
    assert "only the medical director" in words(refused)
    assert post(ada, milan, said, f"reasons/{TRD}/").status_code == 403
    assert post(mia, milan, said | {"reason": " "}, f"reasons/{TRD}/").status_code == 422
    got = words(post(mia, milan, said, f"reasons/{TRD}/"))
    assert "Eligible: nothing known stands in the way" in got
    assert "<strong>Mia Director</strong> wrote: ECT failed too." in got


def test_a_finding_says_what_matched_why_and_who_says_so(signed_in, milan):
    got = words(post(signed_in(Role.NURSE), milan, FINE | {"psychosis": "yes"}))
    assert "Blocks treatment" in got
    assert "see, hear or believe things that others do not?” Yes" in got
    assert "Who says so" in got
    assert "A written reason from the medical director is needed to go on." in got


def test_the_work_up_is_recorded_with_its_day(signed_in, milan):
    ada = signed_in(Role.NURSE)
    today = timezone.localdate().isoformat()
    got = post(ada, milan, {"done_on": today, "note": "Sinus rhythm"}, "workup/medical_history/")
    assert "Recorded: Anaesthetic and medical history" in words(got)
    assert post(ada, milan, {"done_on": "2090-01-01"}, "workup/ecg/").status_code == 422
    assert page(ada, milan, "workup/horoscope/").status_code == 404


def test_a_stale_page_saves_nothing(signed_in, milan):
    ada = signed_in(Role.NURSE)
    post(ada, milan, {"escort": "yes"})
    got = ada.post(f"/patients/{milan.id}/screening/", {"escort": "no", "seen": "0"})
    assert got.status_code == 422
    assert "Someone else changed this" in words(got)
    lost = ada.post(f"/patients/{milan.id}/screening/", {"escort": "no"})
    assert lost.status_code == 422
    told = queries.answers(clinic=milan.clinic_id, patient=milan.id)
    assert told["escort"] == "yes"


def test_what_is_left_open_stays_open(signed_in, milan):
    ada = signed_in(Role.NURSE)
    post(ada, milan, {"escort": "yes"})
    got = words(post(ada, milan, {"escort": "yes", "seizures": "unknown"}))
    assert "No answer changed." in got
    assert "25 questions of the interview are open." in got


def test_pain_asks_for_no_antidepressants(signed_in, milan):
    got = words(page(signed_in(Role.NURSE), milan, protocol="CRPS-OP-1"))
    assert "Screening: Complex regional pain syndrome" in got
    assert "Antidepressant trials" not in got


@pytest.mark.parametrize("protocol", ["NO-SUCH", "PROC-SED", "OCD-IM-1"])
def test_a_protocol_that_is_not_offered_is_not_found(signed_in, milan, protocol):
    assert page(signed_in(Role.NURSE), milan, protocol=protocol).status_code == 404


def test_the_dead_are_named_first(signed_in, nurse):
    darron = take_in(nurse, "darron_feeney.json.gz")
    ada = signed_in(Role.NURSE)
    assert "This patient has died" in words(ada.get(f"/patients/{darron.id}/"))
    assert "Nothing can be planned." in words(page(ada, darron))
    post(ada, darron, {"assess": "1"})
    verdicts = queries.latest_verdicts(clinic=darron.clinic_id, patient=darron.id)
    assert verdicts[0].verdict == "blocked"


@pytest.mark.parametrize("tail", ["", "trials/new/", f"reasons/{TRD}/", "workup/ecg/"])
def test_another_clinics_patient_is_not_found(dee, milan, tail):
    stranger = Client()
    stranger.force_login(dee.user)
    assert page(stranger, milan, tail).status_code == 404
    assert post(stranger, milan, FINE, tail).status_code == 404


def test_a_trial_of_another_patient_is_not_found(signed_in, nurse, milan, patient):
    ada = signed_in(Role.NURSE)
    post(ada, milan, FLUOXETINE, "trials/new/")
    trial = queries.trials(clinic=milan.clinic_id, patient=milan.id)[0]
    assert page(ada, patient, f"trials/{trial.id}/").status_code == 404


def test_the_page_costs_the_same_whatever_is_known(signed_in, nurse, milan, patient):
    ada = signed_in(Role.NURSE)

    def cost(who):
        page(ada, who)
        with CaptureQueriesContext(connection) as ran:
            page(ada, who)
        return len(ran)

    little = cost(patient)
    post(ada, milan, FINE)
    post(ada, milan, FLUOXETINE, "trials/new/")
    post(ada, milan, {"assess": "1"})
    assert cost(milan) <= little + 1
