"""What may be shown beside one person: a band of people like them, and a sentence, or nothing.

There is no curve here to draw alone. Every point carries its band, an outlook is not made without
the sentence that individuals cannot be predicted, and in words that sentence comes first.
"""

from dataclasses import dataclass, replace

import numpy as np

from ketaflow.pharmacology.response.course import Course, scores
from ketaflow.pharmacology.response.model import ResponseModel
from ketaflow.pharmacology.response.people import Draw, people
from ketaflow.refusals import OutsideEnvelope

LIKE_THEM = 2000
QUANTILES = (0.05, 0.5, 0.95)


class NotAnOutlook(OutsideEnvelope):
    """A score the model does not start from, or an outlook stripped of its band or sentence."""


@dataclass(frozen=True)
class Banded:
    """The score on one day: 9 of 10 people alike lie between `low` and `high`."""

    day: float
    low: float
    middle: float
    high: float

    def __post_init__(self) -> None:
        """Refuse a band that is none."""
        if not self.low < self.middle < self.high:
            raise NotAnOutlook(
                f"Day {self.day:g} has no band ({self.low:g}, {self.middle:g}, {self.high:g}): "
                f"nothing is shown for one person without it."
            )


@dataclass(frozen=True)
class Outlook:
    """People like this one, over the days of a course."""

    points: tuple[Banded, ...]
    caveat: str
    grade: str
    status: str
    notes: tuple[str, ...]
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse an outlook without points or without its sentence."""
        if not self.points or not self.caveat.strip():
            raise NotAnOutlook("Nothing is shown for one person without its band and its caveat.")

    def __str__(self) -> str:
        """The caveat first, then each day with its band."""
        days = (
            f"Day {one.day:g}: {one.low:.0f} to {one.high:.0f}, half below {one.middle:.0f}."
            for one in self.points
        )
        return "\n".join([self.caveat, *days])


def outlook(model: ResponseModel, course: Course, *, baseline: float, seed: int = 0) -> Outlook:
    """The band of people who start at `baseline` and go through `course`.

    Args:
        model: the response model.
        course: sessions, setting and days.
        baseline: MADRS before treatment, points.
        seed: of the people drawn.

    Raises:
        NotAnOutlook: a baseline below what the model was calibrated from, or off the scale.

    Example:
        >>> from ketaflow.pharmacology.response.model import response_model
        >>> six = Course((0, 2, 4, 7, 9, 11), (12,), "open label")
        >>> print(str(outlook(response_model(), six, baseline=30)).split(":")[0])
        Nobody can say how one person will respond
    """
    if not model.score.floor <= baseline <= model.score.most:
        raise NotAnOutlook(
            f"The response model starts from a MADRS of {model.score.floor:g} to "
            f"{model.score.most:g} points, not {baseline:g}."
        )
    draw = Draw(seed, 0, LIKE_THEM)
    alike = people(model, draw, score=replace(model.score, mean=baseline, sd=0.0))
    low, middle, high = np.quantile(scores(model, course, alike, draw), QUANTILES, axis=0).tolist()
    return Outlook(
        points=tuple(map(Banded, course.read_d, low, middle, high)),
        caveat=model.individual,
        grade=model.grade,
        status=model.status,
        notes=model.notes,
        sources=model.sources,
    )
