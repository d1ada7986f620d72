"""Reweights the virtual people by what was read at this patient, or says why it does not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import chain
from typing import Unpack

from ketaflow.pharmacology import forecast
from ketaflow.pharmacology.learning import readings
from ketaflow.pharmacology.learning.errors import errors, guard
from ketaflow.pharmacology.learning.expectation import Population, compared
from ketaflow.pharmacology.learning.readings import Earlier
from ketaflow.pharmacology.learning.weighing import Evidence, effective, largest_misfit
from ketaflow.pharmacology.population import FloatArray, Subject
from ketaflow.pharmacology.simulation import Asked, NotAForecast, Run

# More people are drawn when too few of the first fit: those who react most are few.
PEOPLE = (2000, 6000)
STAYS = (
    "It stays a forecast of people like this patient, not of this patient alone: one person's "
    "sessions differ too, by amounts that are assumed."
)


@dataclass(frozen=True)
class Learned:
    """What earlier readings teach: a weight for each virtual person, or a sentence why none.

    `effective` is what the weights are worth in equally counting people, `after` the same after
    each session. Without weights the forecast is the population's.
    """

    people: int
    sessions: int
    readings: tuple[tuple[str, int], ...]
    effective: float
    after: tuple[float, ...] = ()
    assumed: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    refused: str = ""
    weights: FloatArray | None = field(default=None, compare=False, repr=False)

    @property
    def asked(self) -> Asked:
        """What to ask of `forecast` beside the rest; nothing where nothing was learned."""
        if self.weights is None:
            return {}
        return {"subjects": self.people, "weights": self.weights}

    @property
    def too_few(self) -> bool:
        """Whether the weights are worth fewer people than a band needs."""
        return self.effective < guard().effective

    @property
    def count(self) -> int:
        """How many readings were weighed."""
        return sum(number for _, number in self.readings)

    @property
    def learned_from(self) -> str:
        """The readings, in words."""
        (name, first), *rest = self.readings
        kinds = "".join(f" and {number} of {other}" for other, number in rest)
        return f"{plural(first, 'reading')} of {name}{kinds} in {plural(self.sessions, 'session')}"

    @property
    def words(self) -> str:
        """What the forecast learned from, and that it stays a population's."""
        if self.refused:
            return self.refused
        if not self.count:
            return "There are no earlier readings to learn from: this is the population's forecast."
        return (
            f"Learned from {self.learned_from}: of {self.people} virtual people those who fit "
            f"them count for more, together as much as {self.effective:.0f} people "
            f"(effective sample size). {STAYS}"
        )


def learn(
    earlier: Sequence[Earlier],
    *,
    drug: str,
    route: str,
    subject: Subject,
    model: str | None = None,
    **asked: Unpack[Asked],
) -> Learned:
    """Weights for the virtual people of `forecast`, by how well each explains earlier readings.

    Sequential importance sampling from the population: each session multiplies the weight of a
    person by the likelihood of its readings. Nobody is drawn anew, so the weights belong to the
    people that `forecast` draws from the same seed.

    Args:
        earlier: this patient's own sessions, in any order; the one under way may be among them.
        drug: as for `forecast`.
        route: as for `forecast`.
        subject: as for `forecast`.
        model: as for `forecast`.
        **asked: as for `forecast`; without `subjects`, 2000 people and if too few fit 6000. The
            forecast must be run with as many `subjects` as `people` says, from the same `seed`.

    Returns:
        Weights of shape `(people,)` and sum 1; none where there is nothing to learn from, and
        none, with the reason, where nobody or too few fit.

    Raises:
        OutsideEnvelope: a reading, dose or patient that is not what anybody means, or outside the
            model's envelope; a level that no model here offers.
        BadFile: a programme that is empty, backwards, overlapping or never ends.

    Source:
        The residual errors and assumptions of `learning/assumptions`, in `assumed` and `sources`.
    """
    told = canonical(earlier)
    readings.check(told)
    models = forecast.choose_all(drug=drug, route=route, model=model)
    tries = (asked["subjects"],) if "subjects" in asked else PEOPLE
    for people in tries:
        asked["subjects"], asked["weights"] = people, None
        run = Run(**asked)
        together = forecast.as_asked(models, subject, run)
        found = weigh(told, Population(together, route, subject, run))
        if not found.too_few:
            break
    return found


def weigh(told: Sequence[Earlier], population: Population) -> Learned:
    """The weights of one population, session after session."""
    run = population.run
    if not run.subjects:
        raise NotAForecast("The typical patient alone cannot be weighted: ask for subjects.")
    evidence, after = Evidence(run.subjects), []
    for session in told:
        forecast.admit(
            population.models,
            route=population.route,
            doses=session.doses,
            subject=population.subject,
            run=run,
        )
        for one in compared(session, population):
            evidence.add(one)
        after.append(effective(evidence.weights))
    return judged(evidence, told, tuple(after))


def canonical(earlier: Sequence[Earlier]) -> list[Earlier]:
    """The sessions that were read, and their readings, in one order whatever order they came in."""
    read = (
        replace(
            one,
            readings=tuple(sorted(one.readings, key=astuple)),
            before=tuple(sorted(one.before, key=astuple)),
        )
        for one in earlier
        if one.readings
    )
    return sorted(read, key=lambda one: (one.session_number, repr(one)))


def judged(evidence: Evidence, told: Sequence[Earlier], after: tuple[float, ...]) -> Learned:
    """The weights, unless nobody fits or too few do."""
    every = list(chain.from_iterable(one.readings for one in told))
    counts = Counter(errors()[one.kind].name for one in every)
    used = [errors()[kind] for kind in dict.fromkeys(sorted(one.kind for one in every))]
    weights = evidence.weights
    found = Learned(
        people=evidence.people,
        sessions=len(told),
        readings=tuple(sorted(counts.items())),
        effective=effective(weights),
        after=after,
        assumed=tuple(one.said for one in used),
        sources=tuple(dict.fromkeys(chain.from_iterable(one.sources for one in used))),
    )
    if not every:
        return found
    refused = refusal(found, evidence)
    return Learned(**{**vars(found), "refused": refused, "weights": None if refused else weights})


def refusal(found: Learned, evidence: Evidence) -> str:
    """Why nothing is learned; empty when the weights can carry a forecast."""
    limits = guard()
    end = "Nothing was learned from them: this is the population's forecast."
    if evidence.squares.min() > largest_misfit(evidence.readings, limits.surprise):
        return (
            f"None of {found.people} virtual people fits {found.learned_from}. {end} Look at the "
            "readings for one that is wrong; if all are right, the model does not fit this patient."
        )
    if found.too_few:
        return (
            f"Too few of {found.people} virtual people fit {found.learned_from}: they are worth "
            f"{found.effective:.0f} (effective sample size), and fewer than "
            f"{limits.effective:.0f} give no honest band. {end}"
        )
    return ""


def plural(number: int, word: str) -> str:
    """`2 readings`, `1 reading`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
