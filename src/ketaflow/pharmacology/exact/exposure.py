"""Exposure over a whole course: peak and area of each session, and levels at any time.

Exact but for rounding, except that a peak between two looks is read off the polynomial of degree
five that has the curve's value, slope and bend at both; it is within 1e-8 of the true peak.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ketaflow.pharmacology import doses as giving
from ketaflow.pharmacology.doses import MIN_PER_H, Dose, IllFormedProgramme
from ketaflow.pharmacology.exact import peaks
from ketaflow.pharmacology.exact.assembly import Body, body
from ketaflow.pharmacology.exact.itinerary import itinerary
from ketaflow.pharmacology.exact.system import in_order
from ketaflow.pharmacology.kinetics import Push, Rates
from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.structure import KineticModel, Shown


@dataclass(frozen=True)
class Given:
    """One session of a course: its doses, in minutes from `at_h` hours into the course."""

    at_h: float
    doses: tuple[Dose, ...]


@dataclass(frozen=True)
class Watch:
    """How far to look, at which hours levels are wanted, and which curves by name (none: all)."""

    until_h: float
    at_h: tuple[float, ...] = ()
    curves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exposure:
    """Of one curve: peak (mg/L) and area (mg h/L) of each session, shape `(n, sessions)`.

    A session lasts until the next begins, the last until the end; `levels` (mg/L) are at the hours
    that were asked for, shape `(n, times)`.
    """

    cmax: FloatArray
    auc: FloatArray
    levels: FloatArray


def exposure(
    model: KineticModel,
    *,
    route: str,
    course: Sequence[Given],
    people: Mapping[str, FloatArray],
    watch: Watch,
) -> Mapping[str, Exposure]:
    """Peak, area and levels of every curve of `model` in everybody over a whole course.

    What one person gets does not depend on who else is asked about, so people can be handed in a
    slice at a time and memory stays that of one slice.

    Args:
        model: a published parameter set.
        route: a route the model has.
        course: sessions in order of time.
        people: parameters by name in mg, L and h, each of shape `(n,)`.
        watch: what is wanted.

    Raises:
        IllFormedProgramme: a session that is empty, backwards, overlapping or never ends, that
            runs into the next, or a watch that ends before it begins.
    """
    insist_on_order(course, watch)
    whole = body(model, people, route=route)
    shown = [one for one in model.series if not watch.curves or one.name in watch.curves]
    levels, areas, integrals = followed(whole, shown)
    moments, *pushed = in_order(course_pushes(whole, course), whole.people)
    plan = itinerary(moments, [*(one.at_h for one in course), watch.until_h], watch.at_h)
    peak, area, level = peaks.run(whole.system([*levels, *areas], integrals), tuple(pushed), plan)
    return {
        one.name: Exposure(peak[place], area[place], level[place])
        for place, one in enumerate(shown)
    }


def insist_on_order(course: Sequence[Given], watch: Watch) -> None:
    """Refuse a course that runs backwards or into itself, or is not looked at to its end.

    Raises:
        IllFormedProgramme: naming the session.
    """
    if not course:
        raise IllFormedProgramme("There is no session: give at least one.")
    for number, one in enumerate(course, start=1):
        giving.check(one.doses)
        if not 0 <= one.at_h < np.inf:
            raise IllFormedProgramme(
                f"Session {number} starts at {one.at_h:g} h; it must be 0 or later."
            )
    for number, (one, following) in enumerate(pairwise(course), start=2):
        last_h = one.at_h + one.doses[-1].at_min / MIN_PER_H
        if following.at_h <= one.at_h or following.at_h < last_h:
            raise IllFormedProgramme(
                f"Session {number} starts at {following.at_h:g} h, before the one it follows has "
                f"ended at {last_h:g} h. Put the sessions in order of time."
            )
    if not course[-1].at_h < watch.until_h < np.inf:
        raise IllFormedProgramme(
            f"The last session starts at {course[-1].at_h:g} h, so nothing is seen until "
            f"{watch.until_h:g} h. Look further."
        )
    times = np.array([0.0, *watch.at_h, watch.until_h])
    if not (np.diff(times) >= 0).all():
        raise IllFormedProgramme(
            f"Levels are wanted at hours in order, from 0 to {watch.until_h:g} h."
        )


def course_pushes(whole: Body, course: Sequence[Given]) -> list[Push]:
    """What every session adds to the states."""
    return [
        Push(one.at_h + push.at_h, push.into, push.amount)
        for one in course
        for push in whole.pushes(one.doses)
    ]


def followed(whole: Body, shown: Sequence[Shown]) -> tuple[list[list], list[list], Rates]:
    """Levels and areas as curves, and the states that add the areas up."""
    levels = [[whole.level(*pair) for pair in one.sums] for one in shown]
    pairs = dict.fromkeys(pair for one in shown for pair in one.sums)
    places = {pair: whole.size + place for place, pair in enumerate(pairs)}
    integrals: Rates = {}
    for pair, place in places.items():
        state, per_volume = whole.level(*pair)
        integrals[place, state] = per_volume
    areas = [[(places[pair], 1.0) for pair in one.sums] for one in shown]
    return levels, areas, integrals
