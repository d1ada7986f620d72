"""One course of treatment as the response model sees it, and the scores that follow from it."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.response import dynamics
from ketaflow.pharmacology.response.model import ResponseModel, Setting
from ketaflow.pharmacology.response.people import Draw, People, normal
from ketaflow.refusals import OutsideEnvelope

LONGEST_D = 3650.0


class NotACourse(OutsideEnvelope):
    """Days that are not in order, not numbers, or too far away."""


@dataclass(frozen=True)
class Course:
    """What a group goes through.

    Attributes:
        sessions_d: days of the sessions from the first on; empty for a group without the drug.
        read_d: days on which the score is taken, before any session of that day.
        setting: what people expect and are told.
        antidepressant: whether they also take one: the slow component then lasts longer and
            what helps without the drug fades more slowly when the course ends.
        held_until_d: last day on which the setting itself lasts, where that is later than the
            last session, such as the end of a masked trial of one infusion. Without sessions,
            0 means that it lasts for good.
        drug_share: factor on the drug's largest effect; below 1 for nasal esketamine.
    """

    sessions_d: tuple[float, ...]
    read_d: tuple[float, ...]
    setting: str
    antidepressant: bool = False
    held_until_d: float = 0.0
    drug_share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse days that cannot be meant."""
        for said, days in (("Sessions", self.sessions_d), ("Readings", self.read_d)):
            inside = all(0 <= day <= LONGEST_D for day in days)
            if not inside or any(later <= day for day, later in pairwise(days)):
                raise NotACourse(
                    f"{said} need days in order, each once, from 0 to {LONGEST_D:g} (got "
                    f"{', '.join(f'{day:g}' for day in days)})."
                )
        if not self.read_d:
            raise NotACourse("A course needs at least one day on which the score is taken.")


def expectancy(model: ResponseModel, course: Course, setting: Setting) -> FloatArray:
    """How much of each person's expectancy acts on each day read, shape `(days,)`.

    It comes with the setting's time constant and fades once the course is over, much more slowly in
    those who also take an antidepressant.
    """
    days = np.array(course.read_d)
    share = 1.0 - np.exp(-days / setting.onset_d)
    if course.sessions_d:
        over_d = max(course.sessions_d[-1] + model.fades_after_d, course.held_until_d)
    else:
        over_d = course.held_until_d or math.inf
    since = np.maximum(0.0, days - over_d)
    numbers = model.numbers
    half_life_d = numbers.fading_half_life_d
    if course.antidepressant:
        half_life_d = numbers.fading_with_antidepressant_d
    return np.asarray(share * np.exp2(-since / half_life_d))


def drug_effect(
    model: ResponseModel, course: Course, group: People, *, strength: FloatArray
) -> FloatArray:
    """Share of the score the drug takes away, `f (1 - (1 - w A)(1 - P))`, shape `(n, days)`."""
    numbers = model.numbers
    slower = numbers.with_antidepressant if course.antidepressant else 1.0
    found = dynamics.states(
        dynamics.timeline(course.sessions_d, course.read_d, model.onset_d),
        on_per_d=numbers.slow_on_per_d,
        off_per_d=numbers.fast_off_per_d,
        koff=group.koff * slower,
        strength=strength,
    )
    fast, slow = found[:, :, 0], found[:, :, 1]
    made = 1.0 - (1.0 - numbers.fast_weight * fast) * (1.0 - slow)
    return np.asarray(course.drug_share * group.drug[:, None] * made)


def scores(
    model: ResponseModel,
    course: Course,
    group: People,
    draw: Draw,
    *,
    strength: FloatArray | float = 1.0,
) -> FloatArray:
    """The score of every person on every day read, with the error of each rating.

    Args:
        model: the response model.
        course: sessions, setting, days.
        group: drawn with the same `draw`.
        draw: keys the error of the ratings.
        strength: what one session adds, 0 to 1: 1 for racemic 0.5 mg/kg; shape `(n,)` or one.

    Returns:
        Points, shape `(n, days)`, within the scale.

    Source:
        `M0 (1 - e)(1 - q) + error`: phenomenological, calibrated here; see `library/madrs.toml`.

    Example:
        >>> from ketaflow.pharmacology.response.model import response_model
        >>> from ketaflow.pharmacology.response.people import people
        >>> model, draw = response_model(), Draw(seed=1, chunk=0, count=500)
        >>> six = Course((0, 2, 4, 7, 9, 11), (0, 12), "open label")
        >>> before, after = scores(model, six, people(model, draw), draw).mean(axis=0)
        >>> bool(after < before / 2)
        True
    """
    setting = model.setting(course.setting)
    each = np.broadcast_to(np.asarray(strength, dtype=np.float64), group.koff.shape)
    each = np.ascontiguousarray(each)
    effect = drug_effect(model, course, group, strength=each)
    share = setting.share + model.numbers.expectancy_sd * group.expectancy
    helped = np.clip(share, 0.0, model.expectancy_most)[:, None]
    left = group.baseline[:, None] * (1.0 - effect)
    left = left * (1.0 - helped * expectancy(model, course, setting))
    error = model.score.error_sd * normal(draw, "response ratings", len(course.read_d))
    return np.clip(left + error, 0.0, model.score.most)
