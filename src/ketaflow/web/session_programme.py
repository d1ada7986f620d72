"""What a session gives, as the engine takes it: what was given, and the rest as ordered."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ketaflow.pharmacology.doses import Dose, Infusion, NasalDose, infusion
from ketaflow.protocol.library import Route
from ketaflow.refusals import Refused
from ketaflow.session.administration import ends_at, spray
from ketaflow.session.fold import SessionState

MINUTE = timedelta(minutes=1)


class NotForecast(Refused):
    """Something that a forecast needs is not on record."""


def programme(state: SessionState, at: datetime) -> tuple[Dose, ...]:
    """What was given until `at` and the rest as ordered, in minutes since the drug began.

    A paused pump is drawn as if it stayed paused.

    Raises:
        NotForecast: the order has no total dose or no duration.
    """
    order = state.preparation.order
    if order.route is Route.NASAL:
        return tuple(_sprays(state, at))
    if state.started_at:
        return tuple(_steps(state, state.started_at, at))
    if order.dose_mg is None or order.duration_min is None:
        raise NotForecast("No forecast: the order has no total dose and duration.")
    return infusion(float(order.dose_mg), float(order.duration_min))


def _steps(state: SessionState, zero: datetime, at: datetime) -> Iterator[Infusion]:
    # Of two changes at one moment the later holds.
    rates = {minute_of(step.at, zero): float(step.rate_mg_min) for step in state.programme}
    yield from (Infusion(minute, rate) for minute, rate in rates.items())
    last = max(rates)
    if rates[last]:
        until = ends_at(state.preparation.order, state.programme, at=at)
        # Running past the ordered dose, the pump is still running now.
        yield Infusion(max(minute_of(max(until or at, at), zero), last + 1 / 60), 0.0)


def _sprays(state: SessionState, at: datetime) -> Iterator[NasalDose]:
    device = spray()
    zero = state.started_at or at
    given = [NasalDose(minute_of(one.at, zero), float(one.dose_mg)) for one in state.devices]
    yield from given
    if state.stopped_at:
        return
    rest = float(device.rest_min.value)
    following = max(given[-1].at_min + rest, minute_of(at, zero)) if given else 0.0
    for number in range(state.preparation.order.devices - len(given)):
        yield NasalDose(following + number * rest, float(device.device_mg.value))


def minute_of(moment: datetime, zero: datetime) -> float:
    """Minutes from `zero` to `moment`."""
    return (moment - zero) / MINUTE
