"""Does a session add up: what was drawn for it, what became of that, and what the session says."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from ketaflow.custody.amounts import NOTHING
from ketaflow.custody.items import Form
from ketaflow.protocol import slips
from ketaflow.protocol.figures import show
from ketaflow.refusals import Refused

STEP = Decimal("0.001")


class Residue(Refused):
    """Drug that was drawn for a session is not explained, so the session cannot close."""


class NotTheOrder(Refused):
    """What was taken is not what was ordered for this session."""


class Settled(Refused):
    """The account of this session is closed."""


@dataclass(frozen=True)
class Wanted:
    """What a session's verified order asks for; `strength_mg` is None when it does not say."""

    drug: str
    form: Form
    dose_mg: Decimal
    strength_mg: Decimal | None
    quantity: Decimal | None


@dataclass(frozen=True)
class Left:
    """What is in one syringe or device: of which container, how much, and how strong it is."""

    container: str
    draw: int
    quantity: Decimal
    strength_mg: Decimal

    @property
    def mg(self) -> Decimal:
        """Milligrams in it."""
        return self.quantity * self.strength_mg


@dataclass(frozen=True)
class Became:
    """What one draw comes to when its session closes: given, and what nobody can explain."""

    left: Left
    administered: Decimal
    unexplained: Decimal


def take(wanted: Wanted, *, drug: str, form: Form, strength_mg: Decimal) -> None:
    """Accept a container for a session.

    Raises:
        NotTheOrder: another drug, or another form.
        Slip: a vial of another strength than the one that the dose was worked out for.
    """
    if drug != wanted.drug:
        raise NotTheOrder(
            f"This is {drug} and {wanted.drug} is ordered. Put it back and take {wanted.drug}."
        )
    if form is not wanted.form:
        raise NotTheOrder(
            f"This is a {form.label} and the order is for a {wanted.form.label}. Take that."
        )
    if wanted.strength_mg is not None and strength_mg != wanted.strength_mg:
        if form is Form.VIAL:
            slips.strength(strength_mg, ordered_mg_ml=wanted.strength_mg)
        raise NotTheOrder(
            f"This {form.label} holds {show(strength_mg)} mg and {show(wanted.strength_mg)} mg is "
            "ordered. Take the ordered one."
        )


def measure(wanted: Wanted, quantity: Decimal, *, drawn_before: Decimal) -> None:
    """Accept the amount drawn up beside the amount ordered; a tenfold slip upwards is named.

    Less may be all that was left in a vial; the drug does not start before all of it is drawn.

    Raises:
        Slip: a power of ten away from what is still to be drawn.
    """
    if wanted.quantity is None or wanted.form is not Form.VIAL:
        return
    still = wanted.quantity - drawn_before
    if quantity > still > 0:
        slips.beside(quantity, still, name="volume", unit="mL")


def settle(
    left: Sequence[Left], *, given_mg: Decimal, agreement_mg: Decimal, explained: bool = False
) -> tuple[Became, ...]:
    """What each draw of a session comes to, now that it ends.

    Args:
        left: what is neither wasted nor returned nor lost, draw by draw.
        given_mg: what the session says was given.
        agreement_mg: how far the two may lie apart, as the clinic signed.
        explained: an incident says why they differ; what was not given then counts as lost to it.

    Returns:
        For each draw what was given of it; what is left over only where `explained`.

    Raises:
        Residue: the two do not agree.
    """
    total_mg = sum((one.mg for one in left), NOTHING)
    if abs(total_mg - given_mg) <= agreement_mg and bool(given_mg) >= bool(total_mg):
        return tuple(Became(one, one.quantity, NOTHING) for one in left)
    if not explained:
        raise Residue(_sentence(total_mg, given_mg, agreement_mg))
    return _shared(left, given_mg)


def _shared(left: Sequence[Left], given_mg: Decimal) -> tuple[Became, ...]:
    found, still_mg = [], given_mg
    for one in left:
        quantity = min(one.quantity, (still_mg / one.strength_mg).quantize(STEP, ROUND_DOWN))
        still_mg -= quantity * one.strength_mg
        found.append(Became(one, quantity, one.quantity - quantity))
    return tuple(found)


def _sentence(left_mg: Decimal, given_mg: Decimal, agreement_mg: Decimal) -> str:
    drawn = f"{_mg(left_mg)} mg of what was drawn is neither wasted nor returned"
    given = f"the session says {_mg(given_mg)} mg was given"
    if left_mg > given_mg:
        do = f"Waste the other {_mg(left_mg - given_mg)} mg with a witness"
    else:
        do = "Record the missing draw, or correct the session's times"
    return (
        f"{drawn}, and {given}: more than the {_mg(agreement_mg)} mg apart that the clinic allows. "
        f"{do}, or explain it as a discrepancy."
    )


def _mg(value: Decimal) -> str:
    return show(round(value, 2))
