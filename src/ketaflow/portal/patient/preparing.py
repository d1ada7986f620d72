"""What a patient does before a session: from the clinic's policy and the label, in plain words."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from ketaflow.protocol.figures import show
from ketaflow.protocol.limits import Policy

NASAL = "nasal"


def before(route: str, policy: Policy | None) -> tuple[str, ...]:
    """What to do before a session of a course by `route`; nothing without a course.

    Source:
        Fasting, alcohol and medicines before an infusion: the clinic's policy (LOCAL). Spray: the
        label (S24). Escort and driving: S25, S28.
    """
    if not route:
        return ()
    limits = policy.values if policy else {}
    fasting = _spray() if route == NASAL else _infusion(limits)
    return (
        *fasting,
        *_alcohol(limits),
        _(
            "Take your medicines as we agreed. Do not stop any on your own. "
            "Ask us if you are not sure, or if anything about them has changed."
        ),
        _("Bring the name and phone number of an adult who takes you home."),
        _(
            "Do not drive, use machines or decide anything important until the next day, "
            "after a night's sleep."
        ),
    )


def _infusion(limits: Mapping[str, Decimal]) -> Iterator[str]:
    food, liquid = limits.get("iv_fasting_food_h"), limits.get("iv_fasting_liquid_h")
    if food is None or liquid is None:
        yield _("Ask us how long before the session you should stop eating and drinking.")
        return
    yield _("Do not eat for %(hours)s before the session.") % {"hours": hours(food)}
    yield _("Do not drink for %(hours)s before the session.") % {"hours": hours(liquid)}


def _spray() -> Iterator[str]:
    yield _("Do not eat for 2 hours before the session.")
    yield _("Do not drink for 30 minutes before the session.")
    yield _("Do not use another nose spray for 1 hour before the session.")


def _alcohol(limits: Mapping[str, Decimal]) -> Iterator[str]:
    if free := limits.get("alcohol_free_h"):
        yield _("Do not drink alcohol for %(hours)s before the session.") % {"hours": hours(free)}


def hours(amount: Decimal) -> str:
    """A number of hours in words."""
    if amount == 1:
        return _("1 hour")
    return _("%(number)s hours") % {"number": show(amount)}
