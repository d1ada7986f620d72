"""What no source settles has no default: the clinic sets and signs it, or no session starts."""

from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from ketaflow.protocol import limits
from ketaflow.protocol.figures import BadFigure
from ketaflow.protocol.limits import Policy, PolicyNotReady

SIGNED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
AT_ODDS = {
    "ketamine_max_mg_session": D(100),
    "ketamine_max_mg_day": D(100),
    "alert_systolic_mmhg": D(165),
    "stop_systolic_mmhg": D(200),
    "alert_diastolic_mmhg": D(100),
    "stop_diastolic_mmhg": D(120),
    "predose_diastolic_max_mmhg": D(90),
    "predose_systolic_max_mmhg": D(140),
    "heart_rate_min_per_min": D(45),
    "heart_rate_max_per_min": D(120),
    "sedation_stop_moaas": D(2),
    "sedation_pause_moaas": D(3),
    "iv_observation_min": D(60),
    "iv_recovery_booking_min": D(60),
    "iv_fasting_liquid_h": D(2),
    "iv_fasting_food_h": D(6),
    "review_soft_sessions": D(12),
    "review_hard_sessions": D(24),
}


def policy(**changed) -> Policy:
    values = {key: limit.low for key, limit in limits.limits().items()} | AT_ODDS | changed
    return Policy("1", "Dr Example", SIGNED_AT, {k: v for k, v in values.items() if v is not None})


def test_no_limit_comes_with_a_value():
    assert not any(hasattr(limit, "value") for limit in limits.limits().values())
    assert len(limits.missing(Policy("1", "", None, {}))) == len(limits.limits())


@pytest.mark.parametrize("limit", limits.limits().values(), ids=lambda limit: limit.key)
def test_every_limit_says_why_it_is_the_clinics_and_what_was_seen(limit):
    assert limit.label
    assert limit.why_local
    assert limit.seen
    assert limit.sources
    assert limit.low < limit.high


def test_a_complete_signed_policy_opens_the_clinic():
    assert limits.check(policy()).value("patients_per_nurse") == 1


def test_without_a_policy_no_session_starts():
    with pytest.raises(PolicyNotReady, match="has no policy"):
        limits.check(None)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"spo2_min_pct": None}, "leaves open 'Lowest oxygen saturation'"),
        ({"spo2_min_pct": None, "patients_per_nurse": None}, "and 1 more"),
        ({"spo2_min_pct": D(9)}, "between 80 and 99 %"),
        ({"spo2_min_pct": D("NaN")}, "got NaN"),
        ({"spo2_min_pct": D("92.5")}, "whole number"),
        ({"stop_systolic_mmhg": D(165)}, "must be below"),
        ({"iv_recovery_booking_min": D(30)}, "must be at most"),
        ({"wishful": D(1)}, "wishful is not a limit"),
    ],
)
def test_a_policy_with_a_hole_or_a_contradiction_is_refused(changed, says):
    with pytest.raises(PolicyNotReady, match=says):
        limits.check(policy(**changed))


@pytest.mark.parametrize(("by", "at"), [("", SIGNED_AT), ("Dr Example", None)])
def test_an_unsigned_policy_is_refused(by, at):
    with pytest.raises(PolicyNotReady, match="not signed"):
        limits.check(Policy("1", by, at, policy().values))


def test_half_a_policy_is_judged_by_what_it_holds():
    assert limits.problems(Policy("1", "", None, {"alert_systolic_mmhg": D(165)})) == ()


def test_a_value_not_set_is_asked_for_by_its_name():
    with pytest.raises(PolicyNotReady, match="Most ketamine in one day"):
        limits.caps(policy(ketamine_max_mg_day=None))


def test_the_policy_gives_the_caps_of_a_session():
    found = limits.caps(policy(), given_today_mg=D(40))
    assert (found.session_mg, found.day_mg, found.given_today_mg) == (100, 100, 40)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"unit": "mg"}, "needs label"),
        ({"label": "a", "unit": "mg", "why_local": "b", "seen": "c", "low": 2, "high": 1}, "below"),
    ],
)
def test_a_limit_that_lacks_something_does_not_load(row, says):
    with pytest.raises(BadFigure, match=says):
        limits._limit("one", "caps", row)
