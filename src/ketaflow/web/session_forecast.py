"""The forecast of one session: what was given, the rest as ordered, and what was measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from math import ceil
from typing import Any

from ketaflow.evidence.sources import Source, cite
from ketaflow.people import queries as people
from ketaflow.people.chart import Kind
from ketaflow.people.registration import age_on
from ketaflow.pharmacology.doses import Dose, Infusion, NasalDose
from ketaflow.pharmacology.forecast import Forecast, Series, Subject, forecast
from ketaflow.refusals import Refused
from ketaflow.schedule.hours import day_of
from ketaflow.session.fold import SessionState
from ketaflow.session.queries import Room
from ketaflow.web.charts import Chart, Giving, Line, Mark, Values
from ketaflow.web.session_learning import NOTHING, Lesson, of_earlier
from ketaflow.web.session_programme import NotForecast, minute_of, programme

WEIGHT = "29463-7"
LEAST_H, MOST_H = 3, 12
PEOPLE = 200
WORTH_A_WORD_MIN = 25
POPULATION = "the population"
LEARNED = "the population weighted by earlier sessions"
SHOWN = (
    # The series to draw, the title, and the vital sign whose change since baseline goes with it.
    (("ketamine, S + R", "esketamine"), "Forecast concentration", ""),
    (("systolic pressure",), "Forecast rise in systolic pressure", "systolic"),
    (("dissociation",), "Forecast dissociation", ""),
)


@dataclass(frozen=True)
class Drawn:
    """The charts, or why there are none; and what they rest on."""

    charts: tuple[Chart, ...] = ()
    refusal: str = ""
    models: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    lesson: Lesson = NOTHING
    alone: bool = False


def draw(room: Room, *, at: datetime, alone: bool = False) -> Drawn:
    """The forecast of this session at `at`; a refusal is a sentence, and the page goes on.

    Over the population's band stands what earlier sessions teach, unless it is wanted `alone`.
    """
    try:
        asked = _asked(room, at)
        found = forecast(**asked)
    except Refused as refusal:
        return Drawn(refusal=str(refusal))
    lesson = NOTHING if alone else of_earlier(room, asked)
    shown = list(_shown(found))
    picture = _Picture(room.state, found, asked["doses"], at, lesson.rise)
    return Drawn(
        charts=tuple(_chart(picture, one, title, sign) for one, title, sign in shown),
        models=found.models,
        evidence=tuple((one.name, one.grade, one.status) for one, _, _ in shown),
        notes=found.notes,
        sources=cite(found.sources),
        lesson=lesson,
        alone=alone,
    )


def _asked(room: Room, at: datetime) -> dict[str, Any]:
    return {
        "drug": room.protocol.drug.value,
        "route": room.protocol.route.value,
        "doses": programme(room.state, at),
        "subject": _subject(room, at),
        "subjects": PEOPLE,
        "hours": _hours(room.state, at),
        "session_number": room.session.number,
    }


def _subject(room: Room, at: datetime) -> Subject:
    patient = room.session.patient
    ordered = room.session.order.get("weight_kg")
    weight = Decimal(ordered) if ordered else _last_weight(room)
    if weight is None:
        raise NotForecast("No forecast: no weight is on record. Note it in the chart.")
    age = age_on(patient.born_on, day_of(at, patient.clinic.zone))
    return Subject(weight_kg=float(weight), age=float(age), sex=patient.sex)


def _last_weight(room: Room) -> Decimal | None:
    row = room.session
    vitals = people.facts(clinic=row.clinic_id, patient=row.patient_id, kind=Kind.VITAL)
    known = (item.value for item in vitals if any(code.code == WEIGHT for code in item.codings))
    return next((value for value in known if value), None)


def _hours(state: SessionState, at: datetime) -> float:
    zero = state.started_at or at
    lasting_min = minute_of(state.ended_at or at, zero)
    return float(min(max(LEAST_H, ceil((lasting_min + 30) / 60)), MOST_H))


def _shown(found: Forecast) -> Iterator[tuple[Series, str, str]]:
    for names, title, sign in SHOWN:
        for one in found.series:
            if one.name in names:
                yield one, title, sign


@dataclass(frozen=True)
class _Picture:
    """What every chart of a session is drawn from."""

    state: SessionState
    found: Forecast
    doses: Sequence[Dose]
    at: datetime
    learned: Series | None

    @property
    def now(self) -> float | None:
        """Minutes since the drug began, while the session lasts and the axis reaches that far."""
        zero = self.state.started_at
        if zero is None or self.state.ended_at:
            return None
        now = minute_of(self.at, zero)
        return now if now <= self.found.time_min[-1] else None


def _chart(picture: _Picture, series: Series, title: str, sign: str) -> Chart:
    zero, axis = picture.state.started_at, picture.found.time_min
    lines = [_line(series.name, series)]
    learned = picture.learned if picture.learned and picture.learned.name == series.name else None
    if learned:
        lines[:] = [_line(POPULATION, series), _line(LEARNED, learned)]
    if sign and zero:
        measured = _measured(picture.state, zero, sign, len(axis))
        lines.append(Line("measured", measured, dots=True))
    return Chart(
        title=title,
        x=axis,
        lines=tuple(lines),
        words=_words(picture, series) + (_learned_words(learned) if learned else ""),
        y_label=series.unit,
        y_min=None if sign else 0,
        decimals=0 if series.unit == "ng/mL" else 1,
        now=picture.now,
        marks=tuple(_marks(picture.state, zero, series.name)) if zero else (),
        giving=tuple(_giving(picture.doses)),
        table_every=10,
    )


def _line(label: str, series: Series) -> Line:
    return Line(label, series.median, series.p05 or (), series.p95 or ())


def _learned_words(learned: Series) -> str:
    top = max(learned.median)
    peak = learned.median.index(top)
    low, high = (band[peak] if band else top for band in (learned.p05, learned.p95))
    return (
        f" Among the people who fit this patient's earlier sessions it peaks at {top:.0f} "
        f"{learned.unit} (5–95 %: {low:.0f} to {high:.0f})."
    )


def _words(picture: _Picture, series: Series) -> str:
    top, now = picture.found.summary[series.name], picture.now
    peak = series.median.index(max(series.median))
    said = f"{series.name[:1].upper()}{series.name[1:]} peaks at {top.cmax:.0f} {series.unit}"
    if series.p05 and series.p95:
        said += f" (5–95 % of people: {series.p05[peak]:.0f} to {series.p95[peak]:.0f})"
    said += f", {top.tmax_min:.0f} min after the start."
    if now is not None:
        said += f" Now: {series.median[round(now)]:.0f} {series.unit}."
    return said


def _measured(state: SessionState, zero: datetime, sign: str, count: int) -> Values:
    before = state.baseline.vitals.measured.get(sign) if state.baseline else None
    found: list[float | None] = [None] * count
    for reading in state.readings:
        value, minute = reading.vitals.measured.get(sign), round(minute_of(reading.at, zero))
        if before is not None and value is not None and 0 <= minute < count:
            found[minute] = float(value - before)
    return tuple(found)


def _marks(state: SessionState, zero: datetime, name: str) -> Iterator[Mark]:
    # The six items are another scale than the forecast's: a word on its chart, no dot.
    scores = state.scores if name == "dissociation" else ()
    for one in scores:
        if one.instrument == "cadss-6" and one.line.at >= zero:
            yield Mark(minute_of(one.line.at, zero), f"CADSS-6 {one.total}")
    for effect in state.side_effects:
        if effect.line.at >= zero:
            yield Mark(minute_of(effect.line.at, zero), effect.effect.replace("-", " "))


def _giving(doses: Sequence[Dose]) -> Iterator[Giving]:
    if isinstance(doses[0], NasalDose):
        for number, one in enumerate(doses):
            if isinstance(one, NasalDose):
                label = "" if number else f"{one.mg:g} mg each"
                yield Giving(one.at_min, one.at_min + 1, label)
    for one, following in pairwise(doses):
        if isinstance(one, Infusion) and one.rate_mg_min:
            # A word wider than its bar would lie on its neighbour's.
            wide = following.at_min - one.at_min >= WORTH_A_WORD_MIN
            label = f"{one.rate_mg_min:g} mg/min" if wide else ""
            yield Giving(one.at_min, following.at_min, label)
