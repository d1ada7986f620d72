"""Enough people for those who have had the drug: by the clinic's own number, said in words."""

from decimal import Decimal

import pytest

from ketaflow.protocol.limits import Policy
from ketaflow.session.staffing.ratio import LIMIT, staffing

THREE = Policy("1", "Dr Mia Director", None, {LIMIT: Decimal(3)})


def test_within_the_policy_it_is_one_sentence():
    found = staffing(["Ada", "Ada", "Noah"], on_duty=2, policy=THREE)
    assert found.words == (
        "3 patients under the drug or observed, 2 people on duty; the policy allows 3 for each."
    )
    assert found.beyond == ()


@pytest.mark.parametrize(
    ("watched", "on_duty", "said"),
    [
        (["Ada"] * 4, 2, ["Ada is responsible for 4 patients; the policy allows 3 for each."]),
        (
            ["Ada", "Noah", "Ada", "Noah"],
            1,
            ["4 patients for 1 person on duty; the policy allows 3 for each."],
        ),
        (["Ada"], 0, ["1 patient for 0 people on duty; the policy allows 3 for each."]),
    ],
)
def test_more_than_the_policy_allows_is_named(watched, on_duty, said):
    assert list(staffing(watched, on_duty=on_duty, policy=THREE).beyond) == said


def test_a_number_that_the_clinic_has_not_set_is_compared_with_nothing():
    found = staffing(["Ada"] * 9, on_duty=1, policy=Policy("1", "", None, {}))
    assert found.beyond == ()
    assert staffing([], on_duty=0, policy=None).words == (
        "0 patients under the drug or observed, 0 people on duty."
    )
