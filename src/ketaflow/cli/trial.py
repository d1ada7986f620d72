"""`ketaflow trial`: a virtual trial, its arms side by side."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ketaflow.refusals import BadFile

if TYPE_CHECKING:
    from ketaflow.insights.trial.intervals import Estimate
    from ketaflow.insights.trial.report import ArmFound, Findings

_MEASURES = {"cmax": "peak", "auc": "area, whole course,"}
EPILOG = (
    "Example: ketaflow trial rhythm --subjects 500 --plot rhythm.png. TRIAL is a TOML file, or the "
    "name of one that ships with Ketaflow: doses, maintenance, rhythm, six-or-one, vein-or-nose."
)


@dataclass(frozen=True)
class Wanted:
    """The command line."""

    trial: str
    subjects: int | None
    seed: int | None
    workers: int | None
    scheduler: str | None
    plot: Path | None
    show: bool
    as_json: bool


@click.command(epilog=EPILOG)
@click.argument("trial", metavar="TRIAL.toml")
@click.option("--subjects", type=int, help="Virtual people in each arm, instead of the file's.")
@click.option("--seed", type=int, help="Instead of the file's.")
@click.option("--workers", type=int, help="Cores of this machine. [default: all]")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster, such as tcp://host:8786.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw it: F.png or F.svg.")
@click.option("--show", is_flag=True, help="Print the file itself, to start one from it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(**options: Any) -> None:
    """Run a virtual trial: response, remission, relapse, exposure and side effects by arm.

    The answer is the same for any number of workers.
    """
    from ketaflow.insights.trial import running
    from ketaflow.insights.trial.plan import reading
    from ketaflow.insights.trial.report import report

    wanted = Wanted(**options)
    if wanted.scheduler and wanted.workers is not None:
        raise click.UsageError("--workers is for this machine: leave it out with --scheduler.")
    if wanted.plot and wanted.plot.suffix not in (".png", ".svg"):
        raise click.BadParameter("give a name ending in .png or .svg.", param_hint="--plot")
    if wanted.plot and not wanted.plot.parent.is_dir():
        raise _unwritable(wanted.plot, "there is no such folder")
    text = reading.text_of(wanted.trial)
    if wanted.show:
        click.echo(text, nl=False)
        return
    trial = reading.read(text, subjects=wanted.subjects, seed=wanted.seed)
    total = trial.subjects * len(trial.arms)
    with _progress(total) as done:
        tallies = running.run(trial, workers=wanted.workers, scheduler=wanted.scheduler, done=done)
    found = report(trial, tallies)
    if wanted.plot:
        _draw(wanted.plot, found)
    if wanted.as_json:
        from ketaflow.insights.trial.document import document

        click.echo(json.dumps(document(found), allow_nan=False))
        return
    click.echo(_table(found))
    for sentence in found.caveats:
        click.echo(sentence, err=True)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr; where stderr is no terminal, a line for each tenth."""
    if sys.stderr.isatty():
        with click.progressbar(length=total, label="Virtual people", file=sys.stderr) as bar:
            yield bar.update
        return
    done, tenths = 0, 0

    def count(people: int) -> None:
        nonlocal done, tenths
        done += people
        if 10 * done // total > tenths:
            tenths = 10 * done // total
            click.echo(f"Virtual people: {done} of {total}", err=True)

    yield count


def _draw(path: Path, found: "Findings") -> None:
    """Write the picture whole or not at all."""
    from ketaflow.cli.trial_plot import draw

    picture = draw(found, kind=path.suffix[1:])
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(picture)
        beside.replace(path)
    except OSError as wrong:
        beside.unlink(missing_ok=True)
        raise _unwritable(path, wrong.strerror) from None


def _unwritable(path: Path, why: str | None) -> BadFile:
    return BadFile(f"{path} cannot be written: {why}.")


def _table(found: "Findings") -> str:
    """Arms side by side for people."""
    head = ("", *(one.arm.name for one in found.arms))
    columns = [dict(_column(one)) for one in found.arms]
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = [head, *((name, *(column.get(name, "-") for column in columns)) for name in names)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    trial = found.trial
    mark = "EXTRAPOLATED. " if found.extrapolated else ""
    said = (
        f"{mark}{trial.title}. {trial.subjects} virtual people in each arm, {trial.setting.kind}, "
        f"seed {trial.seed}; "
        f"in brackets 95 % intervals of the simulation; for peaks and areas 5-95 % of people, "
        f"{', '.join(dict.fromkeys(one.site for one in found.arms if one.site)) or 'no drug'}."
    )
    model = f"Model: {found.model.name}, {found.model.status}. Sources {', '.join(found.sources)}."
    return "\n".join([said, "", *lines, "", model])


def _column(one: "ArmFound") -> list[tuple[str, str]]:
    """What one arm shows, by row."""
    rows = [
        ("judged on day", f"{one.arm.judged_d:g}"),
        ("response", _share(one.at_judged(one.response))),
        ("remission", _share(one.at_judged(one.remission))),
        ("mean MADRS", _points(one.at_judged(one.mean))),
        (f"response, day {len(one.response) - 1}", _share(one.response[-1])),
        ("responders", str(one.relapse.responders)),
        ("median days to relapse", _days(one.relapse.median_days)),
    ]
    rows += [
        (
            f"{_MEASURES[each.measure]} {each.name}",
            f"{each.median.value:.3g} ({each.p05:.3g} to {each.p95:.3g}) {each.unit}",
        )
        for each in one.exposure
    ]
    rows += [
        (
            f"peak {each.name}, session 1",
            f"{each.median:.3g} ({each.p05:.3g} to {each.p95:.3g}) {each.unit}",
        )
        for each in one.peaks
    ]
    return rows + [(f"{each.said} (published)", _share(each.share)) for each in one.rates]


def _share(one: "Estimate") -> str:
    if one.low is None or one.high is None:
        return "-"
    within = f"{100 * one.low:.0f} to {100 * one.high:.0f} %"
    return within if one.value is None else f"{100 * one.value:.0f} % ({within})"


def _points(one: "Estimate") -> str:
    return f"{one.value:.1f} ({one.low:.1f} to {one.high:.1f})"


def _days(one: "Estimate") -> str:
    if one.value is None:
        return "not reached" if one.low is None else f"not reached (from {one.low:g})"
    high = "open" if one.high is None else f"{one.high:g}"
    return f"{one.value:g} ({one.low:g} to {high})"
