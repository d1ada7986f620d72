"""Who: what cannot be right is refused, what is received names one person, roles set bounds."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.journal import queries as journal
from ketaflow.people import actions, queries
from ketaflow.people.chart import ChartItem, Kind, Person, ReceivedChart, Sex
from ketaflow.people.consent import NotAgreed, UnknownText, consent_for, consent_text, consent_texts
from ketaflow.people.registration import (
    ClinicDetails,
    NotPlausible,
    PatientDetails,
    age_on,
    from_chart,
    identifiers_of,
    said,
    search_words,
)
from ketaflow.people.roles import MAY, Duty, NotYours, Role, Validity, may, require, validity
from ketaflow.refusals import Refused

from ..conftest import NOW, open_clinic, register

TODAY = date(2026, 3, 10)
CY = PatientDetails("K-1", "Patient", "Cy", date(1984, 5, 2), Sex.FEMALE)
HOSPITAL = ("https://hospital.example", "4711")


def chart(*identifiers, family="Beatty", given="Milan", **more):
    person = Person(family, given, date(1973, 11, 24), Sex.MALE, identifiers, **more)
    return ReceivedChart(person, ())


def receive(staff, received, document=b"one"):
    return actions.receive(
        chart=received, document=document, name="a.json", by=staff.author, at=NOW
    )


# Registration


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"number": " "}, "number"),
        ({"family": ""}, "family name"),
        ({"given": "<script>"}, "not a name"),
        ({"family": "Bea\u202etty"}, "not a name"),
        ({"born_on": date(2026, 3, 11)}, "future"),
        ({"born_on": date(1873, 5, 2)}, "too long ago"),
    ],
)
def test_a_detail_that_cannot_be_right_is_refused_by_name(wrong, named):
    CY.check(TODAY)
    with pytest.raises(NotPlausible, match=named):
        replace(CY, **wrong).check(TODAY)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc", ""])
def test_a_clinic_keeps_a_clock_that_exists(zone):
    details = ClinicDetails("Elm", "1 Elm Street", "555", "988", zone)
    with pytest.raises(NotPlausible, match="time zone"):
        details.as_payload()


def test_a_chart_without_a_birth_date_is_not_guessed_at():
    without = replace(chart(HOSPITAL), person=replace(chart(HOSPITAL).person, born_on=None))
    with pytest.raises(NotPlausible, match="born"):
        from_chart(without)


def test_a_received_number_is_made_from_the_identifiers_whatever_their_order():
    other = ("urn:ssn", "999")
    one, two = from_chart(chart(HOSPITAL, other)), from_chart(chart(other, HOSPITAL))
    assert one.number == two.number
    assert one.number.startswith("R-")
    assert from_chart(chart(other)).number != one.number


def test_without_identifiers_twins_still_get_two_numbers():
    milan, mara = chart(), chart(given="Mara")
    assert from_chart(milan).number != from_chart(mara).number


def test_an_identifier_without_a_system_says_nothing():
    assert identifiers_of(chart(("", "4711"), HOSPITAL, HOSPITAL)) == (HOSPITAL,)


@given(st.dates(date(1900, 1, 1), date(2026, 3, 10)))
def test_age_grows_on_the_birthday_and_not_before(born):
    birthday = date(2026, born.month, min(born.day, 28))
    born = date(born.year, born.month, min(born.day, 28))
    assert age_on(born, birthday) == 2026 - born.year
    assert age_on(born, birthday - timedelta(days=1)) == 2026 - born.year - 1


@pytest.mark.parametrize(
    ("typed", "word"), [("ÉMILE", "emile"), ("Müller", "muller"), ("Straße", "strasse")]
)
def test_people_are_found_without_capitals_and_accents(typed, word):
    assert search_words(typed, typed) == (word,)


def test_an_empty_line_says_nothing():
    assert said("  a reason ", "why") == "a reason"
    with pytest.raises(NotPlausible, match="Write why"):
        said("  ", "why")


# Consent


@pytest.mark.parametrize("id", list(consent_texts()))
def test_every_statement_must_be_agreed_to(id):
    text = consent_text(id)
    keys = tuple(one.key for one in text.statements)
    text.check_complete(keys)
    for left_out in keys:
        with pytest.raises(NotAgreed, match="not ticked"):
            text.check_complete(tuple(key for key in keys if key != left_out))


def test_the_digest_follows_the_words():
    text = consent_for("iv")
    changed = replace(text, statements=(replace(text.statements[0], text="Other words."),))
    assert changed.sha256 != text.sha256


def test_a_text_or_route_nobody_wrote_is_named():
    with pytest.raises(UnknownText, match="there are"):
        consent_text("no-such")
    with pytest.raises(UnknownText, match="oral"):
        consent_for("oral")


# Roles


@pytest.mark.parametrize("duty", list(Duty))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_does_what_the_table_says_and_no_more(nobody, role, duty):
    author = replace(nobody, roles=(role.value,))
    if role in MAY[duty]:
        require(author, duty)
    else:
        with pytest.raises(NotYours, match="Nothing was saved"):
            require(author, duty)


@pytest.fixture
def nobody():
    return actions.SYSTEM


def test_the_operator_sets_up_and_takes_files_in_but_treats_nobody():
    assert may(("SYSTEM",), Duty.IMPORT)
    assert not may(("SYSTEM",), Duty.PRESCRIBE)


def test_every_role_has_a_label():
    assert {role.label for role in Role} >= {"Prescriber", "Medical director"}


@pytest.mark.parametrize(
    ("days", "state"),
    [(-1, Validity.EXPIRED), (0, Validity.SOON), (60, Validity.SOON), (61, Validity.VALID)],
)
def test_a_credential_holds_to_its_last_day_and_warns_before(days, state):
    assert validity(TODAY + timedelta(days=days), on=TODAY) is state


# Rows


def test_the_same_document_twice_changes_nothing(nurse):
    first = receive(nurse, chart(HOSPITAL))
    before = list(journal.newest_first(clinic=nurse.clinic_id, most=50))
    again = receive(nurse, chart(HOSPITAL))
    assert (first.new, again.new, again.patient) == (True, False, first.patient)
    assert list(journal.newest_first(clinic=nurse.clinic_id, most=50)) == before


def test_a_second_document_finds_the_patient_by_what_the_first_taught(nurse):
    other = ("urn:ssn", "999")
    first = receive(nurse, chart(HOSPITAL))
    receive(nurse, chart(HOSPITAL, other), b"two")
    third = receive(nurse, chart(other), b"three")
    assert third.patient == first.patient
    assert set(queries.identifiers(clinic=nurse.clinic_id, patient=first.patient.id)) == {
        HOSPITAL,
        other,
    }


def test_a_document_that_names_two_patients_is_refused(nurse):
    other = ("urn:ssn", "999")
    receive(nurse, chart(HOSPITAL))
    receive(nurse, chart(other, given="Mara"), b"two")
    with pytest.raises(Refused, match="two patients"):
        receive(nurse, chart(HOSPITAL, other), b"three")


def test_the_newest_document_says_whether_the_patient_lives(nurse):
    died = datetime(2025, 4, 1, tzinfo=UTC)
    patient = receive(nurse, chart(HOSPITAL, deceased=True, died_at=died)).patient
    patient.refresh_from_db()
    assert (patient.deceased, patient.died_on) == (True, date(2025, 4, 1))
    receive(nurse, chart(HOSPITAL), b"two")
    patient.refresh_from_db()
    assert (patient.deceased, patient.died_on) == (False, None)


@pytest.mark.parametrize("search", ["m", "b m", "beatty", "BEA mil", "milán", "r-", "gustavo"])
def test_a_patient_is_found_by_how_any_name_or_the_number_begins(nurse, search):
    patient = receive(nurse, chart(HOSPITAL, given="Milan Gustavo")).patient
    register(nurse, "K-0007", "Ana", "Abbott")
    assert list(queries.patients(clinic=nurse.clinic_id, search=search)) == [patient]


@pytest.mark.parametrize("search", ["eatty", "beatty ana", "%", "_"])
def test_a_search_finds_nobody_else(nurse, search):
    receive(nurse, chart(HOSPITAL))
    assert not queries.patients(clinic=nurse.clinic_id, search=search)


def test_a_corrected_name_is_found_and_the_old_one_is_not(nurse):
    patient = register(nurse, "K-0007", "Ana", "Abbott")
    details = replace(CY, number="K-0007", family="Baker", given="Ana")
    actions.amend(patient=patient, details=details, reason="Married", by=nurse.author, at=NOW)
    assert list(queries.patients(clinic=nurse.clinic_id, search="baker")) == [patient]
    assert not queries.patients(clinic=nurse.clinic_id, search="abbott")


def test_pages_follow_each_other_without_a_gap(nurse):
    everybody = [
        register(nurse, f"K-{n:04}", "Ana" if n % 2 else "Bo", "Abbott" if n % 3 else "Castro").id
        for n in range(9)
    ]
    met, last = [], None
    while page := list(queries.patients(clinic=nurse.clinic_id, after=last)[:2]):
        met += [one.id for one in page]
        last = page[-1].id
    assert len(met) == 9
    assert set(met) == set(everybody)


def test_a_weight_taken_here_stands_before_the_older_one(nurse, patient):
    def weigh(day, value):
        item = ChartItem(
            Kind.VITAL,
            f"noted/{day}",
            "Body weight",
            value=Decimal(value),
            unit="kg",
            started_at=datetime(2026, 3, day, tzinfo=UTC),
        )
        actions.note_fact(patient=patient, item=item, by=nurse.author, at=NOW)

    weigh(9, "80.5")
    weigh(2, "79")
    found = queries.facts(clinic=nurse.clinic_id, patient=patient.id, kind=Kind.VITAL)
    assert [one.value for one in found] == [Decimal("80.5"), Decimal(79)]


def test_what_has_not_happened_yet_is_not_noted(nurse, patient):
    item = ChartItem(Kind.CONDITION, "noted/1", "Asthma", started_at=NOW + timedelta(days=2))
    with pytest.raises(NotPlausible, match="future"):
        actions.note_fact(patient=patient, item=item, by=nurse.author, at=NOW)


def test_who_left_is_no_colleague_any_more_and_nobody_shuts_themselves_out(director, nurse):
    with pytest.raises(Refused, match="your own way in"):
        actions.deactivate(staff=director.id, reason="x", by=director.author, at=NOW)
    actions.deactivate(staff=nurse.id, reason="Moved away", by=director.author, at=NOW)
    assert queries.colleague(clinic=director.clinic_id, id=nurse.id) is None
    assert queries.staff_of(nurse.user) is None


def test_nobody_of_another_clinic_is_touched(director, dee):
    with pytest.raises(Refused, match="Nobody who works"):
        actions.deactivate(staff=dee.id, reason="x", by=director.author, at=NOW)
    with pytest.raises(Refused, match="Nobody who works"):
        actions.certify(
            staff=dee.id, kind="ACLS", number="", expires_on=TODAY, by=director.author, at=NOW
        )


def test_nothing_is_written_about_a_patient_of_another_clinic(dee, patient):
    item = ChartItem(Kind.CONDITION, "noted/1", "Asthma")
    writes = (
        lambda by: actions.note_fact(patient=patient, item=item, by=by, at=NOW),
        lambda by: actions.note_reading(patient=patient, page="x", by=by, at=NOW),
        lambda by: actions.refer(patient=patient, referrer="x", reason="x", by=by, at=NOW),
        lambda by: actions.amend(patient=patient, details=CY, reason="x", by=by, at=NOW),
    )
    for write in writes:
        with pytest.raises(Refused, match="Nobody of this clinic"):
            write(dee.author)


def test_the_rows_are_what_the_journal_says(nurse, director, patient):
    receive(nurse, chart(HOSPITAL, deceased=True))
    receive(nurse, chart(HOSPITAL, ("urn:ssn", "999")), b"two")
    actions.refer(patient=patient, referrer="Dr Hale", reason="TRD", by=nurse.author, at=NOW)
    actions.deactivate(staff=nurse.id, reason="Moved", by=director.author, at=NOW)
    assert journal.rebuild()["people_patientword"] >= 3


def test_two_clinics_may_have_the_same_patient_apart(nurse, dee):
    here, there = receive(nurse, chart(HOSPITAL)), receive(dee, chart(HOSPITAL))
    assert here.patient != there.patient
    assert list(queries.patients(clinic=nurse.clinic_id)) == [here.patient]


def test_a_clinic_is_known_by_its_name(db):
    made = open_clinic("Elm Street Clinic")
    assert queries.clinic_named("Elm Street Clinic") == made
