"""Exposure over a whole course: peak and area of each session, and levels at any time.

Exact but for rounding, except that a peak between two looks is read off the polynomial of degree
five that has the curve's value, slope and bend at both; it is within 1e-8 of the true peak.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ketaflow.pharmacology import doses as giving
from ketaflow.pharmacology.doses import MIN_PER_H, Dose, IllFormedProgramme
from ketaflow.pharmacology.exact.assembly import Body, body
from ketaflow.pharmacology.exact.compiled import share
from ketaflow.pharmacology.exact.kernels.eight import PEOPLE
from ketaflow.pharmacology.exact.kernels.peaks import follow
from ketaflow.pharmacology.exact.plans.itinerary import Itinerary, itinerary
from ketaflow.pharmacology.exact.system import Curve, System, in_order
from ketaflow.pharmacology.exact.wiring import Desk, IntArray, Lists, desk
from ketaflow.pharmacology.kinetics import SAME_H, Push, Rates
from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.structure import KineticModel, Shown

LEAST = 64


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
            runs into the next, a watch that ends before it begins, or an unknown curve.
    """
    insist_on_order(course, watch)
    whole = body(model, people, route=route)
    shown = chosen(model, watch.curves)
    levels, areas, integrals = followed(whole, shown)
    moments, into, amount = in_order(course_pushes(whole, course), whole.people)
    plan = itinerary(moments, [*(one.at_h for one in course), watch.until_h], watch.at_h)
    peak, area, level = run(whole.system([*levels, *areas], integrals), (into, amount), plan)
    return {
        one.name: Exposure(peak[place], area[place], level[place])
        for place, one in enumerate(shown)
    }


def chosen(model: KineticModel, names: Sequence[str]) -> list[Shown]:
    """The curves called `names`, in the model's order; without names, all.

    Raises:
        IllFormedProgramme: naming the curve there is none of.
    """
    known = {one.name: one for one in model.series}
    for name in names:
        if name not in known:
            raise IllFormedProgramme(f"There is no curve {name}. There are {', '.join(known)}.")
    return [one for name, one in known.items() if not names or name in names]


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
    times = np.array([-1.0, *watch.at_h])
    inside = ((times[1:] >= 0) & (times[1:] <= watch.until_h)).all()
    if not (inside and (np.diff(times) > SAME_H).all()):
        raise IllFormedProgramme(
            f"Levels are wanted at hours in order, each once, from 0 to {watch.until_h:g} h."
        )


def course_pushes(whole: Body, course: Sequence[Given]) -> list[Push]:
    """What every session adds to the states."""
    return [
        Push(one.at_h + push.at_h, push.into, push.amount)
        for one in course
        for push in whole.pushes(one.doses)
    ]


def followed(whole: Body, shown: Sequence[Shown]) -> tuple[list[Curve], list[Curve], Rates]:
    """Levels and areas as curves, and the states that add the areas up."""
    levels: list[Curve] = [[whole.level(*pair) for pair in one.sums] for one in shown]
    pairs = dict.fromkeys(pair for one in shown for pair in one.sums)
    places = {pair: whole.size + place for place, pair in enumerate(pairs)}
    integrals: Rates = {}
    for pair, place in places.items():
        state, per_volume = whole.level(*pair)
        integrals[place, state] = per_volume
    areas: list[Curve] = [[(places[pair], 1.0) for pair in one.sums] for one in shown]
    return levels, areas, integrals


class View(NamedTuple):
    """Where on the desk a look is noted: value, slope and bend of every curve."""

    value: int
    slope: int
    bend: int


class Views(NamedTuple):
    """Two looks in turn, the best value of each curve, and room for two flows."""

    one: View
    other: View
    best: int
    flow: int
    size: int


def views(at: Lists, free: int) -> Views:
    """Their places, from `free` on."""
    curves = at.curves // 2
    begins = (free + np.cumsum([0, *[curves] * 7, 2 * at.states])).tolist()
    return Views(View(*begins[:3]), View(*begins[3:6]), *begins[6:])


def run(
    system: System, pushed: tuple[IntArray, FloatArray], plan: Itinerary
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Peak and area of each window, and levels, of the first half of the system's curves.

    Args:
        system: curves, and then for each of them the one that adds up its area.
        pushed: state and amount of each push.
        plan: where to look.

    Returns:
        Shapes `(curves, n, windows)` twice and `(curves, n, levels)`.
    """
    curves, people = system.curves // 2, system.people
    windows, levels = int(plan.legs[:, 3].max()), int(plan.legs[:, 4].max()) + 1
    peak, area = np.empty((2, curves, people, windows))
    level = np.empty((curves, people, levels))
    at, lists = system.wiring
    bare = desk(at, len(plan.steps), free=0)
    looks = views(at, bare.free)
    places: Desk = bare._replace(size=looks.size)
    told = (at, lists, places, looks, system.rates, system.weights, *pushed, *plan)
    share(follow, -(-people // PEOPLE), *told, (peak, area, level), least=LEAST // PEOPLE)
    return peak, area, level
