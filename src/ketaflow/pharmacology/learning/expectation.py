"""What each virtual person would have shown at the times at which this patient was read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp

import numpy as np

from ketaflow.pharmacology import effects, forecast, library, simulation
from ketaflow.pharmacology.learning.errors import CannotBeCompared, Error, errors
from ketaflow.pharmacology.learning.readings import Earlier, NotAReading, Reading
from ketaflow.pharmacology.learning.weighing import Compared
from ketaflow.pharmacology.population import FloatArray, Subject
from ketaflow.pharmacology.simulation import MOST_VALUES, Run
from ketaflow.pharmacology.structure import KineticModel

# A level this far outside what people show is asked whether it slipped before it is weighed.
FAR = 3.0
SLIPS = (10.0, 0.1)


@dataclass(frozen=True)
class Population:
    """The virtual people: like whom, by which models and route, how many and from which seed."""

    models: tuple[KineticModel, ...]
    route: str
    subject: Subject
    run: Run


def compared(session: Earlier, population: Population) -> Iterator[Compared]:
    """Each kind of reading of `session` beside what the virtual people would have shown.

    Raises:
        CannotBeCompared: a level of a curve that no model here offers.
        NotAReading: a level that looks like a slip, or a change without its baseline.
    """
    wanted = dict.fromkeys((one.kind, one.curve) for one in session.readings)
    shown: dict[tuple[str, str], FloatArray] = {}
    for model in population.models:
        names = [key for key in wanted if offers(model, *key)]
        if names:
            shown |= curves(model, names, session, population)
    for key in wanted:
        if key not in shown:
            raise CannotBeCompared(no_such(key, population))
        found = [one for one in session.readings if (one.kind, one.curve) == key]
        yield beside(found, shown[key], session)


def offers(model: KineticModel, kind: str, curve: str) -> bool:
    """Whether `model` says anything about this kind of reading."""
    effect = errors()[kind].effect
    return effect in model.effects if effect else curve in {one.name for one in model.series}


def no_such(key: tuple[str, str], population: Population) -> str:
    """Why the reading cannot be compared, and what could."""
    kind, curve = key
    ids = ", ".join(one.id for one in population.models)
    if errors()[kind].effect:
        return f"{ids} forecast no {errors()[kind].name}: leave those readings out."
    names = "; ".join(shown.name for one in population.models for shown in one.series)
    return f"{ids} forecast no level called '{curve}'. Name one of these: {names}."


def curves(
    model: KineticModel, names: Sequence[tuple[str, str]], session: Earlier, population: Population
) -> Mapping[tuple[str, str], FloatArray]:
    """The named curves of every person at the times of their readings, shape `(n, m)`.

    The grid is a minute, or what memory allows; between two of its times it is linear.
    """
    last = max(one.at_min for one in session.readings)
    step = max(1.0, ceil(population.run.subjects * last / MOST_VALUES * 1.01))
    hours = max(ceil(last / step), 1) * step / 60.0
    number = session.session_number
    run = replace(population.run, hours=hours, grid_min=step, session_number=number)
    solution = simulation.solve(
        model, route=population.route, doses=session.doses, subject=population.subject, run=run
    )
    found = {}
    for kind, curve in names:
        people = whole(solution, errors()[kind].effect, curve, run)
        at = [one.at_min for one in session.readings if (one.kind, one.curve) == (kind, curve)]
        found[kind, curve] = at_times(people, np.array(at) / step)
    return found


def whole(solution: simulation.Solution, effect: str, curve: str, run: Run) -> FloatArray:
    """One curve of every person on the whole grid, shape `(n, t)`."""
    if effect:
        return forecast.response(library.effects()[effect], solution, run)
    (sums,) = (one.sums for one in solution.model.series if one.name == curve)
    return effects.NG_ML_PER_MG_L * forecast.total(solution, sums)


def at_times(people: FloatArray, places: FloatArray) -> FloatArray:
    """Values between the columns of `people`, shape `(n, m)`, at `places` counted in columns."""
    below = np.minimum(places.astype(int), people.shape[1] - 2)
    share = places - below
    return np.asarray(people[:, below] * (1.0 - share) + people[:, below + 1] * share)


def beside(found: Sequence[Reading], expected: FloatArray, session: Earlier) -> Compared:
    """What was read minus what was expected; a level by its logarithm."""
    error = errors()[found[0].kind]
    noise = error.noise_of(found[0].curve)
    values = np.array([one.value for one in found])
    if error.effect:
        return Compared(error, noise, values - session.baseline(error.kind) - expected, expected)
    for place, one in enumerate(found):
        insist_on_place(one, expected[:, place], error)
    return Compared(error, noise, np.log(values) - np.log(expected), np.ones_like(expected))


def insist_on_place(one: Reading, people: FloatArray, error: Error) -> None:
    """Refuse a level that nobody has but many would, were its decimal point elsewhere.

    Raises:
        NotAReading: naming the tenfold slip; or it was taken before any drug was in.
    """
    if people.min() <= 0.0:
        raise NotAReading(f"A level at {one.at_min:g} min was taken before any drug was in.")
    spread = exp(1.645 * (error.noise_of(one.curve) ** 2 + error.between_sessions**2) ** 0.5)
    low, high = np.quantile(people, 0.05) / spread, np.quantile(people, 0.95) * spread
    if low / FAR <= one.value <= high * FAR:
        return
    for factor in SLIPS:
        if low <= one.value * factor <= high:
            raise NotAReading(
                f"A level of {one.value:g} ng/mL at {one.at_min:g} min: people have {low:.3g} to "
                f"{high:.3g}. A tenfold slip for {one.value * factor:.3g} ng/mL? Correct it."
            )
