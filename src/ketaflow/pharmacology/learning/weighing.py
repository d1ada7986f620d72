"""How well each virtual person explains what was read, session after session.

Given one virtual person, the readings of a kind in one session are

    y = f (1 + c + b) + a + e

with `f` what the model says, `e` the error of each reading, `a` the error of the session's
baseline, `b` how this session differs from the patient's others, and `c` how the patient differs
from the virtual person for reasons the population does not carry; all normal, `c` the same in all
sessions. None of them is drawn: all four are integrated out exactly, so that a session of many
readings is not taken for as many independent witnesses. A level is off by factors: there `y` and
`f` are logarithms and `b` and `c` are added.
"""

from dataclasses import dataclass, field

import numpy as np

from ketaflow.pharmacology.learning.errors import Error
from ketaflow.pharmacology.population import FloatArray


@dataclass(frozen=True)
class Compared:
    """Readings of one curve in one session beside what every virtual person would have shown.

    `deviation` is read minus expected, `stretch` what a factor on the response would add; both
    shape `(n, m)`, in the unit of the reading, or logarithms.
    """

    error: Error
    noise: float
    deviation: FloatArray
    stretch: FloatArray


@dataclass
class Tally:
    """What all sessions so far say of every person, for one kind of reading."""

    between_people: float
    misfit: FloatArray | float = 0.0
    volume: FloatArray | float = 0.0
    along: FloatArray | float = 0.0
    across: FloatArray | float = 0.0

    def add(self, session: Compared) -> None:
        """Count one session in; sessions are independent but for what the person is like."""
        misfit, along, across, volume = integrated(session)
        self.misfit = self.misfit + misfit
        self.volume = self.volume + volume
        self.along = self.along + along
        self.across = self.across + across

    @property
    def squares(self) -> FloatArray:
        """Squared deviations in units of what the errors allow; chi-square for the right person."""
        variance = self.between_people**2
        return np.asarray(self.misfit - variance * self.along**2 / (1.0 + variance * self.across))

    @property
    def log_weight(self) -> FloatArray:
        """Logarithm of the likelihood of every person, up to what is the same for all."""
        widened = np.log1p(self.between_people**2 * self.across)
        return np.asarray(-0.5 * (self.squares + self.volume + widened))


@dataclass
class Evidence:
    """Everything that was read so far; sequential importance sampling without resampling."""

    people: int
    readings: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)

    def add(self, session: Compared) -> None:
        """Count one kind of readings of one session in."""
        kind = session.error.kind
        self.tallies.setdefault(kind, Tally(session.error.between_people)).add(session)
        self.readings += session.deviation.shape[1]

    @property
    def squares(self) -> FloatArray:
        """The misfit of every person, shape `(n,)`."""
        return sum((one.squares for one in self.tallies.values()), start=np.zeros(self.people))

    @property
    def weights(self) -> FloatArray:
        """The weight of every person, summing to 1; equal while nothing was read."""
        logs = sum((one.log_weight for one in self.tallies.values()), start=np.zeros(self.people))
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())


def integrated(session: Compared) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """One session with the errors of its baseline and of the session itself integrated out.

    The covariance is `noise² I + baseline² 11' + between_sessions² ff'`: two updates of rank one,
    so only inner products are needed (the Sherman-Morrison formula, twice).

    Returns:
        With `S` that covariance: `r'S⁻¹r`, `r'S⁻¹f`, `f'S⁻¹f` and `log det S` up to a constant,
        each of shape `(n,)`.
    """
    read, stretch = session.deviation / session.noise, session.stretch / session.noise
    squares, mixed, size = (read**2).sum(1), (read * stretch).sum(1), (stretch**2).sum(1)
    shifted, drawn = read.sum(1) / session.noise, stretch.sum(1) / session.noise
    shift = session.error.baseline**2
    wide = 1.0 + shift * read.shape[1] / session.noise**2
    squares = squares - shift * shifted**2 / wide
    mixed = mixed - shift * shifted * drawn / wide
    size = size - shift * drawn**2 / wide
    scale = session.error.between_sessions**2
    long = 1.0 + scale * size
    return squares - scale * mixed**2 / long, mixed / long, size / long, np.log(wide * long)


def effective(weights: FloatArray) -> float:
    """How many equally counting people the weights are worth: `1 / sum w²` for weights of sum 1.

    Example:
        >>> effective(np.array([0.25, 0.25, 0.25, 0.25]))
        4.0
    """
    return float(1.0 / (weights**2).sum())


def largest_misfit(readings: int, normal_sds: float) -> float:
    """The chi-square with `readings` degrees of freedom that lies so many normal SDs out.

    By the approximation of Wilson and Hilferty, which is within 3 %.

    Example:
        >>> round(largest_misfit(10, 3.09), 1)
        29.8
    """
    part = 2.0 / (9.0 * readings)
    return float(readings * (1.0 - part + normal_sds * part**0.5) ** 3)
