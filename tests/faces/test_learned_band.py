"""What earlier sessions teach stands over the population's band, and can be taken away."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ketaflow.people.roles import Role
from ketaflow.session import actions, queries
from ketaflow.session.wishes import Correction
from ketaflow.web import session_forecast, session_learning

from ..conftest import register
from ..laws import test_session_rows as rows
from ..laws.test_schedule_bookings import equip
from ..laws.test_session_rows import NASAL_ORDER, VITALS, Chairside
from .test_look import look, sign_in

RISES = {20: 14, 30: 24, 40: 30, 55: 12, 70: 6}
APART = timedelta(days=3)


class Visits:
    """A patient who comes every three days; the last visit began two hours ago."""

    def __init__(self, monkeypatch, staff, patient):
        self.director, self.nurse, self.prescriber = staff
        self.patient, self.patch = patient, monkeypatch
        self.day = timezone.now() - timedelta(hours=2) - 3 * APART
        self.move(0)
        rows.sign_policy(self.director)
        first = rows.at().astimezone(self.nurse.clinic.zone).date()
        equip(self.director, self.nurse, chairs=3, days=10, first=first, at=rows.at())
        self.course = self.plan(patient)

    def move(self, visits):
        self.patch.setattr(rows, "NOW", self.day + visits * APART)

    def plan(self, patient, **order):
        course = rows.plan(patient, self.prescriber, **order)
        rows.screen(patient, self.nurse, course)
        rows.agree(patient, course, self.nurse)
        return course

    def arrive(self, course=None, place="Chair 1"):
        course = (course or self.course).id
        session = actions.walk_in(
            course=course, chair=place, nurse=self.nurse.id, by=self.nurse.author, at=rows.at()
        )
        return Chairside(session, self.nurse, self.prescriber)

    def whole(self, times_as_high=1.0, course=None):
        """A session from check-in to the way home, with five readings."""
        chair = self.arrive(course).run()
        for minute, rise in RISES.items():
            higher = VITALS["systolic"] + Decimal(round(rise * times_as_high))
            if minute == 40:
                chair.do(actions.stop, 50, reason="complete")
            chair.measure(minute + 10, systolic=higher)
        return chair.measure(95).score(109).leave(111)

    def last(self, earlier=2, times_as_high=1.0):
        """So many sessions, then the patient in the chair for the next one."""
        for visit in range(earlier):
            self.move(visit + 3 - earlier)
            self.whole(times_as_high)
        self.move(3)
        return self.arrive().run()


@pytest.fixture
def visits(monkeypatch, director, nurse, prescriber, patient):
    return Visits(monkeypatch, (director, nurse, prescriber), patient)


def room(chair):
    return queries.room(clinic=chair.nurse.clinic_id, id=chair.id)


def draw(chair, minute=30, **asked):
    return session_forecast.draw(room(chair), at=rows.at(minute), **asked)


def of_pressure(drawn):
    return drawn.charts[1]


def test_what_earlier_sessions_teach_is_drawn_over_the_population(visits):
    drawn = draw(visits.last())
    population, learned, measured = of_pressure(drawn).lines
    assert population.label == "the population"
    assert learned.label == "the population weighted by earlier sessions"
    assert measured.dots
    assert max(learned.values) > 1.2 * max(population.values), "she rose twice as high"
    assert all(low <= high for low, high in zip(learned.low, learned.high, strict=True))
    assert "12 readings of systolic pressure in 2 sessions" in drawn.lesson.words
    assert "stays a forecast of people like this patient" in drawn.lesson.words
    assert "Among the people who fit this patient's earlier sessions" in of_pressure(drawn).words
    assert [len(chart.lines) for chart in drawn.charts] == [1, 3, 1]


def test_the_population_alone_is_what_it_was(visits):
    chair = visits.last()
    both, alone = draw(chair), draw(chair, alone=True)
    assert of_pressure(alone).lines[0].values == of_pressure(both).lines[0].values
    assert [len(chart.lines) for chart in alone.charts] == [1, 2, 1]
    assert alone.lesson == session_learning.NOTHING


def test_the_page_says_it_and_a_link_takes_it_away_without_scripts(visits, signed_in):
    address = reverse("session", args=[visits.last().id])
    client = signed_in(Role.NURSE)
    page = client.get(address).content.decode()
    assert "Learned from 12 readings" in page
    assert "Learning assumes that a cuff reads within 8 mmHg" in page
    assert 'href="' + address + '?forecast=population#forecast"' in page
    alone = client.get(f"{address}?forecast=population").content.decode()
    assert "Only the population is shown" in alone
    assert "Learned from" not in alone
    assert 'href="' + address + '#forecast"' in alone


def test_the_first_session_has_nothing_to_learn_from(visits):
    visits.move(3)
    drawn = draw(visits.arrive())
    assert drawn.lesson == session_learning.NOTHING
    assert len(of_pressure(drawn).lines) == 1


def test_readings_that_fit_nobody_leave_the_population_and_say_so(visits, signed_in):
    chair = visits.last(times_as_high=4)
    drawn = draw(chair)
    assert drawn.lesson.rise is None
    assert "this is the population's forecast" in drawn.lesson.words
    assert len(of_pressure(drawn).lines) == 2
    page = signed_in(Role.NURSE).get(reverse("session", args=[chair.id])).content.decode()
    assert "Not learned from earlier sessions." in page


def test_a_session_the_model_was_not_made_for_is_a_sentence(visits, monkeypatch):
    chair = visits.last()
    monkeypatch.setattr("ketaflow.pharmacology.learning.readings.MOST_READINGS", 3)
    session_learning._taught.cache_clear()
    drawn = draw(chair)
    assert drawn.lesson.words.startswith("Nothing was learned from earlier sessions. Session 1 has")
    assert len(of_pressure(drawn).lines) == 2


def test_another_drug_and_another_patient_teach_nothing(visits, nurse):
    other = visits.plan(register(nurse, "K-77", "Other", "Person"))
    visits.whole(course=other)
    visits.move(3)
    spray = visits.arrive(visits.plan(visits.patient, order=NASAL_ORDER), "Chair 2")
    assert queries.earlier(clinic=nurse.clinic_id, session=spray.row) == []
    spray.do(actions.cancel, 1, reason="a cold")
    first = visits.arrive()
    assert queries.earlier(clinic=nurse.clinic_id, session=first.row) == []


def test_a_corrected_reading_is_learned_from_as_corrected(visits):
    visits.move(2)
    before = visits.whole()
    visits.move(3)
    chair = visits.arrive()
    peak = max(of_pressure(draw(chair)).lines[1].values)
    wrong = next(one for one in before.state.readings if one.vitals.systolic == 160)
    visits.move(2)
    right = {name: int(value) for name, value in VITALS.items()} | {"systolic": 140}
    told = Correction(wrong.line.ordinal, right, "typed wrongly")
    before.do(actions.correct, 200, correction=told)
    visits.move(3)
    assert max(of_pressure(draw(chair)).lines[1].values) < peak


def test_the_same_page_again_does_not_learn_again(visits):
    chair = visits.last(1)
    draw(chair, 30)
    before = session_learning._taught.cache_info()
    draw(chair, 31)
    after = session_learning._taught.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (1, 0)


def test_earlier_sessions_cost_the_same_few_questions_however_many(visits, nurse):
    def asked(chair):
        with CaptureQueriesContext(connection) as captured:
            found = queries.earlier(clinic=nurse.clinic_id, session=chair.row)
        return len(found), len(captured)

    visits.move(1)
    visits.whole()
    visits.move(2)
    one, few = asked(visits.arrive().run())
    chair = Chairside(visits.course.sessions.get(ended_at=None), nurse, visits.prescriber)
    chair.do(actions.stop, 50, reason="complete").measure(95).score(109).leave(111)
    visits.move(3)
    two, many = asked(visits.arrive())
    assert (one, two) == (1, 2)
    assert few == many <= 4


@pytest.mark.browser
def test_the_learned_band_has_no_barrier(page, committed, visits, nurse):
    chair = visits.last().measure(40, systolic=Decimal(150))
    sign_in(page, nurse)
    page.goto(reverse("session", args=[chair.id]))
    assert page.get_by_text("the population weighted by earlier sessions, with its").is_visible()
    look(page, "session-learned")
    page.get_by_role("link", name="Show the population alone").click()
    page.get_by_text("Only the population is shown").wait_for()
    look(page, "session-population")
