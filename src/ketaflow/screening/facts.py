"""What is known of one patient for screening. What nobody recorded is missing, never absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from ketaflow.people.chart import ChartItem, Kind, ReceivedChart, Sex
from ketaflow.people.registration import age_on
from ketaflow.screening.interview import Answer
from ketaflow.screening.resistance import Trial

CHILDBEARING_KEY = "childbearing_age_to_years"

# LOINC codes (S48) and the UCUM unit in which each vital sign is understood.
VITALS: Mapping[str, tuple[frozenset[str], str]] = {
    "weight_kg": (frozenset({"29463-7"}), "kg"),
    "height_cm": (frozenset({"8302-2"}), "cm"),
    "bmi_kg_m2": (frozenset({"39156-5"}), "kg/m2"),
    "systolic_mmhg": (frozenset({"8480-6"}), "mm[Hg]"),
    "diastolic_mmhg": (frozenset({"8462-4"}), "mm[Hg]"),
    "heart_rate_min": (frozenset({"8867-4"}), "/min"),
    "spo2_percent": (frozenset({"59408-5", "2708-6"}), "%"),
    "respiratory_rate_min": (frozenset({"9279-1"}), "/min"),
}


@dataclass(frozen=True)
class VitalSign:
    """One measured vital sign; `taken_on` is None when nobody wrote the day down."""

    name: str
    value: Decimal
    unit: str
    taken_on: date | None


@dataclass(frozen=True)
class Facts:
    """What is known of one patient.

    `answers` holds what the interview was told, by question key; an unknown answer is not in it.
    `trials` is None until somebody asked for antidepressant trials. `done` is the day on which an
    item of the work-up was done, where the chart does not show it.
    """

    age_years: int | None = None
    sex: Sex = Sex.UNKNOWN
    items: tuple[ChartItem, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    trials: tuple[Trial, ...] | None = None
    done: Mapping[str, date] = field(default_factory=lambda: MappingProxyType({}))

    def answer(self, key: str) -> Answer | None:
        """What was answered to the question `key`; None when it is unknown."""
        return self.answers.get(key)

    def of_kind(self, *kinds: Kind) -> tuple[ChartItem, ...]:
        """The chart's items of `kinds`."""
        return tuple(item for item in self.items if item.kind in kinds)

    def vital(self, name: str) -> VitalSign | None:
        """The latest `name` on the chart in its own unit; an undated one when none is dated."""
        codes, unit = VITALS[name]
        readings = [
            VitalSign(name, item.value, unit, item.started_at.date() if item.started_at else None)
            for item in self.of_kind(Kind.VITAL)
            if item.value is not None
            and item.unit == unit
            and any(coding.code in codes for coding in item.codings)
        ]
        return max(readings, key=lambda one: one.taken_on or date.min, default=None)

    @property
    def bmi_kg_m2(self) -> Decimal | None:
        """Body mass index from weight and height, else as the chart gives it."""
        weight, height = self.vital("weight_kg"), self.vital("height_cm")
        if weight and height and height.value > 0:
            return weight.value / (height.value / 100) ** 2
        recorded = self.vital("bmi_kg_m2")
        return recorded.value if recorded else None

    def could_be_pregnant(self, policy: Mapping[str, Decimal] | None = None) -> bool:
        """Whether pregnancy must be asked about.

        Everybody not recorded as male, up to the age the clinic has set; at every age until it has.
        """
        limit = (policy or {}).get(CHILDBEARING_KEY)
        too_old = limit is not None and self.age_years is not None and self.age_years > limit
        return self.sex is not Sex.MALE and not too_old

    def joined(self, other: "Facts") -> "Facts":
        """These facts with `other`'s added; where both answer a question, `other`'s counts."""
        return replace(
            self,
            age_years=self.age_years if other.age_years is None else other.age_years,
            sex=self.sex if other.sex is Sex.UNKNOWN else other.sex,
            items=self.items + other.items,
            answers=MappingProxyType({**self.answers, **other.answers}),
            trials=self.trials if other.trials is None else (self.trials or ()) + other.trials,
            done=MappingProxyType({**self.done, **other.done}),
        )


def facts_from_chart(
    chart: ReceivedChart,
    *,
    on: date,
    answers: Mapping[str, Answer] | None = None,
    trials: tuple[Trial, ...] | None = None,
) -> Facts:
    """The facts of a received chart, and what was asked besides."""
    born_on = chart.person.born_on
    return Facts(
        age_years=None if born_on is None else age_on(born_on, on),
        sex=chart.person.sex,
        items=chart.items,
        answers=MappingProxyType(dict(answers or {})),
        trials=trials,
    )
