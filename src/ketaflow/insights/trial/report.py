"""What a trial found: arms side by side with their intervals, and what must be said beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ketaflow.insights.trial import adverse, intervals, simulating
from ketaflow.insights.trial.adverse import Peak, Rate
from ketaflow.insights.trial.intervals import Estimate
from ketaflow.insights.trial.plan import reading
from ketaflow.insights.trial.plan.design import Arm, Trial
from ketaflow.insights.trial.summaries import GRAIN, Bins, Counts, Tally, levels, points
from ketaflow.pharmacology import library as kinetics
from ketaflow.pharmacology.response.model import ResponseModel

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
UNITS = {"cmax": "ng/mL", "auc": "ng/mL x h"}
# What no report of a trial may leave out, after the model's own sentences.
CAVEATS = (
    "Intervals hold the chance of drawing these virtual people; that the model itself is wrong is "
    "not in them.",
    "Every arm has the same virtual people, so differences between arms are steadier than the "
    "intervals suggest.",
)


@dataclass(frozen=True)
class Measured:
    """One measure of exposure over the course: quantiles between people."""

    name: str
    measure: str
    unit: str
    median: Estimate
    p05: float
    p95: float


@dataclass(frozen=True)
class Relapse:
    """Relapse among responders, counted from the day the course is judged.

    `free` has the share still without relapse after each visit.
    """

    responders: int
    median_days: Estimate
    visit_days: tuple[float, ...]
    free: tuple[Estimate, ...]


@dataclass(frozen=True)
class ArmFound:
    """One arm's findings; sequences by day run from day 0."""

    arm: Arm
    people: int
    mean: tuple[Estimate, ...]
    quantiles: Mapping[float, tuple[float, ...]]
    response: tuple[Estimate, ...]
    remission: tuple[Estimate, ...]
    relapse: Relapse
    exposure: tuple[Measured, ...]
    peaks: tuple[Peak, ...]
    rates: tuple[Rate, ...]
    site: str

    def at_judged(self, curve: Sequence[Estimate]) -> Estimate:
        """A curve on the day the course is judged."""
        return curve[int(self.arm.judged_d)]


@dataclass(frozen=True)
class Findings:
    """The whole trial; `caveats` belong to every face that shows it."""

    trial: Trial
    arms: tuple[ArmFound, ...]
    model: ResponseModel
    caveats: tuple[str, ...]
    sources: tuple[str, ...]
    extrapolated: tuple[str, ...]


def report(trial: Trial, tallies: Sequence[Tally]) -> Findings:
    """The findings of `trial` from the counts of its arms."""
    model = simulating.fitted(trial)
    found = tuple(arm_found(trial, arm, one) for arm, one in zip(trial.arms, tallies, strict=True))
    acute = [key for arm in found for peak in arm.peaks for key in peak.sources]
    acute += [key for arm in found for rate in arm.rates for key in rate.sources]
    outside = reading.beyond(trial)
    return Findings(
        trial=trial,
        arms=found,
        model=model,
        caveats=(
            *(f"Extrapolated: {one}" for one in outside),
            model.individual,
            *model.notes,
            *CAVEATS,
        ),
        sources=tuple(dict.fromkeys([*model.sources, *acute])),
        extrapolated=outside,
    )


def arm_found(trial: Trial, arm: Arm, tally: Tally) -> ArmFound:
    """One arm's findings from its counts."""
    sums = zip(tally.total.tolist(), tally.square.tolist(), strict=True)
    return ArmFound(
        arm=arm,
        people=tally.people,
        mean=tuple(intervals.mean(one / GRAIN, two / GRAIN**2, tally.people) for one, two in sums),
        quantiles={at: tuple(quantiles(tally.score, points(), at)) for at in QUANTILES},
        response=tuple(intervals.share(int(one), tally.people) for one in tally.response),
        remission=tuple(intervals.share(int(one), tally.people) for one in tally.remission),
        relapse=relapse(trial, arm, tally),
        exposure=tuple(measured(name, counts) for name, counts in tally.exposure.items()),
        peaks=adverse.peaks(
            arm,
            trial.population,
            subjects=trial.subjects,
            seed=trial.seed,
            extrapolate=trial.extrapolate,
        ),
        rates=adverse.rates(arm),
        site=site(arm),
    )


def site(arm: Arm) -> str:
    """Where the levels are sampled; empty without a drug."""
    given = arm.given
    return kinetics.default(drug=given.drug, route=given.route).site if arm.sessions_d else ""


def quantiles(by_day: Counts, bins: Bins, at: float) -> list[float]:
    """One quantile of each day."""
    return [intervals.quantile(counts, bins, at) for counts in by_day]


def relapse(trial: Trial, arm: Arm, tally: Tally) -> Relapse:
    """Relapse among responders."""
    after = tuple(day - arm.judged_d for day in simulating.visits(trial, arm))
    responders = int(tally.judged[0])
    gone = tally.relapse.cumsum()[: len(after)]
    return Relapse(
        responders=responders,
        median_days=intervals.median_time(tally.relapse, after),
        visit_days=after,
        free=tuple(intervals.share(responders - int(one), responders) for one in gone),
    )


def measured(name: str, counts: Counts) -> Measured:
    """One measure of exposure."""
    measure, _, curve = name.partition(" ")
    low, high = (intervals.quantile(counts, levels(), at) for at in (0.05, 0.95))
    return Measured(curve, measure, UNITS[measure], intervals.middle(counts, levels()), low, high)
