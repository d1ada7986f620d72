"""A chart as plain values: what is drawn, what is read in its table, and what it says in words."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise

Values = tuple[float | None, ...]


@dataclass(frozen=True)
class Line:
    """One series. `low` and `high` are its 5th and 95th percentile, drawn as a band around it.

    `dots` draws what was measured: points, not joined when there are few.
    """

    label: str
    values: Values
    low: Values = ()
    high: Values = ()
    dots: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened at one moment: a vertical line with a word."""

    at: float
    label: str


@dataclass(frozen=True)
class Level:
    """A horizontal line with a word: a threshold, a cut-off."""

    value: float
    label: str


@dataclass(frozen=True)
class Giving:
    """The drug was or will be given from `start` to `end`: a bar along the foot of the chart."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Chart:
    """A chart over one axis.

    `x` is in minutes when `x_unit` is "min", in seconds since 1970 when it is "time"; every line
    has one value for each. `words` says what the picture shows to someone who does not see it.
    `table_every` thins the table that stands beside it when a forecast has very many points.
    """

    title: str
    x: tuple[float, ...]
    lines: tuple[Line, ...]
    words: str
    x_label: str = "Minutes since start"
    x_unit: str = "min"
    y_label: str = ""
    y_min: float | None = 0
    y_max: float | None = None
    decimals: int = 0
    now: float | None = None
    marks: tuple[Mark, ...] = ()
    levels: tuple[Level, ...] = ()
    giving: tuple[Giving, ...] = ()
    table_every: int = 1

    def __post_init__(self) -> None:
        if any(after <= before for before, after in pairwise(self.x)):
            raise ValueError(f"The moments of '{self.title}' must follow each other.")
        for line in self.lines:
            for values in (line.values, line.low, line.high):
                if values and len(values) != len(self.x):
                    raise ValueError(
                        f"'{line.label}' has {len(values)} values for {len(self.x)} moments."
                    )

    def for_browser(self) -> dict[str, object]:
        """What the drawing script reads."""
        return asdict(self)

    def rows(self) -> Iterator[tuple[float, list[str]]]:
        """The rows of the table: the moment, then what each line says in words."""
        for index in range(0, len(self.x), self.table_every):
            yield self.x[index], [self._cell(line, index) for line in self.lines]

    def _cell(self, line: Line, index: int) -> str:
        value = line.values[index]
        if value is None:
            return "–"
        said = f"{value:.{self.decimals}f}"
        low, high = (band[index] if band else None for band in (line.low, line.high))
        if low is None or high is None:
            return said
        return f"{said} ({low:.{self.decimals}f} to {high:.{self.decimals}f})"
