"""What a patient is told before a session: the clinic's numbers or the label's, never others."""

from datetime import time
from decimal import Decimal

from ketaflow.portal.patient.crisis import opening_lines
from ketaflow.portal.patient.preparing import before, hours
from ketaflow.protocol.limits import Policy
from ketaflow.schedule.hours import Hours

VALUES = {
    "iv_fasting_food_h": Decimal("6.0"),
    "iv_fasting_liquid_h": Decimal(1),
    "alcohol_free_h": Decimal(24),
}


def policy(values):
    return Policy(version="1", signed_by="Mia Director", signed_at=None, values=values)


def test_without_a_course_there_is_nothing_to_prepare():
    assert before("", policy(VALUES)) == ()


def test_before_an_infusion_the_clinics_own_hours_count():
    said = " ".join(before("iv", policy(VALUES)))
    assert "Do not eat for 6 hours before the session." in said
    assert "Do not drink for 1 hour before the session." in said
    assert "Do not drink alcohol for 24 hours before the session." in said


def test_a_clinic_that_set_no_hours_makes_up_none():
    for known in (None, policy({}), policy({"iv_fasting_food_h": Decimal(6)})):
        said = " ".join(before("iv", known))
        assert "Ask us how long" in said
        assert not any(sign.isdigit() for sign in said)


def test_before_the_spray_the_label_counts():
    said = " ".join(before("nasal", policy(VALUES)))
    assert "Do not eat for 2 hours" in said
    assert "nose spray for 1 hour" in said
    assert "6 hours" not in said


def test_nobody_is_told_to_stop_a_medicine_and_everybody_is_taken_home():
    for route in ("iv", "nasal"):
        said = " ".join(before(route, None))
        assert "Do not stop any on your own." in said
        assert "an adult who takes you home" in said


def test_hours_read_as_words():
    assert (hours(Decimal("1.0")), hours(Decimal("0.5"))) == ("1 hour", "0.5 hours")


def test_opening_hours_stand_monday_first():
    week = {4: Hours(time(9), time(12)), 0: Hours(time(8), time(17))}
    assert opening_lines(week) == ("Monday: 08:00 to 17:00", "Friday: 09:00 to 12:00")
